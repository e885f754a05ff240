"""Figure 6c: the programming error, measured again by the paper's procedure."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from spicegen.experiments.assumptions import Assumptions
from spicegen.experiments.base import Array, Experiment, Findings
from spicegen.experiments.lab import Lab
from spicegen.plotting import COLOURS, axes
from spicegen.sigma import SigmaMeasurement, measure_sigma
from spicegen.simulate import REFERENCE


class Figure6c(Experiment[SigmaMeasurement]):
    """Standard deviation against conductance."""

    name = "fig6c"
    title = "Figure 6c: programming error"
    repetitions = 100

    def measure(self, lab: Lab, a: Assumptions) -> SigmaMeasurement:
        """60 programmings of each of 25 states; natively many times over."""
        repetitions = self.repetitions if lab.simulator.name == REFERENCE else 0
        return measure_sigma(lab.card, lab.simulator.name, repetitions=repetitions)

    def observed(self, data: SigmaMeasurement) -> Array:
        """The standard deviations, S."""
        return data.sigma_siemens

    def findings(self, data: SigmaMeasurement, a: Assumptions) -> Findings:
        """The line, as the mean over repetitions: one measurement scatters more than the verdict's limits."""
        line = data.line
        single = (
            f"One measurement: {line.slope:.4f} ± {line.slope_error:.4f}, {line.offset:.4f} ± {line.offset_error:.4f}"
        )
        if not data.repetitions:
            return Findings({"sigma_slope": line.slope, "sigma_offset": line.offset}, remarks=(f"{single}.",))
        spread = f"{np.std(data.slopes, ddof=1):.4f} and {np.std(data.offsets, ddof=1):.4f}"
        remark = f"{single}; over {len(data.repetitions)} repetitions slope and offset scatter by {spread}."
        numbers = {"sigma_slope": float(np.mean(data.slopes)), "sigma_offset": float(np.mean(data.offsets))}
        return Findings(numbers, remarks=(remark,))

    def draw(self, figure: Figure, data: SigmaMeasurement, a: Assumptions) -> None:
        """Sigma against G with the fitted and the paper's line."""
        error = data.card.programming_error
        assert error is not None
        unit = error.unit_siemens.value
        g = data.target_siemens / unit
        ax = axes(figure, title=self.title, x="G (card's unit)", y="σ (card's unit)")
        ax.errorbar(g, data.sigma_siemens / unit, data.sigma_error_siemens / unit, fmt="o", ms=3, color=COLOURS[0])
        ax.plot(g, data.line.slope * g + data.line.offset, "--", color=COLOURS[1], label="fitted")
        ax.plot(g, error.slope.value * g + error.offset.value, color=COLOURS[5], lw=0.8, label="paper")
        ax.set_ylim(bottom=0)
        ax.legend(frameon=False, fontsize=8)
