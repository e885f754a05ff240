"""Transients of wires and devices together: an implicit Runge-Kutta method, device states eliminated cell by cell.

Method: ESDIRK4(3)6L[2]SA (Kennedy and Carpenter, NASA/TM-2016-219173), stiffly accurate and L-stable, order 4
with an embedded error estimate of order 3. Kirchhoff's law holds at every stage; the charges of the wires'
capacitors are integrated with the states. The method is for wires that do not settle at once
(``waveform_relaxation`` is for those that do).
In each Newton step a cell's states are eliminated exactly (k x k), which leaves one equation a node.
Steps end at every point of every waveform, so sources are linear within a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from netlists import Circuit, Transient
from spicegen.printers.numpy_model import Evaluation
from spicegen.simulate.base import SimulationError
from spicegen.simulate.native.operating_point import operating_point
from spicegen.simulate.native.system import Array, SourceVoltages, System
from spicegen.simulate.native.tableau import (
    EMBEDDED,
    GAMMA,
    MAX_NEWTON,
    NEWTON_TOLERANCE,
    NODES,
    SHORTEST,
    STAGES,
    STATE_FLOOR,
)
from spicegen.simulate.native.trace import Trace

_LEAST_VOLT = 1e-3
"""Voltage that tolerances are at least relative to, where no source is higher, V."""


class _NoConvergenceError(Exception):
    """Newton's method did not converge at a stage; the step is then halved."""


@dataclass
class _Point:
    """The circuit at one time: voltages, states, rates, and the currents that charge the unknown nodes' capacitors."""

    v: Array
    x: list[Array]
    rate: list[Array]
    charging: Array


def transient(circuit: Circuit, system: System, stimulus: Transient) -> Trace:
    """Integrate from the operating point at t = 0.

    Raises:
        SimulationError: the error tolerance cannot be met.
    """
    return _Integrator(circuit, system, stimulus).run()


