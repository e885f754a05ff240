"""Figures of merit of retention, with confidence intervals by bootstrap of residuals.

At each temperature two laws are fitted by least squares: an exponential relaxation to a plateau, and a power law.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from models_va.errors import InputError
from spicegen.measurements import Retention
from spicegen.metrics._bootstrap import RESAMPLES, Samples
from spicegen.metrics._fitting import least_squares
from spicegen.metrics.metric import Metric, Statistic

Array = NDArray[np.float64]
TEN_YEARS_S = 10 * 365.25 * 86400
_FEWEST = 5
_TAU_STARTS = 7
_AT_ONCE = 300_000
_PREFERRED = "the law that AICc prefers"
_MOST_PLATEAU, _MOST_POWER = np.array([10.0, 10.0, 60.0]), np.array([10.0, 10.0])


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Samples of the relaxation at one temperature.

    Attributes:
        temperature_k: temperature of the device, K.
        time_s, g_siemens: measured times (s) and conductances (S), shape (n,).
        fitted: parameters (G_0 in S, G_inf in S, ln(tau / s)) of G = G_inf + (G_0 - G_inf) exp(-t / tau), shape
            (rows, 3).
        drift: parameters (G at 1 s in S, nu) of G = G_1 t^-nu, shape (rows, 2).
        by_power: whether AICc prefers that power law, shape (rows,).
    """

    temperature_k: float
    time_s: Array
    g_siemens: Array
    fitted: Array
    drift: Array
    by_power: NDArray[np.bool_]

    def curve(self, time_s: Array) -> Array:
        """Conductance by the preferred law at times above 0, shape (times,), s: shape (rows, times), S."""
        return np.where(self.by_power[:, None], _drifting(time_s, self.drift), _relaxing(time_s, self.fitted))

    @property
    def shows_tau(self) -> bool:
        """Whether tau is within the times that were measured."""
        later = self.time_s[self.time_s > 0]
        return bool(later.min() <= np.exp(self.fitted[0, 2]) <= later.max())

    def loss(self, until_s: float) -> Array:
        """Share of the conductance at the first time above 0 that is gone at ``until_s``, shape (rows,)."""
        ends = self.curve(np.array([self.time_s[self.time_s > 0].min(), until_s]))
        # what is still falling fast extrapolates to below 0, where no conductance is
        return np.asarray(1 - np.maximum(ends[:, 1], 0.0) / ends[:, 0])


