"""Figures 2b and S2: voltage sweeps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen.experiments.assumptions import Assumptions
from spicegen.experiments.base import Findings, PulseExperiment, Records, Trend, listed, rising
from spicegen.plotting import COLOURS, axes

_POINTS = 40
"""Samples of a leg of a sweep."""
_FINE = 10
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

    def draw(self, figure: Figure, records: Records, a: Assumptions) -> None:
        """Current against voltage, and the peaks."""
        record = records["sweeps"]
        left = axes(figure, 121, title=self.title, x="voltage (V)", y="|current| (µA)")
        for n in range(2 * self.sweeps):
            part = slice(n * 2 * _POINTS, (n + 1) * 2 * _POINTS)
            colour = COLOURS[0] if n < self.sweeps else COLOURS[1]
            left.plot(record.voltage_volt[part], 1e6 * np.abs(record.current_amp[part]), color=colour, lw=0.8)
        right = axes(figure, 122, title="Peak conductance", x="sweep", y="relative to the first sweep")
        up, down = self._peaks(records)
        number = np.arange(1, self.sweeps + 1)
        right.plot(number, up / up[0], "o-", color=COLOURS[0], ms=4, label="negative sweeps")
        right.plot(number, down / down[0], "s-", color=COLOURS[1], ms=4, label="positive sweeps")
        right.legend(frameon=False, fontsize=8)


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
        trend = Trend(f"loop area relative to 0.5 V/s: {listed(areas / areas[0])}", -rising(np.log(areas)))
        return Findings(trends={"sweep_rate": trend})

    def draw(self, figure: Figure, records: Records, a: Assumptions) -> None:
        """The loops, and their areas."""
        left = axes(figure, 121, title=self.title, x="voltage (V)", y="|current| (µA)")
        for n, rate in enumerate(self.rates):
            record = records[f"{rate:g} V/s"]
            left.plot(
                record.voltage_volt, 1e6 * np.abs(record.current_amp), color=COLOURS[n], lw=1, label=f"{rate:g} V/s"
            )
        left.legend(frameon=False, fontsize=7)
        right = axes(figure, 122, title="Loop area", x="sweep rate (V/s)", y="area (µV A)")
        right.loglog(self.rates, 1e6 * self._areas(records), "o-", color=COLOURS[0], ms=4)
