"""ONNX networks onto simulated arrays: mapping, tiles, accuracy, reports.

``evaluate`` and ``Report`` are imported on first use: onnxruntime takes a while to load, which
``spicegen --help`` need not wait for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaluator.evaluation.evaluate import evaluate
    from evaluator.evaluation.report import Report

__all__ = ["Report", "evaluate"]

_HOMES = {"evaluate": "evaluator.evaluation.evaluate", "Report": "evaluator.evaluation.report"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
