"""Scores: accuracy, its confidence interval, the error of a layer's outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from evaluator.network.layer import Array

_FEWEST = 3
"""Fewest values that an interval is given for: half of the interval of two values is 9 standard deviations."""
_ROUNDING = 1e-12
"""Range of accuracies below which they count as equal."""


def top_k_accuracy(logits: Array, labels: NDArray[np.int64], k: int = 1) -> float:
    """Share of images whose label is among the k largest logits.

    Args:
        logits: shape (n, classes).
        labels: shape (n,).
        k: number of largest logits, at most that of classes. Of equal logits the first class comes first.

    """
    best = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float(np.mean(np.any(best == labels[:, None], axis=1)))


def mean_interval(accuracies: Sequence[float]) -> tuple[float, float] | None:
    """95 % Student-t interval of the mean over independent programmings, clipped to [0, 1]; None as ``half_width``.

    It says how well the trials fix the mean on these very images, not how well the images stand for others.
    """
    half = half_width(accuracies)
    if half is None:
        return None
    mean = float(np.mean(accuracies))
    return max(mean - half, 0.0), min(mean + half, 1.0)


def half_width(values: Sequence[float]) -> float | None:
    """Half of the 95 % Student-t interval of the mean; None for fewer than three values, or equal ones."""
    n = len(values)
    if n < _FEWEST or max(values) - min(values) < _ROUNDING:
        return None
    return float(stdtrit(n - 1, 0.975)) * float(np.std(values, ddof=1)) / math.sqrt(n)


def image_interval(accuracy: float, n_images: int) -> tuple[float, float]:
    """95 % interval of an accuracy over other images like these, whose hits are binomial.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
    """
    z2 = float(ndtri(0.975)) ** 2 / n_images
    middle = (accuracy + z2 / 2) / (1 + z2)
    half = math.sqrt(z2 * accuracy * (1 - accuracy) + z2**2 / 4) / (1 + z2)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def paired_difference(first: Sequence[float], second: Sequence[float]) -> tuple[float, tuple[float, float] | None]:
    """Mean of second - first, trial by trial with the same random numbers, and its 95 % Student-t interval.

    The interval is None where ``half_width`` is. What both have in common cancels: it is narrower than the two
    intervals of the means would say.
    """
    differences = [b - a for a, b in zip(first, second, strict=True)]
    mean, half = float(np.mean(differences)), half_width(differences)
    return mean, None if half is None else (mean - half, mean + half)


def relative_output_error(effective: Array, weights: Array, vectors: NDArray[Any]) -> float:
    """||(W_eff - W) x|| / ||W x|| over all vectors; NaN if the layer's output is zero but the error is not.

    Args:
        effective: weights that the arrays have in effect, shape (..., outputs, inputs).
        weights: wanted weights, same shape.
        vectors: input vectors x, shape (..., vectors, inputs).

    """
    wanted = vectors @ weights.swapaxes(-1, -2)
    return _relative(vectors @ (effective - weights).swapaxes(-1, -2), wanted)


def relative_difference(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    """||found - wanted|| / ||wanted|| of two tensors; NaN if only the wanted one is zero."""
    return _relative(found.astype(np.float64) - wanted, wanted)


def _relative(error: NDArray[Any], wanted: NDArray[Any]) -> float:
    """||error|| / ||wanted||; 0 if both are zero, NaN if only the second one is."""
    missing, size = float(np.linalg.norm(error)), float(np.linalg.norm(wanted))
    return missing / size if size > 0 else (0.0 if missing == 0 else math.nan)


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of images: label first among the logits, and among the first five (None up to ten classes)."""

    top1: float
    top5: float | None


def score(logits: Array, labels: NDArray[np.int64]) -> Score:
    """Top-1 and, with more than ten classes, top-5 accuracy; arguments as for ``top_k_accuracy``."""
    top5 = top_k_accuracy(logits, labels, 5) if logits.shape[1] > 10 else None
    return Score(top_k_accuracy(logits, labels), top5)
