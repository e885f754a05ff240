"""Figure 6c: the programming error, measured again by the paper's procedure."""

from __future__ import annotations

import numpy as np

from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Experiment, Findings
from spicegen.paper.program_runner import ProgramRunner
from spicegen.paper.sigma_of_g import SigmaMeasurement, measure_sigma


class Figure6c(Experiment[SigmaMeasurement]):
    """Standard deviation against conductance."""

    name = "fig6c"
    title = "Figure 6c: programming error"
    repetitions = 40

    def measure(self, runner: ProgramRunner, a: Assumptions) -> SigmaMeasurement:
        """Program each of 25 states 60 times and read them; the native engine repeats all of it many times."""
        return measure_sigma(runner.card, runner.simulator.name, repetitions=self.repetitions)

    def observed(self, data: SigmaMeasurement) -> Array:
        """Standard deviations of the one measurement that the runner's simulator made, shape (states,), S."""
        return data.sigma_siemens

    def findings(self, data: SigmaMeasurement, a: Assumptions) -> Findings:
        """Slope and offset of the line, as means over all measurements: one scatters more than a verdict's limits."""
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
