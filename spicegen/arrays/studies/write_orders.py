"""Study of how well an array can be programmed: write-verify in every order, compared with the card's sigma(G)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from netlists import ArrayConfig, ArrayProgram
from spicegen.arrays.identity import array_identity
from spicegen.arrays.program import run_array_program
from spicegen.arrays.write_verify import ORDERS, Order, WritePlan, Written, write_verify
from spicegen.devices.programming import conductances, program_devices, sigma_of
from spicegen.progress import counter
from spicegen.simulate import REFERENCE, simulator

Array = NDArray[np.float64]
AFTER_S = 1000.0
"""Rest of the array between programming and the second look at its conductances, s."""


@dataclass(frozen=True, eq=False)
class OrderResult:
    """Outcome of programming in one order.

    Attributes:
        written: the array after programming.
        later_siemens: conductances ``AFTER_S`` later, shape (rows, columns), S.
    """

    written: Written
    later_siemens: Array


@dataclass(frozen=True, eq=False)
class ProgrammingStudy:
    """Result of ``study programming``.

    Attributes:
        config: description of the array; its cells' conductances are the targets.
        card: card of its devices.
        sigma_siemens: the card's programming error at each target, shape (rows, columns), S.
        results: outcomes, one for each order.
    """

    config: ArrayConfig
    card: DeviceCard
    sigma_siemens: Array
    results: tuple[OrderResult, ...]

    head: ClassVar[tuple[str, ...]] = (
        "order",
        "rms / sigma",
        "largest",
        "verified",
        "1000 s later",
        "off",
        "pulses",
        "time / s",
    )

    def errors(self, g_siemens: Array) -> Array:
        """Programming errors (G - target) / sigma(target) of the working cells, shape (cells,), dimensionless."""
        devices, target = self.results[0].written.devices, self.results[0].written.target_siemens
        return np.asarray(((g_siemens - target) / self.sigma_siemens)[devices.alive])

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the table of orders."""
        return [self._row(r) for r in self.results]

    def _row(self, r: OrderResult) -> tuple[object, ...]:
        w = r.written
        found = self.errors(w.g_siemens)
        return (
            w.plan.order,
            _rms(found),
            float(np.abs(found).max()),
            _rms(self.errors(w.verified_siemens)),
            _rms(self.errors(r.later_siemens)),
            int(np.count_nonzero(np.abs(found) > 1)),
            float(w.pulses[w.devices.alive].mean()),
            w.time_s,
        )

    @property
    def summary(self) -> str:
        """The result of the study in one sentence."""
        best = min(self.results, key=lambda r: _rms(self.errors(r.written.g_siemens)))
        return (
            f"Programmed best in the order '{best.written.plan.order}': an error of "
            f"{_rms(self.errors(best.written.g_siemens)):.2f} sigma(G), rms"
        )

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            **array_identity(self.config, self.card),
            "sigma_siemens": self.sigma_siemens,
            "orders": [
                {
                    "plan": asdict(r.written.plan),
                    "target_siemens": r.written.target_siemens,
                    "g_siemens": r.written.g_siemens,
                    "later_siemens": r.later_siemens,
                    "pulses": r.written.pulses,
                    "time_s": r.written.time_s,
                }
                for r in self.results
            ],
        }


def study_programming(config: ArrayConfig, card: DeviceCard, orders: tuple[Order, ...] = ORDERS) -> ProgrammingStudy:
    """Program an array from the window's bottom to the config's cells, once in each order.

    Raises:
        CardError: the card has no programming_error to compare with.
        SimulationError: a transient failed.
    """
    error, window = sigma_of(card), card.window()
    target, stuck = config.draw_cells(*window), config.draw_stuck(*window)
    fresh = program_devices(
        card, np.full(target.shape, window[0]), config.seed, programming_error=False,
        device_to_device=config.device_to_device,
    ).devices  # fmt: skip
    fresh = replace(fresh, stuck_siemens=stuck)
    sigma = error.sigma_siemens(target)
    crossbar, engine = config.crossbar(np.zeros(target.shape)), simulator(REFERENCE)
    first = WritePlan.of(card)
    results = []
    for n, order in enumerate(orders):
        with counter(f"programming, {order} ({n + 1} of {len(orders)})", target.size) as progress:
            plan = replace(first, order=order, v_read_volt=config.v_read_volt)
            written = write_verify(crossbar, fresh, target, sigma, plan, engine, config.seed, progress)
        rest = ArrayProgram(config.rows, config.columns)
        rest.rest(AFTER_S)
        later = run_array_program(crossbar, written.devices, rest, engine, 1e-4)
        results.append(OrderResult(written, conductances(later.devices)))
    return ProgrammingStudy(config, card, sigma, tuple(results))


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
