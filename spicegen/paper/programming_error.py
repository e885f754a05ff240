"""Figure 6c: the programming error, measured again by the paper's procedure."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import FigureBase

from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Experiment, Findings
from spicegen.paper.program_runner import ProgramRunner
from spicegen.paper.sigma_of_g import SigmaMeasurement, measure_sigma
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, PAPER, axes


class Figure6c(Experiment[SigmaMeasurement]):
    """Standard deviation against conductance."""

    name = "fig6c"
    title = "Figure 6c: programming error"
    repetitions = 40

    def measure(self, runner: ProgramRunner, a: Assumptions) -> SigmaMeasurement:
        """60 programmings of each of 25 states; natively many times over."""
        return measure_sigma(runner.card, runner.simulator.name, repetitions=self.repetitions)

    def observed(self, data: SigmaMeasurement) -> Array:
        """The standard deviations of the one measurement that the runner's simulator made, S."""
        return data.sigma_siemens

    def findings(self, data: SigmaMeasurement, a: Assumptions) -> Findings:
        """The line, as the mean over all measurements: one of them scatters more than the verdict's limits."""
        line = data.line
        slopes, offsets = np.append(data.slopes, line.slope), np.append(data.offsets, line.offset)
        remark = (
            f"The points are one measurement: slope {line.slope:.4f} ± {line.slope_error:.4f}, "
            f"offset {line.offset:.4f} ± {line.offset_error:.4f}. The table's numbers are the mean of it and of "
            f"{len(data.repetitions)} that the native engine read; they scatter by {np.std(slopes, ddof=1):.4f} "
            f"and {np.std(offsets, ddof=1):.4f}."
        )
        numbers = {"sigma_slope": float(np.mean(slopes)), "sigma_offset": float(np.mean(offsets))}
        return Findings(numbers, remarks=(remark,))

    def draw(self, figure: FigureBase, data: SigmaMeasurement, a: Assumptions) -> None:
        """Sigma against G with the fitted and the paper's line."""
        error = data.card.programming_error
        assert error is not None
        to_micro = 1e6 * error.unit_siemens.value
        g = data.target_siemens / error.unit_siemens.value
        ax = axes(figure, title="6c  Programming error", x="conductance (µS)", y="σ (µS)")
        measured, spread = 1e6 * data.sigma_siemens, 1e6 * data.sigma_error_siemens
        ax.errorbar(to_micro * g, measured, spread, fmt="o", ms=3, lw=0.8, color=COLOURS[0])
        fitted = f"fitted: σ = {data.line.slope:.4f} G + {data.line.offset:.4f}"
        paper, offset = paper_value("sigma_slope"), paper_value("sigma_offset")
        ax.plot(to_micro * g, to_micro * (data.line.slope * g + data.line.offset), color=COLOURS[0], lw=1, label=fitted)
        law = f"paper: σ = {paper:.4f} G + {offset:.5f}"
        ax.plot(to_micro * g, to_micro * (paper * g + offset), "--", color=PAPER, lw=0.8, label=law)
        ax.set_ylim(bottom=0)
        ax.legend(frameon=False, fontsize=8, loc="lower right")
