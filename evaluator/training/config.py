"""TrainConfig: the settings of a training, from YAML or from KEY=VALUE."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models_va import dump_yaml, load_yaml, parse_yaml, read_yaml
from models_va.errors import InputError
from spicegen.files import beside

Law = Literal["continuous", "pulses", "accumulate", "tiki-taka-2"]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Units = Annotated[int, Field(ge=1, le=100_000)]


def _multiple(text: str) -> float | None:
    try:
        found = float(text.removesuffix("x"))
    except ValueError:
        return None
    return found if text.endswith("x") and 0 < found < 1e9 else None


class _TrainSection(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NetworkConfig(_TrainSection):
    """A perceptron: hidden layers of sigmoid or ReLU units, softmax and cross-entropy at its end.

    Attributes:
        layers: numbers of units from the inputs to the outputs; inputs and outputs follow the data, whatever the first
            and the last number are.
        activation: of the hidden units.
        bias: array: each layer has a row of devices that is driven by a constant 1, whose weights are the biases;
            digital: biases are digital numbers, trained exactly; none: there are none.
        initial: initial weights are uniform within this many times sqrt(6 / (inputs + outputs)) of the layer. Source of
            the form: X. Glorot and Y. Bengio, AISTATS 2010; 4 is their factor for sigmoid units.
    """

    layers: Annotated[tuple[Units, ...], Field(min_length=2)] = (784, 300, 10)
    activation: Literal["sigmoid", "relu"] = "sigmoid"
    bias: Literal["array", "digital", "none"] = "array"
    initial: Annotated[float, Field(ge=0, le=100)] = 4.0


class DataConfig(_TrainSection):
    """The samples to train on.

    Attributes:
        subset: number of training images; None takes all there are.
        draw: fixed: the same images in every epoch, in another order; fresh: others in every epoch.
        scaling: none: as ``evaluator.data`` gives them; unit: divided by the largest value of the training images;
            standard: less the mean and over the standard deviation of every input.
    """

    subset: Annotated[int, Field(ge=1)] | None = 10_000
    draw: Literal["fixed", "fresh"] = "fixed"
    scaling: Literal["none", "unit", "standard"] = "none"


class ScheduleConfig(_TrainSection):
    """Epochs and learning rates.

    Attributes:
        epochs: number of epochs.
        rate: learning rate of the first epochs.
        factor, every: the rate is multiplied by ``factor`` after every so many epochs.
        batch: number of samples whose gradients are taken with the same weights, and their mean is the gradient.
    """

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 40
    rate: Positive = 0.02
    factor: Annotated[float, Field(gt=0, le=1)] = 0.75
    every: Annotated[int, Field(ge=1)] = 5
    batch: Annotated[int, Field(ge=1, le=10_000)] = 1

    def rate_in(self, epoch: int) -> float:
        """The learning rate in an epoch, counted from 0."""
        return float(self.rate * self.factor ** (epoch // self.every))


class UpdateConfig(_TrainSection):
    """How a wanted change of weights becomes changes of conductances.

    Attributes:
        law: continuous: a device changes by the wanted change times its mean step there over its mean step (parts of
            pulses), with the steps' scatter over the root of the number of pulses. Source: the simulator CrossSim 2.0
            (Sandia). pulses: whole pulses, as many as ``pulses`` says. accumulate: wanted changes add up digitally, and
            whole steps that have come together become pulses. Source: S. R. Nandakumar et al., Front. Neurosci. 14,
            406 (2020), doi:10.3389/fnins.2020.00406 (mixed precision). tiki-taka-2: fast devices of their own get
            whole pulses, Poisson's; their rows are read one after the other and added up digitally, and whole steps
            become pulses of the devices that are the weights. Source: T. Gokmen, Front. Artif. Intell. 4, 699148
            (2021), doi:10.3389/frai.2021.699148.
        pulses: poisson: the number of a device's pulses is Poisson's; bernoulli: at most one a sample; streams: one for
            each coincidence of random bits on its row and column, of at most 31. Source of the latter: T. Gokmen and
            Y. Vlasov, Front. Neurosci. 10, 333 (2016), doi:10.3389/fnins.2016.00333.
        source: card: steps are those of the card's own write pulses; law: of ``beta_p`` and ``beta_d``; tables: of the
            files ``increasing`` and ``decreasing``.
        increasing, decreasing: update tables, as ``spicegen metrics`` writes them.
        beta_p, beta_d, states, step_sigma: of source law: nonlinearities of potentiation and depression, the number of
            pulses through the window, and the standard deviation of a step over the step.
        noise: whether steps scatter as the source says.
        fast_rate: of tiki-taka-2: learning rate of the fast devices over the schedule's.
        transfer: of tiki-taka-2: share of a fast weight that is added up at each of its reads.
        transfer_every: of tiki-taka-2: number of samples from the read of one row to that of the next.
        interval_s: time from one pulse of a device to the next that the tables were measured at; stated in the report.
            None: not known, or the card's own.
    """

    law: Law = "accumulate"
    pulses: Literal["poisson", "bernoulli", "streams"] = "poisson"
    source: Literal["card", "law", "tables"] = "card"
    increasing: str | None = None
    decreasing: str | None = None
    beta_p: Annotated[float, Field(ge=-20, le=20)] = 0.0
    beta_d: Annotated[float, Field(ge=-20, le=20)] = 0.0
    states: Annotated[float, Field(ge=1, le=1e9)] = 100.0
    step_sigma: Annotated[float, Field(ge=0, le=10)] = 0.0
    noise: bool = True
    fast_rate: Positive = 100.0
    transfer: Positive = 0.02
    transfer_every: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    interval_s: Positive | None = None

    @model_validator(mode="after")
    def _both_tables(self) -> UpdateConfig:
        both = self.increasing is not None and self.decreasing is not None
        if self.source == "tables" and not both:
            raise ValueError("source: tables needs increasing and decreasing, two files of spicegen metrics")
        if self.source != "tables" and (self.increasing or self.decreasing):
            raise ValueError(f"increasing and decreasing are of source: tables, and the source is {self.source}")
        return self


class CellConfig(_TrainSection):
    """The devices of a weight.

    Attributes:
        kind: pair: the difference of two devices that both move; one-sided: that of two of which only rises are used,
            and which are written anew where one comes near the end of its window; single: one device against a fixed
            conductance in the middle of the window.
        weight_range: the weight that the whole window stands for: a number, one for each layer, or a multiple of the
            largest initial weight, such as ``3x``.
    """

    kind: Literal["pair", "one-sided", "single"] = "pair"
    weight_range: float | tuple[Positive, ...] | str = "6x"

    @model_validator(mode="after")
    def _a_range(self) -> CellConfig:
        given = self.weight_range
        if isinstance(given, str) and _multiple(given) is None:
            raise ValueError(f"weight_range {given!r}: give a number, one for each layer, or a multiple such as 3x")
        if isinstance(given, float | int) and not 0 < given < 1e9:
            raise ValueError(f"weight_range {given:g}: must be positive")
        return self

    def ranges(self, largest: list[float]) -> list[float]:
        """The range of every layer, for the largest initial weight of each.

        Raises:
            InputError: there are more or fewer numbers than layers.
        """
        given = self.weight_range
        if isinstance(given, str):
            times = _multiple(given)
            assert times is not None
            return [times * w for w in largest]
        if isinstance(given, float | int):
            return [float(given)] * len(largest)
        if len(given) != len(largest):
            raise InputError(f"cell.weight_range: {len(given)} numbers for {len(largest)} layers: give one for each")
        return list(given)


class ReadConfig(_TrainSection):
    """The products of a training, forward and backward; the test's products are ideal.

    Attributes:
        dac_bits: number of bits of the drivers, sign included, at a range that follows the largest input; None: ideal.
        adc_bits: number of bits of the column converters, sign included; None: ideal.
        adc_range: the largest output that these can tell, in units of the largest input times a whole weight.
        noise: standard deviation of a conductance from one read to the next, over the window.
    """

    dac_bits: Annotated[int, Field(ge=2, le=16)] | None = None
    adc_bits: Annotated[int, Field(ge=2, le=16)] | None = None
    adc_range: Positive = 12.0
    noise: Annotated[float, Field(ge=0, le=10)] = 0.0


class TrainConfig(_TrainSection):
    """A training: network, data, schedule, updates, cells and reads."""

    network: NetworkConfig = NetworkConfig()
    data: DataConfig = DataConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    update: UpdateConfig = UpdateConfig()
    cell: CellConfig = CellConfig()
    read: ReadConfig = ReadConfig()

    @model_validator(mode="after")
    def _fast_pairs(self) -> TrainConfig:
        if self.update.law == "tiki-taka-2" and self.cell.kind != "pair":
            raise ValueError(
                "update.law: tiki-taka-2 needs cell.kind: pair, whose fast weights decay towards zero: "
                f"and cell.kind is {self.cell.kind}"
            )
        return self

    def with_values(self, values: Mapping[str, str]) -> TrainConfig:
        """A configuration with other values, ``{"schedule.rate": "0.01"}``, each written as in YAML.

        Raises:
            InputError: no such key, or a value that does not fit.
        """
        tree: dict[str, Any] = self.model_dump(mode="json")
        for key, text in values.items():
            section, _, name = key.partition(".")
            if name not in tree.get(section, {}):
                known = [f"{s}.{n}" for s, entries in tree.items() for n in entries]
                raise InputError(f"setting {key!r}: no such key; there are {', '.join(known)}")
            tree[section][name] = load_yaml(text)
        return parse_yaml(dump_yaml(tree), "settings", TrainConfig)


def read_train_config(path: Path) -> TrainConfig:
    """Read a training's description; tables that it names may be beside it.

    Raises:
        InputError: it cannot be read, or has entries that a training does not know.
    """
    config = read_yaml(path, TrainConfig)
    named = {k: beside(path, v) for k in ("increasing", "decreasing") if (v := getattr(config.update, k)) is not None}
    return config.model_copy(update={"update": config.update.model_copy(update=named)})
