"""Training on the device: networks that learn by updates of the devices on their arrays.

::

    TrainConfig (config.py), labelled data (evaluator.data), a card
    -> steps of the device, as two update tables on one grid (device_steps.py)
    -> samples forward, backward, updates in compiled code (kernel.py, random_bits.py)
    -> runs, one a seed, with the same network in floating point beside each (run.py)
    -> TrainResult, accuracy after a rest, trained.onnx and conductances.npz (train.py, result.py, export.py)
"""

from evaluator.training.config import TrainConfig, read_train_config
from evaluator.training.result import TrainResult
from evaluator.training.train import train

__all__ = ["TrainConfig", "TrainResult", "read_train_config", "train"]
