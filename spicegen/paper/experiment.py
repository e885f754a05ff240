"""What an experiment of the paper is: programs run on simulated devices, figures of merit and a picture out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

import numpy as np
from matplotlib.figure import FigureBase
from numpy.typing import NDArray

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen.devices.source_meter import PulseRecord
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.program_runner import ProgramRunner

Array = NDArray[np.float64]
Records = Mapping[str, PulseRecord]


@dataclass(frozen=True, eq=False)
class PaperTrend:
    """A qualitative statement of the paper as measured numbers.

    Attributes:
        shown: the numbers as text.
        margins: one a condition; the trend holds if all are positive.
    """

    shown: str
    margins: Array

    @property
    def holds(self) -> bool:
        """Whether every condition is met."""
        return bool(np.all(self.margins > 0))


@dataclass(frozen=True, eq=False)
class Findings:
    """What an experiment says about rows of the paper's table.

    Attributes:
        numbers: row id -> figure of merit, in the row's unit.
        trends: row id -> trend.
        demands: what a figure shows without a word in the table: name -> conditions. Fits keep them.
        remarks: sentences for the report: what is not in the paper's table.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    trends: Mapping[str, PaperTrend] = field(default_factory=dict)
    demands: Mapping[str, PaperTrend] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


Data = TypeVar("Data")


class Experiment(ABC, Generic[Data]):
    """One figure of the paper.

    Attributes:
        name: short, for the command line.
        title: for the report.
        tolerance: largest relative difference of anything observed in a circuit simulator from the native engine.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    tolerance: ClassVar[float] = 1e-2

    @abstractmethod
    def measure(self, runner: ProgramRunner, a: Assumptions) -> Data:
        """Do it.

        Raises:
            SimulationError: the runner's simulator failed.
        """

    @abstractmethod
    def observed(self, data: Data) -> Array:
        """Every measured value in a fixed order, to compare simulators; none is zero."""

    @abstractmethod
    def findings(self, data: Data, a: Assumptions) -> Findings:
        """The figures of merit."""

    @abstractmethod
    def draw(self, figure: FigureBase, data: Data, a: Assumptions) -> None:
        """The paper's layout of the figure, with what the paper prints."""


class PulseExperiment(Experiment[Records]):
    """An experiment that is pulse programs on fresh devices."""

    @abstractmethod
    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Every program by a label."""

    def measure(self, runner: ProgramRunner, a: Assumptions) -> Records:
        """All programs."""
        return runner.run(self.programs(runner.card, a))

    def observed(self, data: Records) -> Array:
        """All conductances, S: wherever there was a voltage."""
        voltage = np.concatenate([r.voltage_volt for r in data.values()])
        current = np.concatenate([r.current_amp for r in data.values()])
        return np.asarray(current[voltage != 0] / voltage[voltage != 0])


def rising(values: Array) -> Array:
    """Margins of a sequence that must rise: its differences."""
    return np.diff(values)


def listed(values: Array) -> str:
    """Numbers as the table shows them."""
    return ", ".join(f"{v:.3g}" for v in values)
