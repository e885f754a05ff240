"""Fitting device cards by least squares with identifiability: to measurements, or to the paper's figures of merit."""

from spicegen.fit.card import card_name
from spicegen.fit.from_paper import FitReport, PaperFit, fit_paper, paper_fit
from spicegen.fit.measured_report import (
    FILE_HEAD,
    MODEL_HEAD,
    FitTask,
    MeasuredReport,
    fit_measurements,
    fit_task,
)
from spicegen.fit.parameters import HEAD, parameter_rows

__all__ = [
    "FILE_HEAD",
    "HEAD",
    "MODEL_HEAD",
    "FitReport",
    "FitTask",
    "MeasuredReport",
    "PaperFit",
    "card_name",
    "fit_measurements",
    "fit_paper",
    "fit_task",
    "paper_fit",
    "parameter_rows",
]
