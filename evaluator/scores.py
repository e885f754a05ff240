"""Scores: accuracy, its confidence interval, the error of a layer's outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluator.layer import Array


def top_k_accuracy(logits: Array, labels: NDArray[np.int64], k: int = 1) -> float:
    """Share of images whose label is among the k largest logits.

    Args:
        logits: shape (n, classes).
        labels: shape (n,).
        k: at most the number of classes. Of equal logits the first class comes first.

    """
    best = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float(np.mean(np.any(best == labels[:, None], axis=1)))


def mean_interval(accuracies: Sequence[float], confidence: float = 0.95) -> tuple[float, float] | None:
    """Student-t interval of the mean over independent programmings, clipped to [0, 1]; None for a single one.

    It says how well the trials fix the mean on these very images, not how well the images stand for others.
    """
    n = len(accuracies)
    if n < 2:
        return None
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * float(np.std(accuracies, ddof=1)) / math.sqrt(n)
    mean = float(np.mean(accuracies))
    return max(mean - half, 0.0), min(mean + half, 1.0)


def relative_output_error(effective: Array, weights: Array, vectors: NDArray[Any]) -> float:
    """||(W_eff - W) x|| / ||W x|| over all vectors; NaN if the layer's output is zero but the error is not.

    Args:
        effective: weights that the arrays have in effect, shape (..., outputs, inputs).
        weights: the wanted ones, same shape.
        vectors: the inputs x, shape (..., vectors, inputs).

    """
    error = float(np.linalg.norm(vectors @ (effective - weights).swapaxes(-1, -2)))
    size = float(np.linalg.norm(vectors @ weights.swapaxes(-1, -2)))
    return error / size if size > 0 else (0.0 if error == 0 else math.nan)


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of images: label first among the logits, and among the first five (None up to ten classes)."""

    top1: float
    top5: float | None


def score(logits: Array, labels: NDArray[np.int64]) -> Score:
    """Top-1 and, with more than ten classes, top-5 accuracy; arguments as for ``top_k_accuracy``."""
    top5 = top_k_accuracy(logits, labels, 5) if logits.shape[1] > 10 else None
    return Score(top_k_accuracy(logits, labels), top5)
