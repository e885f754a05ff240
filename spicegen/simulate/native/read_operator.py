"""The exact linear operator of a crossbar read, wires included.

Both wire families are eliminated in resistance form, I = (1/g + R)^-1 (v - c), never as a difference of large
conductances. So zero wire resistance needs no special case, and weak wires (1e-6 ohm) or missing cells
(g = 0) cost no digits.

For each row i, the row wire is reduced onto the columns: I = K_i (v_i - c_i), with
K_i = D^1/2 (1 + D^1/2 R D^1/2)^-1 D^1/2, D = diag(g_i) and R the path resistances that the row's cells
share. The columns are then walked from the top to the sense amplifiers, carrying the Norton equivalent (Y, J)
of all rows above: current = J v - Y c. A segment of resistance r turns it into M^-1 J and M^-1 Y, M = 1 + r Y.
Cost: about (rows) x 4 x (columns)^3 flops; memory: a few (columns)^2 plus the operator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from netlists import Crossbar
from spicegen.simulate.native.nodal_operator import nodal_operator

Array = NDArray[np.float64]


def read_operator(crossbar: Crossbar) -> Array:
    """The operator of the vector-matrix product that the array really computes.

    Args:
        crossbar: the array; its columns end in virtual ground behind ``r_sense_ohm``.

    Returns:
        T, shape (columns, rows), in S: ``i_out_amp = T @ v_in_volt`` exactly, for any input. ``i_out_amp`` is
        what each column delivers to its sense amplifier (both of them together when both ends are sensed).
    """
    if crossbar.faults:
        return nodal_operator(crossbar)
    c = crossbar
    shared = shared_resistance(c.columns, c.r_row_ohm, c.r_row_ohm + c.r_source_ohm, both=c.drive == "both")
    r_end = c.r_col_ohm + c.r_sense_ohm
    if r_end == 0:  # the columns are at ground throughout: rows do not see one another
        return np.array([_row_admittance(g, shared).sum(axis=1) for g in c.g_siemens]).T
    if c.sense == "both":
        return _sensed_at_both(c, shared, r_end)
    return _sensed_at_bottom(c, shared, r_end)


def shared_resistance(n: int, r_segment_ohm: float, r_end_ohm: float, *, both: bool) -> Array:
    """Resistance common to the supply paths of each pair of cells on one wire, shape (n, n), ohm.

    It is the inverse of the wire's grounded Laplacian: the voltage lost at cell j for a unit current at k.
    """
    distance = r_end_ohm + r_segment_ohm * np.arange(n)
    near: Array = np.asarray(np.minimum.outer(distance, distance))
    if not both:
        return near
    total = 2 * r_end_ohm + r_segment_ohm * (n - 1)
    if total == 0:
        return near
    return np.asarray(near * (total - np.maximum.outer(distance, distance)) / total)


def _row_admittance(g: Array, shared: Array) -> Array:
    """K: cell currents of one row are K (v 1 - c) for column voltages c; symmetric, shape (n, n), S."""
    root = np.sqrt(g)
    factor = cho_factor(np.eye(len(g)) + root[:, None] * shared * root, lower=True, check_finite=False)
    inner = cho_solve(factor, np.diag(root), check_finite=False)
    return np.asarray(root[:, None] * inner)


def _through(r_ohm: float, y: Array, right: Array) -> Array:
    """(1 + r Y)^-1 ``right``: what a segment of every column lets through."""
    if r_ohm == 0:
        return right
    factor = cho_factor(np.eye(len(y)) + r_ohm * y, lower=True, check_finite=False)
    return np.asarray(cho_solve(factor, right, check_finite=False))


def _sensed_at_bottom(c: Crossbar, shared: Array, r_end: float) -> Array:
    n = c.columns
    carried = np.zeros((n, n + c.rows))  # [Y | J], J growing by a column a row
    for i, g in enumerate(c.g_siemens):
        if i:
            used = n + i
            carried[:, :used] = _through(c.r_col_ohm, carried[:, :n], carried[:, :used])
        admittance = _row_admittance(g, shared)
        carried[:, :n] += admittance
        carried[:, n + i] = admittance.sum(axis=1)
    return _through(r_end, carried[:, :n], carried[:, n:])


def _sensed_at_both(c: Crossbar, shared: Array, r_end: float) -> Array:
    """As at the bottom, also carrying the current into the top ends as A c + B v, c the last row's voltages."""
    n, m = c.columns, c.rows
    top = np.eye(n) / r_end
    carried = np.hstack([top, np.zeros((n, m))])
    to_top, from_inputs = top, np.zeros((n, m))
    for i, g in enumerate(c.g_siemens):
        if i:
            through = _through(c.r_col_ohm, carried[:, :n], np.hstack([np.eye(n), carried]))
            lost = to_top @ through[:, :n]
            from_inputs += c.r_col_ohm * (lost @ carried[:, n:])
            to_top, carried = lost, through[:, n:]
        admittance = _row_admittance(g, shared)
        carried[:, :n] += admittance
        carried[:, n + i] = admittance.sum(axis=1)
    bottom = _through(r_end, carried[:, :n], carried[:, n:])
    return np.asarray(bottom + to_top @ (r_end * bottom) + from_inputs)
