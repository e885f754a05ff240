"""Figures 2b and S2: voltage sweeps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PaperTrend, PulseExperiment, Records, listed, rising

LEG_SAMPLES = 40
"""Number of samples of a leg of a sweep."""
_FINE = 25
"""Least number of steps of a circuit simulator between two samples: after each sample it starts again with its
method of first order."""


def _step(peak_volt: float, rate_volt_per_s: float) -> float:
    """Time between two samples, s."""
    return abs(peak_volt) / rate_volt_per_s / LEG_SAMPLES


def _sweep(program: PulseProgram, peak_volt: float, rate_volt_per_s: float) -> None:
    """Append a sweep 0 -> peak -> 0, sampled after each of its steps."""
    step_s = _step(peak_volt, rate_volt_per_s)
    for level in (*range(1, LEG_SAMPLES + 1), *range(LEG_SAMPLES - 1, -1, -1)):
        program.ramp(peak_volt * level / LEG_SAMPLES, step_s)
        program.sample()


class Figure2b(PulseExperiment):
    """Ten negative, then ten positive DC sweeps."""

    name = "fig2b"
    title = "Figure 2b: DC sweeps at 0.5 V/s"
    sweeps, rate = 10, 0.5

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One program of all sweeps, with peaks of 1 V."""
        program = PulseProgram()
        for peak in (-1.0,) * self.sweeps + (1.0,) * self.sweeps:
            _sweep(program, peak, self.rate)
        program.end_stage(_step(1.0, self.rate) / _FINE)
        return {"sweeps": program}

    def peak_conductances(self, records: Records) -> tuple[Array, Array]:
        """Conductance at the peak of each negative and of each positive sweep, shape (sweeps,) each, S."""
        record = records["sweeps"]
        at = np.arange(2 * self.sweeps) * 2 * LEG_SAMPLES + LEG_SAMPLES - 1
        g = record.current_amp[at] / record.voltage_volt[at]
        return g[: self.sweeps], g[self.sweeps :]

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Ratio of the peak conductance of the last sweep to that of the first, of either sign."""
        up, down = self.peak_conductances(records)
        return Findings(numbers={"dc_up": up[-1] / up[0], "dc_down": down[-1] / down[0]})


class FigureS2(PulseExperiment):
    """Hysteresis against sweep rate."""

    name = "figS2"
    title = "Figure S2: hysteresis against sweep rate"
    rates = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A program of one sweep for each rate."""
        programs = {}
        for rate in self.rates:
            program = PulseProgram()
            _sweep(program, a.sweep_s2_volt, rate)
            program.end_stage(_step(a.sweep_s2_volt, rate) / _FINE)
            programs[f"{rate:g} V/s"] = program
        return programs

    def loop_areas(self, records: Records) -> Array:
        """Area between the two legs of the loop at each rate, shape (rates,), V A."""
        loops = (records[f"{rate:g} V/s"] for rate in self.rates)
        return np.array([abs(np.trapezoid(r.current_amp, r.voltage_volt)) for r in loops])

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that the area of the loop falls as the rate rises."""
        areas = self.loop_areas(records)
        trend = PaperTrend(f"loop area relative to 0.5 V/s: {listed(areas / areas[0])}", -rising(np.log(areas)))
        return Findings(trends={"sweep_rate": trend})
