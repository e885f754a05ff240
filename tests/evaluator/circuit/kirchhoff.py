"""An array by Kirchhoff's laws alone: one equation a node, dense."""

import numpy as np


def nodal_operator(g, array):
    """Currents into virtual ground at the columns' ends for 1 V at each row by itself, shape (columns, rows), S."""
    m, n = g.shape
    rows, columns = np.arange(m * n).reshape(m, n), np.arange(m * n, 2 * m * n).reshape(m, n)
    faults = array.faults
    a, rhs, out = np.zeros((2 * m * n, 2 * m * n)), np.zeros((2 * m * n, m)), np.zeros((n, 2 * m * n))
    _connect(a, rows, columns, g)
    row_segments, column_segments = (np.full(s, 1 / r) for s, r in _segments(m, n, array))
    for i, j in faults.open_rows:
        if 0 < j < n:
            row_segments[i, j - 1] = 0
    for j, i in faults.open_columns:
        if 0 < i < m:
            column_segments[i - 1, j] = 0
    _connect(a, rows[:, :-1], rows[:, 1:], row_segments)
    _connect(a, columns[:-1], columns[1:], column_segments)
    for i, j in faults.shorted_rows:
        _connect(a, rows[i : i + 1, j], rows[i + 1 : i + 2, j], np.array([1 / faults.r_short_ohm]))
    for j, i in faults.shorted_columns:
        _connect(a, columns[i, j : j + 1], columns[i, j + 1 : j + 2], np.array([1 / faults.r_short_ohm]))
    drivers = [(rows[:, 0], 0)] + [(rows[:, -1], n)] * (array.drive == "both")
    for line, node in _ends(a, drivers, faults.open_rows, 1 / (array.r_row_ohm + array.r_source_ohm)):
        rhs[node, line] += 1 / (array.r_row_ohm + array.r_source_ohm)
    amplifiers = [(columns[-1], m)] + [(columns[0], 0)] * (array.sense == "both")
    for line, node in _ends(a, amplifiers, faults.open_columns, 1 / (array.r_col_ohm + array.r_sense_ohm)):
        out[line, node] += 1 / (array.r_col_ohm + array.r_sense_ohm)
    return out @ np.linalg.solve(a, rhs)


def _segments(m, n, array):
    return ((m, n - 1), array.r_row_ohm), ((m - 1, n), array.r_col_ohm)


def _connect(a, nodes, others, conductances):
    for p, q, g in zip(nodes.ravel(), others.ravel(), conductances.ravel(), strict=True):
        a[p, p] += g
        a[q, q] += g
        a[p, q] -= g
        a[q, p] -= g


def _ends(a, ends, broken, conductance):
    """Lines and nodes at which a driver or an amplifier is, connected to what it holds."""
    for nodes, segment in ends:
        for line, node in enumerate(nodes):
            if (line, segment) not in broken:
                a[node, node] += conductance
                yield line, node
