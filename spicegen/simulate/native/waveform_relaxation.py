"""Transients of arrays by waveform relaxation: the wires settle at once, the devices move slowly, each at its own pace.

Wires without capacitance have no memory, and the voltage that they leave to a cell changes only as fast as the
conductances do. So time is cut into windows. Within a window, each cell is integrated by itself under its voltage, a
parabola through the window's start, middle and end, with as many steps as that cell needs (most cells of an array
hardly move); then the wires are solved at the middle and the end with the new states. Both are repeated until the
voltages no longer change. The window's length follows from the error of the parabola, which is estimated from the third
derivative over two windows in a row. Windows end at every point of every waveform, so sources are linear within one.

Source: Lelarasmee, Ruehli and Sangiovanni-Vincentelli, IEEE Trans. CAD 1, 131 (1982), for waveform relaxation. The
wires are solved by Newton's method with a matrix that is factored once and kept (Shamanskii): conductances of devices
are small beside those of wires, so that an old factor is a very good one; it is renewed when convergence slows down.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from netlists import Circuit, Transient
from spicegen.printers.compiled_model import SIGNATURE, compiled_rates
from spicegen.printers.machine_code import compiled
from spicegen.simulate.base import SimulationError
from spicegen.simulate.native.cell_step import UNLIMITED, begin, edition, next_step, workspace
from spicegen.simulate.native.operating_point import operating_point
from spicegen.simulate.native.system import CellGroup, SourceVoltages, System
from spicegen.simulate.native.tableau import SHORTEST
from spicegen.simulate.native.trace import Trace

Array = NDArray[np.float64]
_LEAST_VOLT = 1e-3
"""Voltage that tolerances are at least relative to, where no source is higher, V."""
_VOLTAGE_TOLERANCE = 2.0
"""Error that is allowed to the parabola, in units of the relative tolerance times the largest source voltage."""
_SETTLED = 0.05
"""Voltages count as settled when a relaxation changes them by less than this share of the parabola's allowed error."""
_MOST_RELAXATIONS = 8
_SLOW = 0.2
"""The matrix is factorised anew when a Newton step is longer than this share of the one before."""
_MOST_NEWTON = 60
_AT_ONCE = 1e-4
"""Capacitance is left out if the wires charge within this share of the shortest edge: their lag, as large a share of
the edge, is then below any tolerance."""
_WORTH_THREADS = 128
"""Number of cells from which on their integration is shared among threads: with fewer, starting the threads' tasks,
which costs as much as integrating a few cells, does not pay."""
_KIRCHHOFF = 1e-11
"""Residual of Kirchhoff's law allowed at the recorded points, relative to the largest current of a source."""
_NEAR = 0.1
"""Residual of Kirchhoff's law allowed before Newton's last step, relative to the largest current of a source: beyond
it, the step is small only because the factor is far off."""
_FINEST = 1e-15
"""Newton's method ends at a step below this share of the largest source voltage: smaller steps are rounding."""
_ROUNDING = 1e-14
"""Rounding error of the sum of currents at a node, relative to the currents that meet there: no residual can be
smaller."""


