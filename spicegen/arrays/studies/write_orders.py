"""How well an array can be programmed: write-verify in every order, against the card's sigma(G)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models_va import DeviceCard
from netlists import ArrayConfig, ArrayProgram
from spicegen.arrays.program import run_array_program
from spicegen.arrays.write_verify import ORDERS, Order, WritePlan, Written, write_verify
from spicegen.devices.programming import conductances, program_devices, sigma_of
from spicegen.progress import counter
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure, whole_ticks
from spicegen.simulate import REFERENCE, simulator

Array = NDArray[np.float64]
AFTER_S = 1000.0
"""How long the array is left alone before its conductances are looked at again, s."""


@dataclass(frozen=True, eq=False)
class OrderResult:
    """One order's outcome.

    Attributes:
        written: what programming left behind.
        later_siemens: conductances ``AFTER_S`` later, shape (rows, columns), S.
    """

    written: Written
    later_siemens: Array


@dataclass(frozen=True, eq=False)
class ProgrammingStudy:
    """What ``study programming`` found.

    Attributes:
        config: the array; its cells' conductances are the targets.
        card: of its devices.
        sigma_siemens: the card's programming error at each target, shape (rows, columns), S.
        results: one per order.
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
        """(G - target) / sigma(target) of the working cells, shape (cells,)."""
        devices, target = self.results[0].written.devices, self.results[0].written.target_siemens
        return np.asarray(((g_siemens - target) / self.sigma_siemens)[devices.alive])

    def rows(self) -> list[tuple[object, ...]]:
        """The table of orders."""
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
        """The result in a sentence."""
        best = min(self.results, key=lambda r: _rms(self.errors(r.written.g_siemens)))
        return (
            f"Programmed best in the order '{best.written.plan.order}': an error of "
            f"{_rms(self.errors(best.written.g_siemens)):.2f} sigma(G), rms"
        )

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "array": self.config.model_dump(mode="json"),
            "card": self.card.name,
            "card_hash": self.card.hash,
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

    def page(self) -> Page:
        """The report page."""
        c, plan = self.config, self.results[0].written.plan
        page = Page(f"Programming a {c.rows} x {c.columns} passive array", self.summary)
        page.section(
            "Orders",
            "Errors are (G - target) / sigma(target) with the card's sigma(G), G at 0 V. A cell is left alone when a "
            "read through the array's wires is within one sigma of its target. 'As verified' is the error at that "
            "moment; what the others' writes and time have done to the cell since shows in the difference. 'Off': "
            "cells beyond one sigma at the end. Pulses: mean of a cell. Time: on the array.",
        )
        page.table(self.head, self.rows())
        page.figure(
            self.distribution(),
            "Distribution of the errors, and the card's own, as a normal distribution; what is beyond 6 is shown at 6.",
        )
        page.figure(self.maps(), "Where the errors are: rows and columns of the array.")
        page.section("The plan")
        page.table(("quantity", "value"), [(k, v) for k, v in asdict(plan).items() if k != "order"])
        return page

    def distribution(self) -> Figure:
        """Histograms of the errors, one panel an order."""
        figure = new_figure(9.5, 5.2)
        normal = np.linspace(-4, 4, 200)
        for n, r in enumerate(self.results):
            ax = axes(figure, 221 + n, title=r.written.plan.order, x="error / sigma(G)", y="density")
            found = np.clip(self.errors(r.written.g_siemens), -6, 6)
            later = np.clip(self.errors(r.later_siemens), -6, 6)
            bins = np.linspace(-6, 6, 25).tolist()
            ax.hist(found, bins=bins, density=True, color=COLOURS[0], label="at the end")
            ax.hist(later, bins=bins, density=True, histtype="step", color=COLOURS[1], label=f"{AFTER_S:g} s later")
            ax.plot(normal, np.exp(-(normal**2) / 2) / np.sqrt(2 * np.pi), "--", lw=1, color="0.3", label="the card's")
            if n == 0:
                ax.legend(fontsize=8, frameon=False)
        return figure

    def maps(self) -> Figure:
        """Maps of the errors, one panel an order."""
        figure = new_figure(9.5, 2.8)
        for n, r in enumerate(self.results):
            w = r.written
            ax = axes(figure, 141 + n, title=w.plan.order, x="column", y="row" if n == 0 else "")
            error = np.where(w.devices.alive, (w.g_siemens - w.target_siemens) / self.sigma_siemens, np.nan)
            image = ax.imshow(error, cmap="RdBu_r", vmin=-4, vmax=4, aspect="auto")
            whole_ticks(ax)
        figure.colorbar(image, ax=figure.axes, shrink=0.9, label="error / sigma(G)")
        return figure


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
    results = []
    for n, order in enumerate(orders):
        with counter(f"programming, {order} ({n + 1} of {len(orders)})", target.size) as progress:
            plan = WritePlan(order=order, v_read_volt=config.v_read_volt)
            written = write_verify(crossbar, fresh, target, sigma, plan, engine, config.seed, progress)
        rest = ArrayProgram(config.rows, config.columns)
        rest.rest(AFTER_S)
        later = run_array_program(crossbar, written.devices, rest, engine, 1e-4)
        results.append(OrderResult(written, conductances(later.devices)))
    return ProgrammingStudy(config, card, sigma, tuple(results))


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
