"""Operating points by Newton's method with the models' exact derivatives; the devices' states are held.

Many points at once share one factor, that of the average point's conductances: for each point it is wrong by the
devices' nonlinearity only, and every step solves for all points in one block. Points at which these steps do not
converge are solved one by one with Newton's method.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from spicegen.simulate.base import SimulationError
from spicegen.simulate.native.right_sides import solve_each
from spicegen.simulate.native.system import Array, System

_MAX_ITERATIONS = 50
_STEP_TOLERANCE = 1e-12
"""Largest last step of Newton's method, relative to the largest voltage."""
_RESIDUAL = 1e-9
"""Residual of Kirchhoff's law that a solution may leave, relative to the largest current of a source."""
_SHORTEST_RISE = 1e-6
"""Smallest rise of the sources, as a share of their voltages, that is tried where Newton's method fails to converge."""
_MAX_SHARED_STEPS = 30
_SLOW = 0.3
"""A shared factor is renewed for the points that are left if the median step shrinks to no less than this share."""
_NUMBERS_AT_ONCE = 1 << 19
"""Number of node voltages (nodes times points) that are solved for together; several arrays of this size are held."""
_ROUND_OFF = 1e-15
"""Residual of Kirchhoff's law, relative to the currents that meet at a node, below which it is only rounding, so that
no step improves on it."""


def operating_point(system: System, driven_volt: Array, states: list[Array]) -> tuple[Array, Array]:
    """Solve for the node voltages with every device's state held.

    Args:
        system: the circuit.
        driven_volt: voltages of the driven nodes, shape (sources,), V.
        states: states of the devices, one array of shape (n, k) per group.

    Returns:
        Node voltages in the system's order, V, and the current leaving each node, A (at a driven node: what
        its source delivers).

    Raises:
        SimulationError: Newton's method did not converge.
    """
    nothing = np.zeros(system.unknown)
    try:
        v = _newton(system, system.voltages(nothing, driven_volt), states)
    except SimulationError:  # far up on the devices' exponentials: raise the sources bit by bit
        reached, rise, v = 0.0, 0.1, system.voltages(nothing, 0 * driven_volt)
        while reached < 1:
            target = min(1.0, reached + rise)
            try:
                v = _newton(system, system.voltages(v[: system.unknown], target * driven_volt), states)
            except SimulationError:
                rise /= 4
                if rise < _SHORTEST_RISE:
                    raise
            else:
                reached, rise = target, 2 * rise
    return v, leaving_currents(system, v, states)


def _newton(system: System, v: Array, states: list[Array]) -> Array:
    """Solve by Newton's method from the node voltages ``v``, in which the driven nodes are at their voltages."""
    v = v.copy()
    free = slice(system.unknown)
    for _ in range(_MAX_ITERATIONS):
        found = [
            g.model.evaluate(g.voltage(v), x, g.params, system.temperature_k)
            for g, x in zip(system.groups, states, strict=True)
        ]
        currents = [e.current for e in found]
        leaving = system.kcl(v, currents)
        small, rounding = _fulfilled(system, v, currents, leaving)
        if rounding:
            return v
        step = system.solve([e.di_dv for e in found], -leaving[free])
        v[free] += step
        if not np.isfinite(v).all():
            break
        if small and np.abs(step).max() <= _STEP_TOLERANCE * np.abs(v).max():
            return v
    raise SimulationError("native", f"operating point: no convergence in {_MAX_ITERATIONS} Newton steps")


def _fulfilled(system: System, v: Array, currents: list[Array], leaving: Array) -> tuple[Any, Any]:
    """Whether Kirchhoff's law holds well enough, and whether as well as rounding allows; one answer per point."""
    free = slice(system.unknown)
    missing, meeting = np.abs(leaving[free]), system.meeting(v, currents)[free]
    largest = np.abs(leaving[system.unknown :]).max(axis=0)
    finite = np.isfinite(meeting).all(axis=0)
    small = finite & np.all(missing <= np.maximum(_RESIDUAL * largest, 10 * _ROUND_OFF * meeting), axis=0)
    return small, finite & np.all(missing <= _ROUND_OFF * meeting, axis=0)