def relax(circuit: Circuit, system: System, stimulus: Transient) -> Trace:
    """Integrate from the operating point at t = 0.

    Raises:
        SimulationError: the error tolerance cannot be met.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return _Relaxation(circuit, system, stimulus, pool).run()


def settling(circuit: Circuit, system: System, stimulus: Transient) -> tuple[bool, str]:
    """Whether the wires' capacitances can be left out, as they charge far faster than any source changes, and why.

    The charging time is Elmore's: the first moment of the slowest node's response, exact for any RC network.
    """
    if not circuit.capacitors:
        return True, ""
    edge_s = float(np.diff(SourceVoltages(circuit.sources).breaks(stimulus.stop_s, SHORTEST * stimulus.stop_s)).min())
    at_rest = system.voltages(np.zeros(system.unknown), np.zeros(len(circuit.sources)))
    conductances = [
        g.model.evaluate(g.voltage(at_rest), g.initial, g.params, system.temperature_k).di_dv for g in system.groups
    ]
    elmore_s = float(system.solve(conductances, system.capacitance_farad).max())
    at_once = elmore_s < _AT_ONCE * edge_s
    found = f"the wires charge in {elmore_s:.2g} s (Elmore), the shortest edge takes {edge_s:.2g} s: "
    return at_once, found + ("their capacitance is left out" if at_once else "their capacitance is integrated")


class _Cells:
    """The cells of one group, each integrated by itself under a given voltage."""

    def __init__(self, group: CellGroup, temperature_k: float, rel_tol: float, pool: ThreadPoolExecutor) -> None:
        model, n = group.model.model, len(group.names)
        self._rates = compiled_rates(model)
        self._params = np.stack([np.broadcast_to(group.params[p.name], n) for p in model.params], axis=1)
        self._temperature_k, self._rel_tol, self._pool = temperature_k, rel_tol, pool
        parts = 4 * (os.cpu_count() or 1) if n >= _WORTH_THREADS else 1
        self._parts = [slice(*ends) for ends in _equal_parts(n, parts)]
        self.wanted_s = np.full(n, np.inf)

    def advance(self, v: Array, x: Array, length_s: float) -> tuple[Array, Array]:
        """States in the middle and at the end of a window, shape (2, n, k), and the steps wanted next, s.

        Args:
            v: cell voltages at the window's start, middle and end, shape (3, n), V.
            x: states at the window's start, shape (n, k).
            length_s: length of the window, s.

        Raises:
            SimulationError: a cell's error tolerance cannot be met.
        """
        found, wanted = np.empty((2, *x.shape)), self.wanted_s.copy()

        def part(s: slice) -> int:
            return int(
                _advance(
                    self._rates, self._params[s], self._temperature_k, x[s], v[:, s], length_s, self._rel_tol,
                    wanted[s], found[:, s],
                )
            )  # fmt: skip

        failed = map(part, self._parts) if len(self._parts) == 1 else self._pool.map(part, self._parts)
        if any(failed):
            raise SimulationError("native", "a device's tolerance cannot be met: its step becomes too small")
        return found, wanted


class _Relaxation:
    def __init__(self, circuit: Circuit, system: System, stimulus: Transient, pool: ThreadPoolExecutor) -> None:
        self.system, self.stop_s = system, stimulus.stop_s
        self.sources = SourceVoltages(circuit.sources)
        self.points = self.sources.points(stimulus).tolist()
        self.finest_volt = _FINEST * self.sources.largest_volt
        self.tolerance_volt = _VOLTAGE_TOLERANCE * stimulus.rel_tol * max(self.sources.largest_volt, _LEAST_VOLT)
        self.cells = [_Cells(g, system.temperature_k, stimulus.rel_tol, pool) for g in system.groups]
        self.factor: Any = None
        self.trace = Trace()

    def run(self) -> Trace:
        x = [np.ascontiguousarray(g.initial) for g in self.system.groups]
        v, _ = operating_point(self.system, self.sources.at(0.0), x)
        self._record(0.0, v, x)
        for start, end in pairwise(self.points):
            v, x = self._segment(start, end, v, x)
        return self.trace

    def _segment(self, start: float, end: float, v: Array, x: list[Array]) -> tuple[Array, list[Array]]:
        """Integrate from one breakpoint of the sources to the next; returns voltages and states at its end."""
        time, length = start, end - start
        before: tuple[float, Array] | None = None  # middle of the last window, s, and curvature of the voltages there
        while time < end:
            remaining = end - time
            last = length > 0.999 * remaining
            length = remaining if last else min(length, remaining / 2)
            taken = self._window(time, length, v, x)
            if taken is None:
                error, order = 8.0, 3
            else:
                middle = time + length / 2
                curvature = (self._across(v) - 2 * self._across(taken[0]) + self._across(taken[1])) * (2 / length) ** 2
                error, order = self._error(length, middle, curvature, before)
            shorter = 0.9 * max(error, 1e-6) ** (-1 / order)
            if taken is None or error > 1:
                length *= min(0.7, max(0.2, shorter))
                if length < SHORTEST * self.stop_s:
                    raise SimulationError("native", f"step too small at {time:g} s: the tolerance cannot be met")
                continue
            v_middle, v_end, states, wanted = taken
            x = [s[1] for s in states]
            for cells, w in zip(self.cells, wanted, strict=True):
                cells.wanted_s = w
            self._record(middle, v_middle, [s[0] for s in states])
            time = end if last else time + length
            v = v_end
            self._record(time, v, x)
            before = (middle, curvature)
            length *= min(4.0, max(0.5, shorter))
        return v, x

    def _error(
        self, length: float, middle: float, curvature: Array, before: tuple[float, Array] | None
    ) -> tuple[float, int]:
        """Largest error of the parabola in units of the tolerance, and its order in the length."""
        if before is None:  # a first guess: a tenth of what curvature contributes
            return float(np.max(np.abs(curvature), initial=0.0)) * length**2 / 80 / self.tolerance_volt, 2
        third = np.max(np.abs(curvature - before[1]), initial=0.0) / (middle - before[0])
        return float(third) * length**3 / 125 / self.tolerance_volt, 3  # max of t (t - 1/2) (t - 1) / 6 is 1 / 125

    def _window(
        self, time: float, length: float, v: Array, x: list[Array]
    ) -> tuple[Array, Array, list[Array], list[Array]] | None:
        """Relax one window: voltages in its middle and at its end, states, next steps; None if it does not converge."""
        settled = _SETTLED * self.tolerance_volt
        v_middle = self._solve(time + length / 2, v, x, settled)
        v_end = self._solve(time + length, v_middle, x, settled)
        for _ in range(_MOST_RELAXATIONS):
            found = []
            for cells, group, begin_states in zip(self.cells, self.system.groups, x, strict=True):
                voltages = np.stack([group.voltage(p) for p in (v, v_middle, v_end)])
                found.append(cells.advance(voltages, begin_states, length))
            states = [f[0] for f in found]
            old = (v_middle, v_end)
            v_middle = self._solve(time + length / 2, v_middle, [s[0] for s in states], settled)
            v_end = self._solve(time + length, v_end, [s[1] for s in states], settled)
            if max(np.abs(v_middle - old[0]).max(), np.abs(v_end - old[1]).max()) <= settled:
                v_middle = self._solve(time + length / 2, v_middle, [s[0] for s in states])
                v_end = self._solve(time + length, v_end, [s[1] for s in states])
                return v_middle, v_end, states, [f[1] for f in found]
        return None

    def _solve(self, time: float, guess: Array, x: list[Array], settled_volt: float | None = None) -> Array:
        """Node voltages for held states, V.

        Newton's method runs until its step is below ``settled_volt`` or, without one, until Kirchhoff's law holds to
        ``_KIRCHHOFF``.
        """
        system, n = self.system, self.system.unknown
        v = system.voltages(guess[:n], self.sources.at(time))
        if n == 0:
            return v
        try:
            return self._newton(v, x, settled_volt)
        except SimulationError:  # far up on the devices' exponentials
            self.factor = None
            return operating_point(system, self.sources.at(time), x)[0]

    def _newton(self, v: Array, x: list[Array], settled_volt: float | None) -> Array:
        system, n = self.system, self.system.unknown
        before = np.inf
        for _ in range(_MOST_NEWTON):
            currents = [
                g.model.current(g.voltage(v), states, g.params, system.temperature_k)
                for g, states in zip(system.groups, x, strict=True)
            ]
            leaving = system.kcl(v, currents)
            if settled_volt is None and self._holds(v, currents, leaving):
                return v
            if self.factor is None:
                self.factor, before = self._factored(v, x), np.inf
            step = self.factor.solve(-leaving[:n])
            v[:n] += step
            size = float(np.abs(step).max())
            wanted = self.finest_volt if settled_volt is None else settled_volt
            if size <= wanted and self._holds(v, currents, leaving, _NEAR):
                return v
            if not size <= _SLOW * before:
                self.factor = None
            before = size
        raise SimulationError("native", f"the wires: no convergence in {_MOST_NEWTON} Newton steps")

    def _holds(self, v: Array, currents: list[Array], leaving: Array, share: float = _KIRCHHOFF) -> bool:
        n = self.system.unknown
        most = np.abs(leaving[n:]).max(initial=0.0)
        rounding = _ROUNDING * self.system.meeting(v, currents)[:n]
        return bool(np.all(np.abs(leaving[:n]) <= np.maximum(share * most, rounding)))

    def _factored(self, v: Array, x: list[Array]) -> Any:
        return self.system.factor(
            [
                g.model.evaluate(g.voltage(v), states, g.params, self.system.temperature_k).di_dv
                for g, states in zip(self.system.groups, x, strict=True)
            ]
        )

    def _across(self, v: Array) -> Array:
        return np.concatenate([g.voltage(v) for g in self.system.groups]) if self.system.groups else np.zeros(0)

    def _record(self, time: float, v: Array, x: list[Array]) -> None:
        self.trace.record(self.system, time, v, x)


def _equal_parts(n: int, parts: int) -> list[tuple[int, int]]:
    ends = np.linspace(0, n, min(parts, n) + 1).astype(int).tolist()
    return list(pairwise(ends))


_SIGNATURE: Any = numba.int64(
    numba.types.FunctionType(SIGNATURE),
    numba.float64[:, ::1],
    numba.float64,
    numba.float64[:, ::1],
    numba.float64[:, :],
    numba.float64,
    numba.float64,
    numba.float64[::1],
    numba.float64[:, :, :],
)


@compiled(_SIGNATURE, nogil=True)
@edition
def _advance(
    rates: Any, params: Array, temperature_k: float, x: Array, v: Array, length_s: float, rel_tol: float,
    wanted_s: Array, found: Array,
) -> int:  # fmt: skip
    n, k = x.shape
    work = workspace(k)
    now, y = np.empty(k), np.empty(k)
    for c in range(n):
        slope = (-3 * v[0, c] + 4 * v[1, c] - v[2, c]) / length_s
        curve = (2 * v[0, c] - 4 * v[1, c] + 2 * v[2, c]) / length_s**2
        now[:] = x[c]
        begin(rates, params[c], temperature_k, v[0, c], now, work)
        time, want = 0.0, wanted_s[c]
        for half in range(2):
            end = length_s * (half + 1) / 2
            while time < end:
                time, want, _ = next_step(
                    rates, params[c], temperature_k, time, end, want, 0.0, (v[0, c], slope, curve), now, y, rel_tol,
                    SHORTEST * length_s, UNLIMITED, work,
                )  # fmt: skip
                if np.isnan(time):
                    return 1
            found[half, c] = now
        wanted_s[c] = want
    return 0
