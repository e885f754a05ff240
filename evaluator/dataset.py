"""The old place of ``evaluator.data``."""

from evaluator.data import Dataset, load_dataset

__all__ = ["Dataset", "load_dataset"]
