"""Faults of an array's lines: breaks, and bridges between neighbouring lines."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models_va.errors import InputError

Place = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class LineFaults(BaseModel):
    """Where lines are broken or touch; a short between a row and a column is a device stuck at a high conductance.

    Attributes:
        open_rows: pairs (row, segment): the row is broken before the cell of that column; segment 0 is the segment at
            the driver, segment ``columns`` the segment behind the last cell.
        open_columns: pairs (column, segment): the column is broken before the cell of that row, seen from the top;
            segment ``rows`` is the segment at the sense amplifier below.
        shorted_rows: pairs (row, column): this row and the next row touch at that column.
        shorted_columns: pairs (column, row): this column and the next column touch at that row.
        r_short_ohm: resistance of each bridge between touching lines, ohm.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    open_rows: tuple[Place, ...] = ()
    open_columns: tuple[Place, ...] = ()
    shorted_rows: tuple[Place, ...] = ()
    shorted_columns: tuple[Place, ...] = ()
    r_short_ohm: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0

    def __bool__(self) -> bool:
        return bool(self.open_rows or self.open_columns or self.shorted_rows or self.shorted_columns)

    def check(self, rows: int, columns: int) -> None:
        """Refuse faults that do not lie in an array of this size.

        Raises:
            InputError: a fault is outside the array.
        """
        limits = {
            "open_rows": (rows, columns + 1),
            "open_columns": (columns, rows + 1),
            "shorted_rows": (rows - 1, columns),
            "shorted_columns": (columns - 1, rows),
        }
        for name, (lines, places) in limits.items():
            found: tuple[Place, ...] = getattr(self, name)
            if len(set(found)) < len(found):
                raise InputError(f"faults: {name}: a place is there twice")
            for line, place in found:
                if line >= lines or place >= places:
                    raise InputError(
                        f"faults: {name}: ({line}, {place}) is not in an array of {rows} x {columns}: "
                        f"at most ({lines - 1}, {places - 1})"
                    )


NO_FAULTS = LineFaults()
