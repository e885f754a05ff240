"""The whole way from measurements to a card: every model fitted to them, the best one's card."""

from __future__ import annotations

from spicegen.fit.model_fit import fit_model
from spicegen.fit.result.report import MeasuredReport
from spicegen.fit.task import FitTask


def fit_measurements(task: FitTask, name: str) -> MeasuredReport:
    """Fit every model to the measurements; the card is of the model with the lowest AICc.

    Args:
        task: the models and the measurements to fit.
        name: name of the card.

    Raises:
        InputError: a fit is impossible, see ``fit_model``.
    """
    fits = [fit_model(model, task.measurements, task.held[model], task.seed) for model in task.models]
    return MeasuredReport.of(task, fits, name)
