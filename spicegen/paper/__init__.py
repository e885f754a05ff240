"""The paper's experiments: Baek et al., Nano-Micro Lett. 15:69 (2023). One module for each group of figures."""

from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Experiment, Findings, FindingsTable, PaperTrend, PulseExperiment
from spicegen.paper.program_runner import ProgramRunner
from spicegen.paper.registry import DEVICE_EXPERIMENTS, chosen_experiments
from spicegen.paper.targets import Target, paper_targets, paper_value

__all__ = [
    "DEVICE_EXPERIMENTS",
    "Assumptions",
    "Experiment",
    "Findings",
    "FindingsTable",
    "PaperTrend",
    "ProgramRunner",
    "PulseExperiment",
    "Target",
    "chosen_experiments",
    "paper_targets",
    "paper_value",
]
