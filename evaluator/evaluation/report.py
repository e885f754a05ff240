"""Report: the result of an evaluation, as an object and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from evaluator.circuit import CircuitReport
from evaluator.evaluation.diagnosis import LayerReport, TileSample
from evaluator.hardware.programmed import Hardware
from evaluator.scores import Score, image_interval, mean_interval, paired_difference
from evaluator.settings import ARRAY_KEYS
from models_va import Quantity
from spicegen.devices.memory_state import memory
from spicegen.devices.pulsed_states import pulsed_states
from spicegen.devices.read_curve import ReadCurve
from spicegen.devices.write_pulses import card_pulses


@dataclass(frozen=True, eq=False)
class Report:
    """The result of ``evaluate``.

    Attributes:
        model, data: the files.
        hardware: device, arrays, mapping, converters, errors and seed.
        n_images: number of images that were judged.
        calibration: source of the images for ranges and corrections; empty if none were needed.
        baseline: score of the network in floating point, by onnxruntime.
        trials: score of each independent programming; a single one where nothing is random.
        uncompensated: scores of the trials without compensation, with the same random numbers, all tiles by the
            operator; None: nothing is compensated.
        circuits: tiles that went to a circuit simulator; None: none was to.
        layers: the mapped layers in the order of the graph.
        sample: one tile of the largest layer.
        seconds: wall time of the evaluation, s.

    """

    model: str
    data: str
    hardware: Hardware
    n_images: int
    calibration: str
    baseline: Score
    trials: tuple[Score, ...]
    uncompensated: tuple[Score, ...] | None
    circuits: CircuitReport | None
    layers: tuple[LayerReport, ...]
    sample: TileSample
    seconds: float

    @property
    def accuracy_float(self) -> float:
        """Share of images that the network classifies rightly in floating point."""
        return self.baseline.top1

    @property
    def accuracy_trials(self) -> tuple[float, ...]:
        """Share of images that are classified rightly on the arrays, for each programming."""
        return tuple(s.top1 for s in self.trials)

    @property
    def accuracy_hardware(self) -> float:
        """Mean of the arrays' accuracy over the programmings."""
        return float(np.mean(self.accuracy_trials))

    @property
    def accuracy_ci95(self) -> tuple[float, float] | None:
        """95 % Student-t interval of the mean over random programmings; None for fewer than three, or equal ones.

        It is about these very images: how well they stand for others is not in it.
        """
        return mean_interval(self.accuracy_trials)

    @property
    def accuracy_images_ci95(self) -> tuple[float, float]:
        """95 % binomial interval of the mean over other images like these, on the same arrays."""
        return image_interval(self.accuracy_hardware, self.n_images)

    @property
    def accuracy_std(self) -> float | None:
        """Standard deviation of the accuracy from programming to programming; None for a single one."""
        return float(np.std(self.accuracy_trials, ddof=1)) if len(self.trials) > 1 else None

    @property
    def bought_back(self) -> tuple[float, tuple[float, float] | None] | None:
        """Accuracy that the compensation gains, trial by trial, with its interval; None: nothing is compensated.

        Both by the operator: what circuit simulators change is no part of it.
        """
        if self.uncompensated is None:
            return None
        compensated = self.trials if self.circuits is None else self.circuits.operator_trials
        return paired_difference([s.top1 for s in self.uncompensated], [s.top1 for s in compensated])

    @property
    def top5(self) -> dict[str, float] | None:
        """Top-5 accuracy, ``float`` and ``hardware`` (mean); None up to ten classes."""
        hardware = [s.top5 for s in self.trials if s.top5 is not None]
        if self.baseline.top5 is None:
            return None
        return {"float": self.baseline.top5, "hardware": float(np.mean(hardware))}

    @property
    def read_curve(self) -> ReadCurve | None:
        """The I-V curve that the reads follow, with its errors; None: currents are proportional to voltages."""
        return self.hardware.read_curve if self.hardware.config.errors.nonlinearity else None

    @property
    def drift(self) -> str | None:
        """A sentence that states what the drift assumes of how the weights were written; None: there is no drift."""
        card, errors = self.hardware.card, self.hardware.config.errors
        if errors.time_s == 0:
            return None
        if errors.after == "verified":
            return (
                "The drift assumes that write-verify left every weight in the state that lasts "
                f"({memory(card).description}), with nothing volatile beside it (errors.after: verified)."
            )
        pulses, (low, high) = card_pulses(card), pulsed_states(card).reach()
        return (
            f"The drift assumes that the card's own write pulses, of {pulses.up_volt:g} V and {pulses.width_s:g} s, "
            "left every weight, so that a part of it is volatile (errors.after: pulses). The pulses reach "
            f"{low * 1e6:.4g} to {high * 1e6:.4g} µS; a conductance beyond is put at the nearer end."
        )

    @property
    def tiles(self) -> int:
        """Number of tiles of all layers."""
        return sum(layer.tiles for layer in self.layers)

    @property
    def devices(self) -> int:
        """Number of devices of all layers."""
        return sum(layer.devices for layer in self.layers)

    @property
    def costs(self) -> dict[str, float]:
        """Converters of all layers, the part of the tiles that is used, and the estimated energy of an inference, J."""
        costs = [layer.costs for layer in self.layers]
        cells = self.hardware.config.array.rows * self.hardware.config.array.columns
        return {
            "utilisation": self.devices / (self.tiles * cells),
            "dacs": sum(c.dacs for c in costs),
            "adcs": sum(c.adcs for c in costs),
            "array_joule": sum(c.array_joule for c in costs),
            "dac_joule": sum(c.dac_joule for c in costs),
            "adc_joule": sum(c.adc_joule for c in costs),
        }

    @property
    def assumptions(self) -> dict[str, Quantity]:
        """The card's entries that the result rests on, each with its provenance."""
        card, spread = self.hardware.card, self.hardware.spread
        parts = [p for p in (card.conductance_window, spread) if isinstance(p, BaseModel)]
        return {name: getattr(part, name) for part in parts for name in type(part).model_fields}

    @property
    def summary(self) -> str:
        """The result in one line."""
        interval = self.accuracy_ci95
        spread = f" (95 % CI {interval[0]:.2%} to {interval[1]:.2%})" if interval else ""
        count = f"{len(self.trials)} random programmings" if len(self.trials) > 1 else "one programming"
        return (
            f"{self.accuracy_hardware:.2%}{spread} on the arrays, "
            f"{self.accuracy_float:.2%} in floating point; {self.n_images} image{'s' * (self.n_images != 1)}, {count}"
        )

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        card = self.hardware.card
        return {
            "model": self.model,
            "data": self.data,
            "card": {"name": card.name, "hash": card.hash},
            "hardware": self.hardware.config.model_dump(mode="json", exclude={"array"}),
            "array": self.hardware.config.array.model_dump(include=set(ARRAY_KEYS)),
            "accuracy_float": self.accuracy_float,
            "accuracy_hardware": self.accuracy_hardware,
            "accuracy_trials": list(self.accuracy_trials),
            "accuracy_ci95": self.accuracy_ci95,
            "accuracy_images_ci95": self.accuracy_images_ci95,
            "accuracy_std": self.accuracy_std,
            "top5": self.top5,
            "n_images": self.n_images,
            "seed": self.hardware.seed,
            "seconds": self.seconds,
            "calibration": self.calibration,
            "programming_error": self.hardware.spread is not None,
            "drift": self.drift,
            "read_curve": None if self.read_curve is None else asdict(self.read_curve),
            "tiles": self.tiles,
            "devices": self.devices,
            "costs": self.costs,
            "uncompensated_trials": None if self.uncompensated is None else [s.top1 for s in self.uncompensated],
            "circuits": None if self.circuits is None else self.circuits.to_json(),
            "layers": [asdict(layer) for layer in self.layers],
            "assumptions": {name: q.model_dump() for name, q in self.assumptions.items()},
        }


def drift_sentences(reports: Iterable[Report]) -> list[str]:
    """What the drift of some reports assumes: one sentence for each way in which the weights were written before it."""
    return list(dict.fromkeys(report.drift for report in reports if report.drift is not None))
