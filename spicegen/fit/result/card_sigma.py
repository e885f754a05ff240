"""The programming error on a card: sigma(G) from files of write-verify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va import ProgrammingError, Quantity
from models_va.errors import InputError
from spicegen.fit.solve.digits import DIGITS, rounded
from spicegen.measurements import Measurement, WriteVerify
from spicegen.metrics.programming import ProgrammingErrors, programming_errors, sigma_rms

Array = NDArray[np.float64]

_UNIT_SIEMENS = 1e-6


@dataclass(frozen=True, eq=False)
class CardSigma:
    """The programming error sigma(G) for a card, from the first write-verify file that shows it.

    Attributes:
        measurement: the file; None if no file shows it.
        errors: errors of its programmings, as samples of a bootstrap.
        error: the programming error for a card.
        unused: sentences on why other files of write-verify are not used.
    """

    measurement: WriteVerify | None
    errors: ProgrammingErrors | None
    error: ProgrammingError | None
    unused: tuple[str, ...]


def card_sigma(measurements: Sequence[Measurement], seed: int) -> CardSigma:
    """Programming error for a card from the write-verify files among the measurements; ``seed`` is the bootstrap's."""
    used: tuple[WriteVerify, ProgrammingErrors] | None = None
    unused = []
    for m in measurements:
        if not isinstance(m, WriteVerify):
            continue
        if used:
            why = f"the card has one programming error, of {used[0].origin.name}"
            unused.append(f"{m.origin.name}: is not used: {why}")
            continue
        try:
            used = m, programming_errors(m, seed)
        except InputError as error:
            unused.append(f"{m.origin.name}: is not used: {str(error).removeprefix(f'{m.origin.path}: ')}")
    if used is None:
        return CardSigma(None, None, None, tuple(unused))
    return CardSigma(*used, _on_card(used[1], used[0].origin.name), tuple(unused))


def _on_card(data: ProgrammingErrors, file: str) -> ProgrammingError:
    slope, offset = _not_negative(data)
    return ProgrammingError(
        slope=_quantity(slope, float(data.slope[0]), data, file),
        offset=_quantity(offset / _UNIT_SIEMENS, float(data.offset[0]) / _UNIT_SIEMENS, data, file),
        unit_siemens=Quantity(value=_UNIT_SIEMENS, provenance="assumed", note="uS: a unit, no measurement"),
    )


def _not_negative(data: ProgrammingErrors) -> tuple[Array, Array]:
    """Slope and offset (S) of the likeliest line of which neither is negative, in each sample, shape (rows,).

    Where one of the free line is, that of the best is 0. What is left has a closed form: the quadratic mean of the
    errors, or of their ratios to the targets.
    """
    counts = data.samples.counts[0]
    ratio = np.sqrt(counts @ (data.error_siemens / data.target_siemens) ** 2 / counts.sum(axis=1))
    through_zero, flat = data.offset < 0, data.slope < 0
    slope = np.where(through_zero, ratio, np.where(flat, 0.0, data.slope))
    return slope, np.where(flat, sigma_rms(data), np.where(through_zero, 0.0, data.offset))


def _quantity(values: Array, free: float, data: ProgrammingErrors, file: str) -> Quantity:
    drawn = data.samples.drawn(values)
    return Quantity(
        value=rounded(float(values[0]), DIGITS),
        uncertainty=rounded(float(np.std(drawn)), 2) if len(drawn) else None,
        provenance="measured",
        note=f"{file}; a free line has {free:.3g} here: fitted again with 0" if free < 0 else file,
    )
