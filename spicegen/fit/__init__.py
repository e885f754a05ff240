"""Fitting device cards: least squares with identifiability, and the paper's figures of merit as its data."""

from spicegen.fit._fit import HEAD, FitReport, PaperFit, fit_paper, paper_fit

__all__ = ["HEAD", "FitReport", "PaperFit", "fit_paper", "paper_fit"]
