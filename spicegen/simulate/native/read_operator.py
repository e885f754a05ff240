"""The exact linear operator of a crossbar read, wires included, in about N^3 operations.

The array is cut into small blocks, each block is reduced to its ports, and neighbours are joined two by two (by a
Redheffer star product) until one block is left. A row enters a block at its near end (left) and leaves at its far end;
a column enters at its near end (bottom, where the sense amplifiers are) and leaves at the top. A block is kept in
hybrid form:

    [q]   [G  -D'] [u]      u: voltages at the near ends,  w: currents leaving at the far ends,
    [d] = [D   R ] [w]      q: currents the cells draw (near current = w + q),  d: voltage drops (far voltage = u - d).

G and R are symmetric and not negative, so a join solves only 1 + R G, which is never singular. Zero wire resistance
needs no special case, and what wires lose is held by itself, never as a difference of large conductances: weak wires
(1e-6 ohm) and missing cells (g = 0) cost no digits.

Blocks of equal size, in one array or in many, are joined in one call. Cost: about 120 rows x columns x (the smaller of
them) operations; memory: about 55 numbers a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netlists import Crossbar
from spicegen.simulate.native.memory_limit import check_operator_memory
from spicegen.simulate.native.nodal_operator import nodal_operator

Array = NDArray[np.float64]

LARGEST_LEAF = 6  # rows and columns of the blocks that are reduced directly; 4 to 6 are equally fast, as measured
CELLS_AT_ONCE = 1 << 15  # cells of the arrays solved together: as many as the caches hold; more gains nothing


def read_operator(crossbar: Crossbar) -> Array:
    """The operator of the vector-matrix product that the array really computes.

    Args:
        crossbar: the array; its columns end in virtual ground behind ``r_sense_ohm``.

    Returns:
        The operator T, shape (columns, rows), S: ``i_out_amp = T @ v_in_volt`` exactly, for any input. ``i_out_amp``
        is the current of each column into its sense amplifier, A (into both together when both ends are sensed).

    Raises:
        SimulationError: the array is too large for the memory that is available.
    """
    return read_operators([crossbar])[0]


def read_operators(crossbars: Sequence[Crossbar]) -> list[Array]:
    """The read operator of each array; arrays of equal size and wires are solved together, which is faster.

    Raises:
        SimulationError: an array is too large for the memory that is available.
    """
    check_operator_memory(max((c.g_siemens.size for c in crossbars), default=0))
    found: list[Array] = [np.empty(0)] * len(crossbars)
    alike: dict[tuple[object, ...], list[int]] = {}
    for k, c in enumerate(crossbars):
        if c.faults:
            found[k] = nodal_operator(c)
        else:
            wires = (c.r_row_ohm, c.r_col_ohm, c.r_source_ohm, c.r_sense_ohm, c.drive, c.sense)
            alike.setdefault((c.rows, c.columns, *wires), []).append(k)
    for group in alike.values():
        first = crossbars[group[0]]
        step = max(1, CELLS_AT_ONCE // first.g_siemens.size)
        for start in range(0, len(group), step):
            part = group[start : start + step]
            operators = _solve(first, np.stack([crossbars[k].g_siemens for k in part]))
            for k, operator in zip(part, operators, strict=True):
                found[k] = operator
    return found


class _Ports(NamedTuple):
    """Numbers of a block's ports of each kind, in the order of the rows and columns of its hybrid matrix.

    The ports ``along`` belong to the wires that the next join connects, those of ``side`` to the wires that cross them.
    """

    along_near: int
    side_near: int
    along_far: int
    side_far: int

    def turned(self) -> _Ports:
        return _Ports(self.side_near, self.along_near, self.side_far, self.along_far)


def _slices(*sizes: int) -> list[slice]:
    edges = [0, *np.cumsum(sizes).tolist()]
    return [slice(a, b) for a, b in pairwise(edges)]


def _turn(blocks: Array, ports: _Ports) -> tuple[Array, _Ports]:
    """The blocks with their ports exchanged, ready to be joined along what were their side ports."""
    along_near, side_near, along_far, side_far = _slices(*ports)
    order = np.r_[side_near, along_near, side_far, along_far]
    return blocks[..., order[:, None], order], ports.turned()


def _solve(c: Crossbar, g: Array) -> Array:
    """Operators of arrays with conductances ``g``, shape (arrays, rows, columns), and the wires of ``c``."""
    (row_leaf, tall), (column_leaf, wide) = _cut(c.rows), _cut(c.columns)
    padded = np.zeros((len(g), row_leaf * tall, column_leaf * wide))
    padded[:, : c.rows, : c.columns] = g[:, ::-1]  # rows are counted from the near end of the columns, the bottom
    along_row = _segments(c.columns, c.r_row_ohm, c.r_source_ohm, padded.shape[2]).reshape(wide, column_leaf)
    along_column = _segments(c.rows, c.r_col_ohm, c.r_sense_ohm, padded.shape[1]).reshape(tall, row_leaf)
    cells = padded.reshape(len(g), tall, row_leaf, wide, column_leaf)
    blocks, ports = _leaves(cells, along_row.cumsum(axis=1), along_column.cumsum(axis=1))

    # The far ends are driven or sensed as the near ends are; without resistance there they add nothing.
    r_row_end = c.r_row_ohm + c.r_source_ohm if c.drive == "both" else 0.0
    r_column_end = c.r_col_ohm + c.r_sense_ohm if c.sense == "both" else 0.0
    rows_first = True
    while tall > 1 or wide > 1:
        by_row = tall == 1 or (wide > 1 and padded.shape[2] // wide <= padded.shape[1] // tall)
        if by_row != rows_first:
            blocks, ports = _turn(blocks, ports)
        if by_row:
            near, far = blocks[:, :, 0::2], blocks[:, :, 1::2]
            wide //= 2
        else:
            near, far = blocks[:, 0::2], blocks[:, 1::2]
            tall //= 2
        far_ports = ports
        if (wide == 1 and not r_row_end) if by_row else (tall == 1 and not r_column_end):
            far, far_ports = _leave_open(far, ports)
        blocks, ports = _join(near, far, ports, far_ports)
        rows_first = not by_row
    if not rows_first:
        blocks, ports = _turn(blocks, ports)
    operators = _terminate(blocks[:, 0, 0], ports, r_row_end, r_column_end)
    return operators[:, : c.columns, : c.rows][:, :, ::-1]


def _cut(n: int) -> tuple[int, int]:
    """Size and number of the leaves that ``n`` lines are cut into: a power of two, with the fewest lines added."""
    count = 1
    cuts: list[tuple[int, int]] = []
    while not cuts or cuts[-1][0] > LARGEST_LEAF // 2:
        size = -(-n // count)
        if size <= LARGEST_LEAF:
            cuts.append((size, count))
        count *= 2
    return min(cuts, key=lambda cut: (cut[0] * cut[1], -cut[0]))


def _segments(lines: int, r_segment_ohm: float, r_end_ohm: float, padded: int) -> Array:
    """Wire resistance before each crossing line from the near end, ohm; zero before the lines that padding adds."""
    segments = np.zeros(padded)
    segments[:lines] = r_segment_ohm
    segments[0] += r_end_ohm
    return segments


def _leaves(g: Array, along_row: Array, along_column: Array) -> tuple[Array, _Ports]:
    """Hybrid matrices of the smallest blocks, row ports before column ports.

    The cell currents are I = (1/g + S)^-1 (B u - C w) with S the resistance that two cells' supply paths share,
    B = +1 (-1) at the cell's row (column) and C = B times the wire resistance up to the cell. Then q = B'I and
    d = C'I + (wire resistance of the line) w.

    Args:
        g: conductances of the cells, shape (arrays, tall, rows, wide, columns), S.
        along_row: wire resistance from the left of a block to each of its columns, shape (wide, columns), ohm.
        along_column: wire resistance from the bottom of a block to each of its rows, shape (tall, rows), ohm.

    Returns:
        Hybrid matrices of the blocks, shape (arrays, tall, wide, ports, ports), and the numbers of their ports.
    """
    arrays, tall, rows, wide, columns = g.shape
    cells, ends = rows * columns, rows + columns
    incidence = np.hstack([np.kron(np.eye(rows), np.ones((columns, 1))), -np.kron(np.ones((rows, 1)), np.eye(columns))])
    shared_row = np.minimum(along_row[:, :, None], along_row[:, None, :])
    on_row = np.einsum("ik,wjl->wijkl", np.eye(rows), shared_row).reshape(wide, cells, cells)
    reach_row = np.tile(along_row, (1, rows))[:, :, None].repeat(rows, axis=2)
    diagonal, far = np.arange(cells), np.arange(ends, 2 * ends)
    blocks = np.empty((arrays, tall, wide, 2 * ends, 2 * ends))
    for k, reach in enumerate(along_column):  # one row of blocks at a time: a system below takes cells^2 numbers
        shared = on_row + np.kron(np.minimum.outer(reach, reach), np.eye(columns))
        reach_column = np.broadcast_to(reach.repeat(columns)[:, None], (wide, cells, columns))
        of_u = np.broadcast_to(incidence, (wide, cells, ends))
        of_w = incidence * np.concatenate([reach_row, reach_column], axis=2)
        root = np.sqrt(g[:, k].swapaxes(1, 2)).reshape(arrays, wide, cells, 1)
        system = root * shared * root.swapaxes(2, 3)
        system[..., diagonal, diagonal] += 1.0
        drawn = np.linalg.solve(system, root * np.concatenate([of_u, -of_w], axis=2))
        blocks[:, k] = (root * np.concatenate([of_u, of_w], axis=2)).swapaxes(2, 3) @ drawn
        ends_of_rows = along_row[:, -1:].repeat(rows, axis=1)
        blocks[:, k, :, far, far] += np.hstack([ends_of_rows, np.full((wide, columns), reach[-1])]).T[:, None]
    return blocks, _Ports(rows, columns, rows, columns)


def _leave_open(blocks: Array, ports: _Ports) -> tuple[Array, _Ports]:
    """The blocks with the far ends of their ``along`` wires left open: no current leaves there."""
    along_near, side_near, _, side_far = _slices(*ports)
    kept = np.r_[along_near, side_near, side_far]
    return blocks[..., kept[:, None], kept], ports._replace(along_far=0)


def _join(a: Array, b: Array, a_ports: _Ports, b_ports: _Ports) -> tuple[Array, _Ports]:
    """Join the far ends of blocks ``a`` to the near ends of blocks ``b``; the result's ports are turned by a quarter.

    With v and s the voltages and currents between them, v = near voltage - drop and s = far current + taken; both are
    linear in the quantities that are left at the outer ports. Each row of the joined matrix is a's (or b's) row, with
    its dependence on s (or v) passed on to the outer ports.
    """
    a_near, a_side, a_far, a_top = _slices(*a_ports)
    b_near, b_side, b_far, b_top = _slices(*b_ports)
    joined = _Ports(
        a_ports.side_near + b_ports.side_near,
        a_ports.along_near,
        a_ports.side_far + b_ports.side_far,
        b_ports.along_far,
    )
    side_a, side_b, near, top_a, top_b, far = _slices(
        a_ports.side_near, b_ports.side_near, a_ports.along_near, a_ports.side_far, b_ports.side_far, b_ports.along_far
    )
    in_a = ((a_near, near), (a_side, side_a), (a_top, top_a))
    in_b = ((b_near, near), (b_side, side_b), (b_far, far), (b_top, top_b))
    between = a_ports.along_near
    through = bool(b_ports.along_far)

    taken = np.zeros((*a.shape[:-2], between, sum(joined)))
    for of_b, outside in in_b:
        taken[..., outside] = b[..., b_near, of_b]
    resistance = a[..., a_far, a_far]
    drop = resistance @ taken
    system = drop[..., near] + np.eye(between)  # 1 + R G
    for of_a, outside in in_a:
        drop[..., outside] += a[..., a_far, of_a]
    if through:
        drop[..., far] += resistance
    drop = np.asarray(np.linalg.solve(system, drop))
    taken -= b[..., b_near, b_near] @ drop

    blocks = np.empty((*a.shape[:-2], sum(joined), sum(joined)))
    for row_of_a, row in in_a:
        blocks[..., row, :] = a[..., row_of_a, a_far] @ taken
        for of_a, outside in in_a:
            blocks[..., row, outside] += a[..., row_of_a, of_a]
        if through:
            blocks[..., row, far] += a[..., row_of_a, a_far]
    blocks[..., near, :] += taken
    for row_of_b, row in in_b[1:]:
        blocks[..., row, :] = -b[..., row_of_b, b_near] @ drop
        for of_b, outside in in_b:
            blocks[..., row, outside] += b[..., row_of_b, of_b]
    if through:
        blocks[..., far, :] += drop
    return blocks, joined


def _terminate(blocks: Array, ports: _Ports, r_row_end_ohm: float, r_column_end_ohm: float) -> Array:
    """The operator T of whole arrays: rows are ``along``, columns ``side``; far ends end in the resistances (0: open).

    A far end held at the near end's voltage behind a resistance r gives r w = -d, so (R + r) w = -D u. The current that
    the columns deliver at both ends together is the negative of what their cells draw: -q.
    """
    rows, columns, row_ends, column_ends = _slices(*ports)
    operators = -blocks[..., columns, rows]
    closed = [(e, r) for e, r in ((row_ends, r_row_end_ohm), (column_ends, r_column_end_ohm)) if r]
    if closed:
        ends = np.concatenate([np.arange(e.start, e.stop) for e, _ in closed])
        behind = np.concatenate([np.full(e.stop - e.start, r) for e, r in closed])
        loop = blocks[..., ends[:, None], ends] + np.diag(behind)
        operators += blocks[..., columns, ends] @ np.linalg.solve(loop, blocks[..., ends, rows])
    return np.asarray(operators)