def relaxations(measured: Retention, seed: int) -> tuple[list[Relaxation], Samples]:
    """Fit the relaxation at each temperature, the lowest first, in every sample of a bootstrap.

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
    return found, Samples((one := np.ones((1 + RESAMPLES, 1)),), (one - 1,), 0, means_simulated=True)


def measure(found: Sequence[Relaxation], samples: Samples) -> list[Metric]:
    """Compute every figure of merit of retention: at each temperature, then over temperatures."""
    metrics: list[Metric] = []
    for relaxation in found:
        suffix = f"_{relaxation.temperature_k:g}k" if len(found) > 1 else ""
        law = f"the {'power law' if relaxation.by_power[0] else 'exponential relaxation'}, which AICc prefers"
        for metric in (s.evaluate(relaxation, samples, suffix) for s in _AT_ONE):
            metrics.append(replace(metric, definition=metric.definition.replace(_PREFERRED, law)))
    if len(found) > 1:
        metrics.append(Statistic("activation_energy", "eV", activation_energy).evaluate(found, samples))
    return metrics


def _relaxing(time_s: Array, p: Array) -> Array:
    return np.asarray(p[:, 1:2] + (p[:, :1] - p[:, 1:2]) * np.exp(-time_s * np.exp(-p[:, 2:])))


def _drifting(time_s: Array, p: Array) -> Array:
    return np.asarray(p[:, :1] * time_s ** -p[:, 1:])


def _relaxation(temperature_k: float, time_s: Array, g: Array, rng: np.random.Generator) -> Relaxation:
    unit, later = float(np.abs(g).max()), time_s > 0
    centre = float(np.exp(np.log(time_s[later]).mean()))  # value there and exponent of a power law do not correlate
    t, y = time_s / centre, g / unit
    starts = np.log(np.geomspace(t[later].min(), 10 * t.max(), _TAU_STARTS))
    tries = np.array([[y[0], y[-1], start] for start in starts])
    plateaus, powers = _fit_both(t, np.tile(y, (_TAU_STARTS, 1)), tries, np.array([[y.mean(), 0.0]]))
    best = int(np.argmin(((_relaxing(t, plateaus) - y) ** 2).sum(axis=1)))
    plateau, power = plateaus[best : best + 1], powers[best : best + 1]
    relaxing = _relaxing(t, plateau)[0]
    drifting = relaxing.copy()  # a power law has no value at time 0
    drifting[later] = _drifting(t[later], power)[0]
    found = [(plateau, power, _prefers_power(t, y[None], plateau, power))]
    draws = (_drawn(law, (y - law) * np.sqrt(len(g) / (len(g) - k)), rng) for law, k in ((relaxing, 3), (drifting, 2)))
    for of_plateau, of_power in zip(*draws, strict=True):
        # each law by what it leaves itself; which is nearer by what the nearer one leaves
        one, other = (_fit_both(t, drawn, plateau, power) for drawn in (of_plateau, of_power))
        judged = (of_power, *other) if found[0][2][0] else (of_plateau, *one)
        found.append((one[0], other[1], _prefers_power(t, *judged)))
    plateaus = np.concatenate([f[0] for f in found]) * [unit, unit, 1.0] + [0.0, 0.0, np.log(centre)]
    powers = np.concatenate([f[1] for f in found])
    powers[:, 0] *= unit * centre ** powers[:, 1]
    return Relaxation(temperature_k, time_s, g, plateaus, powers, np.concatenate([f[2] for f in found]))


def _fit_both(t: Array, y: Array, plateau: Array, power: Array) -> tuple[Array, Array]:
    """Fit both laws by least squares to every row of ``y``, each from one start or from one for each row."""
    later, n = t > 0, len(y)
    return (
        least_squares(lambda p: _relaxing(t, p), np.broadcast_to(plateau, (n, 3)), y, _MOST_PLATEAU),
        least_squares(lambda p: _drifting(t[later], p), np.broadcast_to(power, (n, 2)), y[:, later], _MOST_POWER),
    )


def _prefers_power(t: Array, y: Array, plateau: Array, power: Array) -> NDArray[np.bool_]:
    """Mask of shape (rows,): which rows of ``y`` the power law meets better by AICc.

    Time 0, of which a power law says nothing, does not count.
    """
    t, y = t[t > 0], y[:, t > 0]
    return np.asarray(_aicc(_drifting(t, power) - y, 2) < _aicc(_relaxing(t, plateau) - y, 3))


def _aicc(misfit: Array, parameters: int) -> Array:
    """Corrected Akaike criterion of a least-squares fit, one value per row of ``misfit`` (rows, points).

    The noise variance counts as a parameter.

    Source: Hurvich and Tsai, Biometrika 76, 297 (1989).
    """
    n, k = misfit.shape[1], parameters + 1
    if n <= k + 1:
        return np.full(len(misfit), np.inf)
    mean = np.maximum((misfit**2).mean(axis=1), np.finfo(np.float64).tiny)
    return np.asarray(n * np.log(mean) + 2 * k * n / (n - k - 1))


def _drawn(curve: Array, residual: Array, rng: np.random.Generator) -> Iterator[Array]:
    """Draw resamples of a curve with its residuals, shape (rows, points), S, a part of the rows at a time."""
    for rows in np.array_split(np.arange(RESAMPLES), -(-RESAMPLES * len(curve) // _AT_ONCE)):
        yield curve + rng.choice(residual, (len(rows), len(curve)))


def decay_time(relaxation: Relaxation) -> Array:
    """Time constant tau of G = G_inf + (G_0 - G_inf) exp(-t / tau), all three by least squares.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), figure 3.
    """
    return np.asarray(np.exp(relaxation.fitted[:, 2]))


def loss_measured(relaxation: Relaxation) -> Array:
    """Part of the first conductance that is gone at the last time, by the law that AICc prefers.

    First is the first time above 0. Each sample of the interval takes the law that it prefers. Source: arithmetic.
    """
    return relaxation.loss(float(relaxation.time_s.max()))


def drift_exponent(relaxation: Relaxation) -> Array:
    """Exponent nu of G = G_1 t^-nu, both by least squares, times above 0.

    Source: the power law usual for phase-change memories.
    """
    return relaxation.drift[:, 1]


def loss_ten_years(relaxation: Relaxation) -> Array:
    """Part of the first conductance that would be gone after ten years, by the law that AICc prefers.

    Extrapolated, as loss_measured. Source: as decay_time or drift_exponent.
    """
    return relaxation.loss(TEN_YEARS_S)


def activation_energy(found: Sequence[Relaxation]) -> Array:
    """Activation energy E of tau = tau_0 exp(E / (k T)), by least squares of ln tau against 1 / (k T).

    Of temperatures whose tau is within the times measured: what is shorter or longer is another process, or a guess.
    Source: Arrhenius, Z. phys. Chem. 4, 226 (1889).
    """
    seen = [r for r in found if r.shows_tau]
    if len(seen) < 2:
        return np.full(len(found[0].fitted), np.nan)
    x = np.array([elementary_charge / (Boltzmann * r.temperature_k) for r in seen])
    log_tau = np.stack([r.fitted[:, 2] for r in seen], axis=1)
    return np.asarray(log_tau @ (x - x.mean()) / np.sum((x - x.mean()) ** 2))


_AT_ONE = (
    Statistic("decay_time", "s", decay_time),
    Statistic("loss_measured", "1", loss_measured),
    Statistic("drift_exponent", "1", drift_exponent),
    Statistic("loss_ten_years", "1", loss_ten_years),
)
