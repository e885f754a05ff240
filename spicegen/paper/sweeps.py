"""Figures 2b and S2: voltage sweeps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Findings, PaperTrend, PulseExperiment, Records, listed, rising
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, axes, paper_level

_POINTS = 40
"""Samples of a leg of a sweep."""
_FINE = 25
"""Least steps of a circuit simulator between two samples: after each it starts again with its method of first order."""


def _step(peak_volt: float, rate_volt_per_s: float) -> float:
    """Time between two samples, s."""
    return abs(peak_volt) / rate_volt_per_s / _POINTS


def _sweep(program: PulseProgram, peak_volt: float, rate_volt_per_s: float) -> None:
    """0 -> peak -> 0, sampled after each step of it."""
    step_s = _step(peak_volt, rate_volt_per_s)
    for level in (*range(1, _POINTS + 1), *range(_POINTS - 1, -1, -1)):
        program.ramp(peak_volt * level / _POINTS, step_s)
        program.sample()


class Figure2b(PulseExperiment):
    """Ten negative, then ten positive DC sweeps."""

    name = "fig2b"
    title = "Figure 2b: DC sweeps at 0.5 V/s"
    sweeps, rate = 10, 0.5

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One device, all sweeps; 1 V."""
        program = PulseProgram()
        for peak in (-1.0,) * self.sweeps + (1.0,) * self.sweeps:
            _sweep(program, peak, self.rate)
        program.end_stage(_step(1.0, self.rate) / _FINE)
        return {"sweeps": program}

    def _peaks(self, records: Records) -> tuple[np.ndarray, np.ndarray]:
        record = records["sweeps"]
        at = np.arange(2 * self.sweeps) * 2 * _POINTS + _POINTS - 1
        g = record.current_amp[at] / record.voltage_volt[at]
        return g[: self.sweeps], g[self.sweeps :]

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Ratio of the peak conductance of the last sweep to that of the first."""
        up, down = self._peaks(records)
        return Findings(numbers={"dc_up": up[-1] / up[0], "dc_down": down[-1] / down[0]})

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Current against voltage, and the peaks."""
        record = records["sweeps"]
        left = axes(figure, 121, title="2b  DC sweeps, 0.5 V/s", x="voltage (V)", y="|current| (µA)")
        shades = [colormaps[name](np.linspace(0.4, 1, self.sweeps)) for name in ("Blues", "Oranges")]
        for n, shade in enumerate(np.concatenate(shades)):
            part = slice(n * 2 * _POINTS, (n + 1) * 2 * _POINTS)
            left.plot(record.voltage_volt[part], 1e6 * np.abs(record.current_amp[part]), color=shade, lw=0.9)
        for n, text in ((1, "1st"), (self.sweeps, f"{self.sweeps}th")):
            peak = 1e6 * np.abs(record.current_amp[(n - 1) * 2 * _POINTS + _POINTS - 1])
            left.annotate(text, (-1, peak), (-4, 0), textcoords="offset points", ha="right", va="center", fontsize=8)
        left.set_xlim(-1.3, 1.05)
        right = axes(figure, 122, title="2b  Peak conductance", x="sweep", y="relative to the first sweep")
        up, down = self._peaks(records)
        number = np.arange(1, self.sweeps + 1)
        right.semilogy(number, up / up[0], "o-", color=COLOURS[0], ms=4, label="0 → −1 V → 0")
        right.semilogy(number, down / down[0], "s-", color=COLOURS[1], ms=4, label="0 → +1 V → 0")
        paper_level(right, paper_value("dc_up"), "paper: × 5", left=True)
        paper_level(right, paper_value("dc_down"), "paper: ÷ 5", below=True)
        right.set_ylim(0.14, 8)
        right.set_yticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
        right.minorticks_off()
        right.legend(frameon=False, fontsize=8, loc="center right")


class FigureS2(PulseExperiment):
    """Hysteresis against sweep rate."""

    name = "figS2"
    title = "Figure S2: hysteresis against sweep rate"
    rates = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One sweep a rate, each on a fresh device."""
        found = {}
        for rate in self.rates:
            program = PulseProgram()
            _sweep(program, a.sweep_s2_volt, rate)
            program.end_stage(_step(a.sweep_s2_volt, rate) / _FINE)
            found[f"{rate:g} V/s"] = program
        return found

    def _areas(self, records: Records) -> np.ndarray:
        """Area between the two legs of each loop, V A."""
        loops = (records[f"{rate:g} V/s"] for rate in self.rates)
        return np.array([abs(np.trapezoid(r.current_amp, r.voltage_volt)) for r in loops])

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The area of the loop falls as the rate rises."""
        areas = self._areas(records)
        trend = PaperTrend(f"loop area relative to 0.5 V/s: {listed(areas / areas[0])}", -rising(np.log(areas)))
        return Findings(trends={"sweep_rate": trend})

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """The loops, and their areas."""
        left = axes(figure, 121, title="S2  One sweep at each rate", x="voltage (V)", y="|current| (µA)")
        for n, rate in enumerate(self.rates):
            record = records[f"{rate:g} V/s"]
            amp = np.abs(record.current_amp)
            left.plot(record.voltage_volt, 1e6 * amp, color=COLOURS[n], lw=1, label=f"{rate:g} V/s")
        left.legend(frameon=False, fontsize=8)
        self._draw_areas(axes(figure, 122, title="S2  Hysteresis", x="sweep rate (V/s)", y="loop area (µW)"), records)

    def _draw_areas(self, ax: Axes, records: Records) -> None:
        ax.semilogx(self.rates, 1e6 * self._areas(records), "o-", color=COLOURS[0], ms=4)
        ax.set_xticks(self.rates, [f"{rate:g}" for rate in self.rates])
        ax.minorticks_off()
        ax.set_ylim(bottom=0)
