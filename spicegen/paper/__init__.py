"""The paper's experiments: Baek et al., Nano-Micro Lett. 15:69 (2023). One module a group of figures."""

from collections.abc import Mapping
from typing import Any

from spicegen.paper.activity import Figure4a, Figure4b, Figure4c, Figure4d
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.cycling import Figure2d, FigureS3
from spicegen.paper.experiment import Experiment, Findings, PaperTrend, PulseExperiment
from spicegen.paper.figures import PLATES, Plate, draw_plate
from spicegen.paper.program_runner import ProgramRunner
from spicegen.paper.programming_error import Figure6c
from spicegen.paper.retention import FigureS4, FigureS5
from spicegen.paper.sweeps import Figure2b, FigureS2
from spicegen.paper.table_1 import Table1
from spicegen.paper.tailoring import Figure4e
from spicegen.paper.targets import Target, paper_targets
from spicegen.paper.timing import Figure3a, Figure3b, Figure3cd, Figure3e, Figure3f

EXPERIMENTS: Mapping[str, Experiment[Any]] = {
    e.name: e
    for e in (
        Figure2b(),
        FigureS2(),
        Figure2d(),
        FigureS3(),
        Figure3a(),
        Figure3b(),
        Figure3cd(),
        Figure3e(),
        Figure3f(),
        Figure4a(),
        Figure4b(),
        Figure4c(),
        Figure4d(),
        Figure4e(),
        Figure6c(),
        FigureS4(),
        FigureS5(),
        Table1(),
    )
}
"""By name, in the paper's order."""

__all__ = [
    "EXPERIMENTS",
    "PLATES",
    "Assumptions",
    "Experiment",
    "Findings",
    "PaperTrend",
    "Plate",
    "ProgramRunner",
    "PulseExperiment",
    "Target",
    "draw_plate",
    "paper_targets",
]
