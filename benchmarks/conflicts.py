"""What the paper's figures of merit cost each other: how much of figure 2d's potentiation can stay, and at what price?

The shipped card is fitted again with another demand each time: of the change that figure 2d's potentiation makes, a
given share is still there 1000 s later. Each fit begins at the shipped card. Printed: what the fit reaches, its misfit
to the paper's rows, its worst number, and the rows that fail. Each line takes minutes; done work is kept in the folder.

    python benchmarks/conflicts.py FOLDER [SHARE ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from models_va import load_card
from spicegen.files import output_folder
from spicegen.paper import Assumptions, ProgramRunner
from spicegen.paper.fit import PaperFit, PaperFitReport, fit_paper, paper_fit
from spicegen.paper.fit_residuals import FITTED
from spicegen.paper.reproduce import reproduce
from spicegen.paper.retention import Kept2d
from spicegen.simulate import REFERENCE, simulator

MODEL = "li_intercalation"
DEMANDED = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9)


def from_the_card(shipped: PaperFit) -> PaperFit:
    """The setting of a fit that begins at the shipped card and assumptions instead of at first digits."""
    card, assumed = load_card(shipped.card), Assumptions()

    def begun(ranges, value):
        return {name: r.model_copy(update={"start": value(name)}) for name, r in ranges.items()}

    parameters = begun(shipped.parameters, card.values.__getitem__)
    return shipped.model_copy(
        update={"parameters": parameters, "assumptions": begun(shipped.assumptions, lambda n: getattr(assumed, n))}
    )


def line(demanded: float, report: PaperFitReport) -> str:
    """The row of the table on one fit."""
    kept = Kept2d(demanded)
    assumptions = report.assumptions.with_values({"endurance_cycles": 350})
    runner = ProgramRunner(report.card, simulator(REFERENCE))
    share = kept.kept(kept.measure(runner, assumptions))[-1, -1]
    found = reproduce(report.card, only=[e.name for e in FITTED], assumptions=assumptions)
    misfit = sum(t.value**2 for t in report.after if t.experiment != kept.name)
    numbers = [r for r in found.rows if r.results and r.target.kind == "number"]
    worst = max(numbers, key=lambda row: abs(row.relative_error))
    red = {word: [r.target.id for r in found.rows if r.verdict == word] for word in ("MISSES", "FAILS")}
    listed = [", ".join(names) or "none" for names in red.values()]
    worst_shown = f"{worst.target.id} {100 * worst.relative_error:+.0f} %"
    return f"| {demanded:g} | {share:.3f} | {misfit:.1f} | {worst_shown} | {listed[0]} | {listed[1]} |"


def main() -> None:
    folder = output_folder(Path(sys.argv[1]))
    setting = from_the_card(paper_fit(MODEL))
    print("| demanded | kept | misfit | worst number | numbers that miss | trends that fail |")
    print("|---|---|---|---|---|---|")
    for demanded in map(float, sys.argv[2:] or DEMANDED):
        experiments = [Kept2d(demanded) if isinstance(e, Kept2d) else e for e in FITTED]
        cache_folder = output_folder(folder / f"{demanded:g}")
        report = fit_paper(setting, cache_folder=cache_folder, experiments=experiments)
        (folder / f"{demanded:g}.yaml").write_text(report.card.to_yaml())
        print(line(demanded, report), flush=True)


if __name__ == "__main__":
    main()
