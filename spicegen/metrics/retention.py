"""Figures of merit of retention, with confidence intervals by bootstrap of residuals.

At each temperature the conductance relaxes as G = G_inf + (G_0 - G_inf) exp(-t / tau), by least squares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from models_va.errors import InputError
from spicegen.measurements import Retention
from spicegen.metrics._bootstrap import RESAMPLES, Samples
from spicegen.metrics._fitting import least_squares
from spicegen.metrics.report import Metric, Statistic

Array = NDArray[np.float64]
TEN_YEARS_S = 10 * 365.25 * 86400
_FEWEST = 5
_TAU_STARTS = 7
_AT_ONCE = 300_000


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Samples of the relaxation at one temperature.

    Attributes:
        temperature_k: K.
        time_s, g_siemens: as measured, shape (n,), s, S.
        fitted: (G_0 in S, G_inf in S, ln(tau / s)), shape (rows, 3).
        drift: exponent nu of G = G_1 t^-nu, by least squares of ln G, shape (rows,); NaN where G is not positive.
    """

    temperature_k: float
    time_s: Array
    g_siemens: Array
    fitted: Array
    drift: Array

    def curve(self, time_s: Array) -> Array:
        """Conductance at times, shape (rows, times), S."""
        return _relaxing(time_s, self.fitted)


def relaxations(measured: Retention, seed: int) -> tuple[list[Relaxation], Samples]:
    """The relaxation at each temperature, rising.

    Raises:
        InputError: no temperature has five points.
    """
    rng = np.random.default_rng(seed)
    found = []
    for temperature in np.unique(measured.temperature_k):
        here = measured.temperature_k == temperature
        if here.sum() >= _FEWEST:
            found.append(_relaxation(float(temperature), measured.time_s[here], measured.g_siemens[here], rng))
    if not found:
        raise InputError(f"{measured.origin.path}: no temperature has {_FEWEST} conductances: retention needs as many")
    return found, Samples((one := np.ones((1 + RESAMPLES, 1)),), (one - 1,), 0)


def measure(found: Sequence[Relaxation], samples: Samples) -> list[Metric]:
    """Every figure of merit: at each temperature, then over temperatures."""
    metrics = []
    for relaxation in found:
        suffix = f"_{relaxation.temperature_k:g}k" if len(found) > 1 else ""
        metrics += [s.evaluate(relaxation, samples, suffix) for s in _AT_ONE]
    if len(found) > 1:
        metrics.append(Statistic("activation_energy", "eV", activation_energy).evaluate(found, samples))
    return metrics


def _relaxing(time_s: Array, p: Array) -> Array:
    return np.asarray(p[:, 1:2] + (p[:, :1] - p[:, 1:2]) * np.exp(-time_s * np.exp(-p[:, 2:])))


def _relaxation(temperature_k: float, time_s: Array, g: Array, rng: np.random.Generator) -> Relaxation:
    unit, span = float(np.abs(g).max()), float(time_s.max())
    first = span / 1e4 if not np.any(time_s > 0) else float(time_s[time_s > 0].min())
    bounds = np.array([10.0, 10.0, 60.0])
    starts = np.log(np.geomspace(first, 10 * span, _TAU_STARTS))
    tries = np.array([[g[0] / unit, g[-1] / unit, start] for start in starts])
    y = np.tile(g / unit, (_TAU_STARTS, 1))
    fits = least_squares(lambda p: _relaxing(time_s, p), tries, y, bounds)
    best = fits[np.argmin(((_relaxing(time_s, fits) - y) ** 2).sum(axis=1))]
    smooth = _relaxing(time_s, best[None])[0]
    residual = (g / unit - smooth) * np.sqrt(len(g) / (len(g) - 3))
    refitted = [
        least_squares(lambda p: _relaxing(time_s, p), np.tile(best, (len(drawn), 1)), drawn, bounds)
        for drawn in _drawn(smooth, residual, rng)
    ]
    fitted = np.concatenate([best[None], *refitted])
    scale = np.array([unit, unit, 1.0])
    return Relaxation(temperature_k, time_s, g, fitted * scale, _drift(time_s, g, rng))


def _drift(time_s: Array, g: Array, rng: np.random.Generator) -> Array:
    later = time_s > 0
    if later.sum() < _FEWEST or not np.all(g[later] > 0):
        return np.full(1 + RESAMPLES, np.nan)
    x, y = np.log(time_s[later]), np.log(g[later])
    x -= x.mean()
    slope = x @ y / (x @ x)
    line = y.mean() + slope * x
    residual = (y - line) * np.sqrt(len(y) / (len(y) - 2))
    return -np.concatenate([[slope], *(drawn @ x / (x @ x) for drawn in _drawn(line, residual, rng))])


def _drawn(curve: Array, residual: Array, rng: np.random.Generator) -> Iterator[Array]:
    """The resamples, shape (rows, points), some at a time so that not too much is in memory."""
    for rows in np.array_split(np.arange(RESAMPLES), -(-RESAMPLES * len(curve) // _AT_ONCE)):
        yield curve + rng.choice(residual, (len(rows), len(curve)))


def decay_time(relaxation: Relaxation) -> Array:
    """Time constant tau of G = G_inf + (G_0 - G_inf) exp(-t / tau), all three by least squares.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), figure 3.
    """
    return np.asarray(np.exp(relaxation.fitted[:, 2]))


def loss_measured(relaxation: Relaxation) -> Array:
    """Part of the first conductance that is gone at the last time, by that fit.

    Source: arithmetic.
    """
    ends = relaxation.curve(relaxation.time_s[[0, -1]])
    return np.asarray(1 - ends[:, 1] / ends[:, 0])


def drift_exponent(relaxation: Relaxation) -> Array:
    """Exponent nu of G = G_1 t^-nu, by least squares of ln G against ln t.

    Source: the power law usual for phase-change memories.
    """
    return relaxation.drift


def loss_ten_years(relaxation: Relaxation) -> Array:
    """Part of the first conductance that would be gone after ten years, extrapolated by the drift exponent.

    Source: as drift_exponent.
    """
    first = relaxation.time_s[relaxation.time_s > 0].min(initial=TEN_YEARS_S)
    return np.asarray(1 - (TEN_YEARS_S / first) ** -relaxation.drift)


def activation_energy(found: Sequence[Relaxation]) -> Array:
    """Activation energy E of tau = tau_0 exp(E / (k T)), by least squares of ln tau against 1 / (k T).

    Source: Arrhenius, Z. phys. Chem. 4, 226 (1889).
    """
    x = np.array([elementary_charge / (Boltzmann * r.temperature_k) for r in found])
    log_tau = np.stack([r.fitted[:, 2] for r in found], axis=1)
    return np.asarray(log_tau @ (x - x.mean()) / np.sum((x - x.mean()) ** 2))


_AT_ONE = (
    Statistic("decay_time", "s", decay_time),
    Statistic("loss_measured", "1", loss_measured),
    Statistic("drift_exponent", "1", drift_exponent),
    Statistic("loss_ten_years", "1", loss_ten_years),
)
