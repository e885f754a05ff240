"""Crossbar: a passive (selectorless) array of conductances with its wires and terminations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from netlists.faults import NO_FAULTS, LineFaults

Drive = Literal["left", "both"]
Sense = Literal["bottom", "both"]


@dataclass(frozen=True, eq=False)
class Crossbar:
    """A passive crossbar as it is read: rows are driven by voltages, columns held at virtual ground.

    One row segment (plus the source resistance) stands before the first cell of a row, one column segment
    (plus the sense resistance) after the last cell of a column; when both ends are driven or sensed, both ends
    are alike. Column currents flow into the virtual ground; with both ends sensed they are the sum of both.

    Attributes:
        g_siemens: cell conductances, shape (rows, columns), S, finite and not negative (0: no device).
        r_row_ohm, r_col_ohm: wire resistance of one segment between neighbouring cells, ohm.
        r_source_ohm: output resistance of each row driver, ohm.
        r_sense_ohm: input resistance of each column sense amplifier, ohm.
        drive: ends from which rows are driven: ``"left"``, or ``"both"`` (with the same voltage).
        sense: ends at which columns are sensed: ``"bottom"`` or ``"both"``.
        c_row_farad, c_col_farad: capacitance of one segment to its surroundings, F; only transients use it.
        faults: breaks and bridges of the lines.

    Raises:
        InputError: the conductances have a wrong shape or a NaN, a conductance, resistance or capacitance is negative,
            or ``drive`` or ``sense`` is unknown.
    """

    g_siemens: NDArray[np.float64]
    r_row_ohm: float
    r_col_ohm: float
    r_source_ohm: float = 0.0
    r_sense_ohm: float = 0.0
    drive: Drive = "left"
    sense: Sense = "bottom"
    c_row_farad: float = 0.0
    c_col_farad: float = 0.0
    faults: LineFaults = NO_FAULTS

    def __post_init__(self) -> None:
        try:
            g = np.array(self.g_siemens, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError("crossbar: g_siemens is not a rectangular array of numbers") from error
        if g.ndim != 2 or g.size == 0:
            raise InputError(f"crossbar: g_siemens has shape {g.shape}: give (rows, columns), at least 1 x 1")
        if not np.all(np.isfinite(g)) or np.any(g < 0):
            row, col = np.argwhere(~(np.isfinite(g) & (g >= 0)))[0]
            raise InputError(
                f"crossbar: g_siemens[{row}, {col}] = {g[row, col]:g} S: conductances are finite and not negative"
            )
        g.setflags(write=False)
        object.__setattr__(self, "g_siemens", g)
        for name in ("r_row_ohm", "r_col_ohm", "r_source_ohm", "r_sense_ohm", "c_row_farad", "c_col_farad"):
            value = float(getattr(self, name))
            if not math.isfinite(value) or value < 0:
                kind, unit = ("resistances", "ohm") if name.startswith("r") else ("capacitances", "F")
                raise InputError(f"crossbar: {name} = {value:g} {unit}: {kind} are finite and not negative")
            object.__setattr__(self, name, value)
        if self.drive not in get_args(Drive):
            raise InputError(f"crossbar: drive = {self.drive!r}: valid are 'left' and 'both'")
        if self.sense not in get_args(Sense):
            raise InputError(f"crossbar: sense = {self.sense!r}: valid are 'bottom' and 'both'")
        self.faults.check(self.rows, self.columns)

    @property
    def rows(self) -> int:
        """Number of rows (wordlines, inputs)."""
        return int(self.g_siemens.shape[0])

    @property
    def columns(self) -> int:
        """Number of columns (bitlines, outputs)."""
        return int(self.g_siemens.shape[1])