def operating_points(
    system: System, driven_volt: Array, states: list[Array]
) -> tuple[Array, Array, dict[int, SimulationError]]:
    """Solve for many points, with every device's state held, the same in all of them.

    Args:
        system: the circuit.
        driven_volt: voltages of the driven nodes, shape (points, sources), V.
        states: states of the devices, one array of shape (n, k) per group.

    Returns:
        Node voltages (V) and currents leaving the nodes (A) as from ``operating_point``, shapes (points, nodes), NaN
        at points without a solution; and the error of each of these by its index.
    """
    points, nodes = len(driven_volt), len(system.nodes)
    voltage, leaving = np.full((points, nodes), np.nan), np.full((points, nodes), np.nan)
    failed: dict[int, SimulationError] = {}
    at_once = max(1, _NUMBERS_AT_ONCE // nodes)
    for start in range(0, points, at_once):
        block = slice(start, start + at_once)
        if len(driven_volt[block]) > 1 and system.unknown:
            with suppress(SimulationError):  # the average point may be far up the exponentials: each is then solved
                found = _together(system, driven_volt[block], states)
                voltage[block], leaving[block] = found.T, leaving_currents(system, found, states).T
    for k in np.flatnonzero(np.isnan(voltage).any(axis=1)):
        try:
            voltage[k], leaving[k] = operating_point(system, driven_volt[k], states)
        except SimulationError as error:
            failed[int(k)] = error
    return voltage, leaving, failed


def _together(system: System, driven_volt: Array, states: list[Array]) -> Array:
    """Node voltages, shape (nodes, points), NaN for points that a shared factor does not lead to."""
    points, free = len(driven_volt), slice(system.unknown)
    found = np.full((len(system.nodes), points), np.nan)
    v = np.zeros_like(found)
    v[system.unknown : -1] = driven_volt.T
    left = np.arange(points)
    last = np.full(points, np.inf)
    factor = _shared_factor(system, v, states)
    for _ in range(_MAX_SHARED_STEPS):
        currents = _cell_currents(system, v, states)
        leaving = system.kcl(v, currents)
        small, rounding = _fulfilled(system, v, currents, leaving)
        step = np.where(rounding, 0.0, solve_each(factor, -leaving[free]))
        v[free] += step
        size = np.abs(step).max(axis=0) / np.abs(v).max(axis=0)
        done = rounding | (small & (size <= _STEP_TOLERANCE) & (size > last / 2))  # no step improves on it
        found[:, left[done]] = v[:, done]
        keep = ~done & np.isfinite(size)
        if not keep.any():
            break
        slow = np.median(size[keep] / last[keep]) > _SLOW
        left, v, last = left[keep], v[:, keep], size[keep]
        if slow:
            factor = _shared_factor(system, v, states)
    return found


def _shared_factor(system: System, v: Array, states: list[Array]) -> Any:
    average = v.mean(axis=1)
    return system.factor(
        [
            g.model.evaluate(g.voltage(average), x, g.params, system.temperature_k).di_dv
            for g, x in zip(system.groups, states, strict=True)
        ]
    )


def leaving_currents(system: System, v: Array, states: list[Array]) -> Array:
    """Current leaving each node into wires and cells, A.

    Args:
        system: the circuit.
        v: node voltages, shape (nodes,) or (nodes, points), V.
        states: states of the devices, one array of shape (n, k) per group.
    """
    return system.kcl(v, _cell_currents(system, v, states))


def _cell_currents(system: System, v: Array, states: list[Array]) -> list[Array]:
    return [
        g.model.current(g.voltage(v).T, x, g.params, system.temperature_k).T
        for g, x in zip(system.groups, states, strict=True)
    ]