class _Integrator:
    def __init__(self, circuit: Circuit, system: System, stimulus: Transient) -> None:
        self.system, self.stop, self.rel_tol = system, stimulus.stop_s, stimulus.rel_tol
        self.sources = SourceVoltages(circuit.sources)
        self.points = self.sources.points(stimulus).tolist()
        self.capacitance = system.capacitance_farad
        self.charged = self.capacitance > 0
        self.trace = Trace()

    def run(self) -> Trace:
        states = [g.initial.copy() for g in self.system.groups]
        v, _ = operating_point(self.system, self.sources.at(0.0), states)
        point = _Point(v, states, self._rates(v, states), np.zeros(self.system.unknown))
        self._record(0.0, point)
        step = self.points[1]
        for start, end in pairwise(self.points):
            step = min(step, end - start)
            point, step = self._segment(start, end, point, step)
        return self.trace

    def _segment(self, start: float, end: float, point: _Point, step: float) -> tuple[_Point, float]:
        """Integrate from one given point to the next; returns the last point and the step to try next, s."""
        time = start
        while time < end:
            remaining = end - time
            step = remaining if step > 0.999 * remaining else min(step, remaining / 2)
            taken, error = self._try(time, step, point)
            if taken is not None and error <= 1:
                time = end if step == remaining else time + step
                point = taken
                self._record(time, point)
            elif step < SHORTEST * self.stop:
                raise SimulationError("native", f"step too small at {time:g} s: the tolerance cannot be met")
            step *= min(5.0, max(0.2, 0.9 * max(error, 1e-8) ** -0.25))
        return point, step

    def _try(self, time: float, step: float, point: _Point) -> tuple[_Point | None, float]:
        """Try one step: returns the new point and its error in units of the tolerance."""
        slopes, currents = [point.rate], [point.charging]
        charge = self.capacitance * point.v[: self.system.unknown]
        stage = point
        try:
            for i in range(1, len(NODES)):
                base = [x + step * sum(STAGES[i, j] * slopes[j][g] for j in range(i)) for g, x in enumerate(point.x)]
                charged = charge + step * sum(STAGES[i, j] * currents[j] for j in range(i))
                stage = self._stage(self.sources.at(time + NODES[i] * step), step * GAMMA, base, charged, stage)
                slopes.append(stage.rate)
                currents.append(stage.charging)
        except _NoConvergenceError:
            return None, 1e4
        error = 0.0
        for g, x in enumerate(stage.x):
            estimate = step * sum((STAGES[-1, j] - EMBEDDED[j]) * slopes[j][g] for j in range(len(NODES)))
            error = max(error, float(np.max(np.abs(estimate) / self._scale(x), initial=0.0)))
        estimate = step * sum((STAGES[-1, j] - EMBEDDED[j]) * currents[j] for j in range(len(NODES)))
        volts = np.abs(estimate[self.charged]) / self.capacitance[self.charged]
        scale = self.rel_tol * max(self.sources.largest_volt, _LEAST_VOLT)
        return stage, max(error, float(np.max(volts, initial=0.0)) / scale)

    def _stage(self, driven: Array, h: float, base: list[Array], charge: Array, guess: _Point) -> _Point:
        """Solve x = base + h f(v, x) and C v = charge + h (current that charges it) with Kirchhoff's law."""
        n = self.system.unknown
        grounded = self.capacitance / h
        v = self.system.voltages(guess.v[:n], driven)
        x = [values.copy() for values in guess.x]
        for _ in range(MAX_NEWTON):
            found = [
                g.model.evaluate(g.voltage(v), xs, g.params, self.system.temperature_k)
                for g, xs in zip(self.system.groups, x, strict=True)
            ]
            answers = [_eliminate(e, xs, b, h) for e, xs, b in zip(found, x, base, strict=True)]
            charging = (self.capacitance * v[:n] - charge) / h
            leaving = self.system.kcl(v, [a.current for a in answers])[:n] + charging
            dv_unknown = self.system.solve([a.conductance for a in answers], -leaving, grounded)
            dv = self.system.voltages(dv_unknown, np.zeros(len(driven)))
            v += dv
            change = 0.0
            for g, xs, a in zip(self.system.groups, x, answers, strict=True):
                dx = a.constant + a.slope * g.voltage(dv)[:, None]
                xs += dx
                change = max(change, float(np.max(np.abs(dx) / self._scale(xs), initial=0.0)))
            if not all(np.isfinite(xs).all() for xs in x):
                break
            settled = n == 0 or np.abs(dv_unknown).max() <= 1e-9 * np.abs(v).max() + 1e-15
            if change <= NEWTON_TOLERANCE and settled:
                rate = [(xs - b) / h for xs, b in zip(x, base, strict=True)]
                return _Point(v, x, rate, (self.capacitance * v[:n] - charge) / h)
        raise _NoConvergenceError

    def _scale(self, x: Array) -> Array:
        return self.rel_tol * (STATE_FLOOR + np.abs(x))

    def _rates(self, v: Array, x: list[Array]) -> list[Array]:
        return [
            g.model.evaluate(g.voltage(v), xs, g.params, self.system.temperature_k).rate
            for g, xs in zip(self.system.groups, x, strict=True)
        ]

    def _record(self, time: float, point: _Point) -> None:
        self.trace.record(self.system, time, point.v, point.x)


@dataclass(frozen=True, slots=True)
class _Eliminated:
    """Newton's update of a group's states as a function of the cell voltage: dx = constant + slope dv."""

    constant: Array
    slope: Array
    current: Array
    conductance: Array


def _eliminate(e: Evaluation, x: Array, base: Array, h: float) -> _Eliminated:
    """Linearise x = base + h f(v, x) and put it into the cell current, for all cells of a group at once."""
    k = x.shape[1]
    matrix = np.eye(k) - h * e.df_dx
    right = np.stack([base + h * e.rate - x, h * e.df_dv], axis=-1)
    solved = np.linalg.solve(matrix, right) if k else right
    constant, slope = np.asarray(solved[..., 0], dtype=np.float64), np.asarray(solved[..., 1], dtype=np.float64)
    return _Eliminated(
        constant=constant,
        slope=slope,
        current=e.current + np.einsum("nk,nk->n", e.di_dx, constant),
        conductance=e.di_dv + np.einsum("nk,nk->n", e.di_dx, slope),
    )
