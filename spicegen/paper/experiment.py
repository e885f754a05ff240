"""An experiment of the paper: what it runs on simulated devices, and the figures of merit that it takes from that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

import numpy as np
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
        shown: the measured numbers as text.
        margins: margin of each condition of the trend, shape (conditions,); the trend holds if all are positive.
    """

    shown: str
    margins: Array

    @property
    def holds(self) -> bool:
        """Whether every condition of the trend is met."""
        return bool(np.all(self.margins > 0))


@dataclass(frozen=True)
class FindingsTable:
    """A table of an experiment that the report shows as it is.

    Attributes:
        title: what it shows.
        head: headings of the columns.
        rows: a cell for each heading.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, eq=False)
class Findings:
    """What an experiment says about rows of the paper's table.

    Attributes:
        numbers: row id -> figure of merit, in the row's unit.
        trends: row id -> trend.
        demands: name -> what a figure shows that has no row in the table; fits must keep it.
        remarks: sentences for the report on what is not in the paper's table.
        tables: further tables for the report.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    trends: Mapping[str, PaperTrend] = field(default_factory=dict)
    demands: Mapping[str, PaperTrend] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    tables: tuple[FindingsTable, ...] = ()


Data = TypeVar("Data")


class Experiment(ABC, Generic[Data]):
    """One experiment of the paper: its figures of merit, and how a simulated device shows them.

    Experiments of rooms above this one register as entry points of the group ``spicegen.experiments`` (see
    ``spicegen.paper.registry``), their drawings in the group ``spicegen.drawings``
    (see ``spicegen.reports.paper.figures``).

    Attributes:
        name: short name, for the command line.
        title: title in the report.
        tolerance: largest relative difference of anything observed in a circuit simulator from the native engine.
        runs_by_default: whether it runs when no experiment is named; what trains networks runs only when named.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    tolerance: ClassVar[float] = 1e-2
    runs_by_default: ClassVar[bool] = True

    @abstractmethod
    def measure(self, runner: ProgramRunner, a: Assumptions) -> Data:
        """Run the experiment and return what was measured.

        Args:
            runner: the runner of pulse programs on the card's devices; it has the card and the simulator, too.
            a: numbers that the paper's text leaves open.

        Raises:
            SimulationError: the runner's simulator failed.
            MissingDataError: data sets that are no part of the project are not in the runner's folder.
        """

    @abstractmethod
    def observed(self, data: Data) -> Array:
        """Every measured value in a fixed order, shape (values,), to compare simulators; none is zero."""

    @abstractmethod
    def findings(self, data: Data, a: Assumptions) -> Findings:
        """The figures of merit of what was measured, for the rows of the paper's table."""


class PulseExperiment(Experiment[Records]):
    """An experiment that consists of pulse programs, each on a fresh device."""

    @abstractmethod
    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """The pulse programs of the experiment by their labels."""

    def measure(self, runner: ProgramRunner, a: Assumptions) -> Records:
        """Run all programs, and return their records by the programs' labels."""
        return runner.run(self.programs(runner.card, a))

    def observed(self, data: Records) -> Array:
        """All conductances where the voltage was not zero, shape (samples,), S."""
        voltage = np.concatenate([r.voltage_volt for r in data.values()])
        current = np.concatenate([r.current_amp for r in data.values()])
        return np.asarray(current[voltage != 0] / voltage[voltage != 0])


def rising(values: Array) -> Array:
    """Margins of a sequence that must rise: the differences of its values, shape (n - 1,)."""
    return np.diff(values)


def listed(values: Array) -> str:
    """Numbers as text with three digits, separated by commas."""
    return ", ".join(f"{v:.3g}" for v in values)
