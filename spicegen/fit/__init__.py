"""Fitting device cards by least squares with identifiability, to measurements of any device."""

from spicegen.fit.measurements import fit_measurements
from spicegen.fit.result.card import card_name
from spicegen.fit.result.parameters import HEAD, parameter_rows
from spicegen.fit.result.report import FILE_HEAD, MODEL_HEAD, MeasuredReport
from spicegen.fit.task import FitTask, fit_task

__all__ = [
    "FILE_HEAD",
    "HEAD",
    "MODEL_HEAD",
    "FitTask",
    "MeasuredReport",
    "card_name",
    "fit_measurements",
    "fit_task",
    "parameter_rows",
]
