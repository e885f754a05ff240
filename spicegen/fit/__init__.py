"""Fitting device cards by least squares with identifiability: to measurements, or to the paper's figures of merit."""

from spicegen.fit.from_paper import FitReport, PaperFit, fit_paper, paper_fit
from spicegen.fit.parameters import HEAD, parameter_rows

__all__ = ["HEAD", "FitReport", "PaperFit", "fit_paper", "paper_fit", "parameter_rows"]
