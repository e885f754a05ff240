"""Data sets: a file or folder -> format -> preparation -> labelled images, checked before anything is computed.

::

    path, or a description of it (YAML)          description.py
    -> recognise the format                      formats/ (one file each, one registry)
    -> the first images and labels as stored     formats/
    -> size, channels, scale, mean and std       prepare.py
    -> Dataset                                   dataset.py
"""

from evaluator.data.dataset import Dataset
from evaluator.data.description import DatasetDescription
from evaluator.data.load import load_calibration, load_dataset

__all__ = ["Dataset", "DatasetDescription", "load_calibration", "load_dataset"]
