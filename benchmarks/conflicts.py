"""What the paper's figures of merit cost each other: is figure 2d's volatility a fault of the fit or of the data?

The fit of the shipped card is repeated with one more demand each time: of the change that figure 2d's potentiation
makes, a given share is still there 1000 s later. Printed: what the fit reaches, its misfit to the paper's rows, and
the rows that go red. Each line takes minutes; done work is kept in the folder given.

    python benchmarks/conflicts.py FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen.files import output_folder
from spicegen.paper import DEVICE_EXPERIMENTS, Assumptions, Findings, PaperTrend, ProgramRunner, PulseExperiment
from spicegen.paper.cycling import SPIKES_PER_BRANCH
from spicegen.paper.cycling import figure_2d as train_2d
from spicegen.paper.experiment import Records
from spicegen.paper.fit import fit_paper, paper_fit
from spicegen.paper.fit_residuals import FITTED
from spicegen.paper.reproduce import reproduce
from spicegen.simulate import REFERENCE, simulator

MODEL = "li_intercalation"
DEMANDED = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7)
WAIT_S = 1000.0


class Kept(PulseExperiment):
    """Figure 2d's potentiation, then rest.

    Args:
        demanded: share of the change that must be left.
    """

    title = "Figure 2d, kept"

    def __init__(self, demanded: float) -> None:
        self.demanded = demanded
        self.name = f"kept-{demanded:g}"  # type: ignore[misc]  # one class, several experiments

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """The first branch."""
        train = train_2d(a.period_2d_s)
        program = PulseProgram()
        program.read()
        program.train(train.amplitudes_volt[:SPIKES_PER_BRANCH], train.width_s, train.period_s)
        program.end_stage(train.width_s / 20)
        program.relax([WAIT_S])
        return {"branch": program}

    def share(self, records: Records) -> float:
        """Of the change, after the wait."""
        g = records["branch"].conductance_siemens
        return float((g[-1] - g[0]) / (g[SPIKES_PER_BRANCH] - g[0]))

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The demand."""
        share = self.share(records)
        margin = np.log(max(share, 1e-6) / self.demanded) if self.demanded else 1.0
        return Findings(demands={"kept_2d": PaperTrend(f"{share:.3g}", np.array([margin]))})


def main() -> None:
    folder = output_folder(Path(sys.argv[1]))
    shipped = paper_fit(MODEL)
    names = [e.name for e in FITTED]
    print("| demanded | kept | misfit | worst number | red rows | trends that fail |")
    print("|---|---|---|---|---|---|")
    for demanded in DEMANDED:
        experiment = Kept(demanded)
        report = fit_paper(
            shipped, cache_folder=output_folder(folder / f"{demanded:g}"), experiments=[*FITTED, experiment]
        )
        kept = experiment.share(experiment.measure(ProgramRunner(report.card, simulator(REFERENCE)), Assumptions()))
        found = reproduce(report.card, only=[n for n in names if n in DEVICE_EXPERIMENTS])
        misfit = sum(t.value**2 for t in report.after if t.experiment != experiment.name)
        errors = {
            row.target.id: row.target.relative_error(float(next(iter(row.results.values()))))
            for row in found.rows
            if row.results and row.target.kind == "number"
        }
        worst = max(errors, key=lambda row: abs(errors[row] or 0.0))
        red = ", ".join(r.target.id for r in found.rows if r.verdict == "MISSES") or "none"
        failing = ", ".join(r.target.id for r in found.rows if r.verdict == "FAILS") or "none"
        print(
            f"| {demanded:g} | {kept:.3f} | {misfit:.1f} | {worst} {100 * (errors[worst] or 0.0):+.0f} % "
            f"| {red} | {failing} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
