"""Starting points of a fit to measurements: the package's cards, scaled to the device's volts, seconds and siemens.

Equations hold in any units. So a card of which all voltages are multiplied by one factor, all times by another and all
conductances by a third is a card for a device that behaves the same at other voltages, times and conductances. The
three factors come from the measurements; then the rates and voltages are searched on a grid about them, and the best
points are varied at random.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models_va import (
    DeviceCard,
    Model,
    Param,
    Quantity,
    WritePulse,
    card_names,
    load_card,
    metres,
    volts_seconds_siemens,
)
from spicegen.devices.write_pulses import card_pulses
from spicegen.fit.free_parameter import free_parameter
from spicegen.fit.replay.run import ROUGH, ModelDevice, Replay
from spicegen.fit.setup import FitSetup
from spicegen.fit.start.levels import Levels
from spicegen.fit.start.polarity import acting
from spicegen.measurements import Pulses, Retention, Sweep

Array = NDArray[np.float64]

_RATES = 10.0 ** np.arange(-3, 3.1, 0.75)
_VOLTAGES = (0.6, 1.0, 1.6)
_COARSELY = np.geomspace(0.4, 2.5, 3), 10.0 ** np.arange(-3, 3.1)
_FINELY = np.geomspace(0.5, 2.0, 5), 10.0 ** np.arange(-1.5, 1.6, 0.5)
"""Factors by which the voltages and the rates are varied in parameters that act at one polarity alone."""
_CURVES = np.geomspace(1e-3, 1e3, 25)
"""Factors by which the voltages are varied in parameters that act on the current alone."""
_REACHES = (1.0, 3.0)
"""Factors by which a device may reach farther than was observed; 1 is for one that stood at a bound of its state."""
_PARTS, _ORIGINS, _KEPT = 25, 2, (10, 6, 4)
"""Number of parts of the replays in which polarities are told apart, of starts of either orientation, and of those kept
after each step."""
_MET = 1.0
"""Loss of a run below which a start is good enough: noise alone causes half as much."""
_NEAR = 65
"""Number of variations of the nearest card, of which the best are taken."""
_VARIED, _A_LITTLE = np.log(2.0), 0.15
"""Standard deviations of a random variation of scaled and of unscaled cards, natural log."""


@dataclass(frozen=True, eq=False)
class Start:
    """A point in parameter space from which a fit descends.

    Attributes:
        card: the card from whose parameters it was made.
        turned: whether the device stands the other way around.
        values: every parameter in the model's order.
        initial: states at the start of each replay, shape (replays, k).
        loss: robust misfit at this point.
    """

    card: DeviceCard
    turned: bool
    values: Array
    initial: Array
    loss: float


_Point = tuple[DeviceCard, bool, Array]
"""A card, whether the device is turned, and every parameter."""


def is_held(param: Param, model: Model, temperatures: int) -> str:
    """Reason why a parameter is not fitted; empty if it is fitted.

    Args:
        param: parameter of the model.
        model: the model, whose lengths, voltages and times the parameter shares.
        temperatures: number of temperatures at which was measured.
    """
    if param.name in {s.initial for s in model.states}:
        return "the state of a fresh device"
    if param.default is not None and not any(volts_seconds_siemens(param.unit)):
        return "a detail of the model that has a default"
    if param.unit == "K":
        return "only what activation energies refer to"
    if "activation energy" in param.description and temperatures < 2:
        return "measured at one temperature"
    lengths = [p.name for p in model.params if p.unit == "m"]
    if lengths and param.name == lengths[-1]:
        return "electrical data know no lengths: all others are relative to this one"
    return ""


def starts(setup: FitSetup, held: Mapping[str, float], seed: int, keep: int) -> list[Start]:
    """The best points from which to descend, the best first.

    Args:
        setup: the model, the replays, and which parameters are fitted.
        held: known parameters, in their units.
        seed: seed of the random variations.
        keep: number of starts that are wanted, besides those with polarities told apart.
    """
    model, rng = setup.model, np.random.default_rng(seed)
    cards = [card for card in map(load_card, card_names()) if card.model == model.name] or [_of_ones(model)]
    levels = Levels(model, setup.replays)
    found = _started(setup, [p for card in cards for p in _on_a_grid(card, setup.replays, held, levels)])
    apart = _apart(setup, found, held, levels) if found[0].loss > _MET * len(setup.replays) else []
    best = found[: max(2, keep)]
    neutral = _neutral(setup, best)
    points = [_varied(setup, best[n % len(best)], _VARIED, rng) for n in range(16 * keep)]
    found = sorted([*found, *_started(setup, points)], key=_loss)
    near = _near(setup, cards, held, rng)[: keep // 2]
    return [*found[: keep - len(neutral) - len(near)], *neutral, *near, *apart]


def _near(
    setup: FitSetup, cards: Sequence[DeviceCard], held: Mapping[str, float], rng: np.random.Generator
) -> list[Start]:
    """Starts at the shipped cards as they are, the best of them first, then ones that differ a little from it.

    Where a device switches abruptly, a card of the same kind is nearer than its misfit says.
    """
    names = [p.name for p in setup.model.params]
    values = [np.array([held.get(name, card.values[name]) for name in names]) for card in cards]
    points = [(card, turned, v) for card, v in zip(cards, values, strict=True) for turned in (False, True)]
    nearest = _started(setup, points)[0]
    return [nearest, *_started(setup, [_varied(setup, nearest, _A_LITTLE, rng) for _ in range(_NEAR)])]


def _loss(start: Start) -> float:
    return start.loss


def varied(setup: FitSetup, origin: Start, size: float, rng: np.random.Generator) -> Start:
    """Start near another one: every fitted parameter is off by a random amount of standard deviation ``size`` (ln)."""
    return _started(setup, [_varied(setup, origin, size, rng)])[0]


def _varied(setup: FitSetup, origin: Start, size: float, rng: np.random.Generator) -> _Point:
    values, params = origin.values.copy(), setup.model.params
    for k in setup.fitted:
        if values[k]:
            free = free_parameter(params[k], values[k])
            z = free.coordinate(values[k]) + size * rng.standard_normal()
            values[k] = free.value(float(np.clip(z, *free.bounds)))
    return origin.card, origin.turned, values


def _neutral(setup: FitSetup, origins: Sequence[Start]) -> list[Start]:
    """The two best starts with every parameter that may have either sign at 0: a descent can go either way there.

    Such a parameter bends a curve one way on one device and the other way on another, with a barrier in between.
    """
    params = setup.model.params
    either = [k for k in setup.fitted if params[k].lower < 0 < params[k].upper]
    if not either:
        return []
    points: list[_Point] = []
    for origin in origins:
        values = origin.values.copy()
        values[either] = 0.0
        points.append((origin.card, origin.turned, values))
    return _started(setup, points)[:2]


def _of_ones(model: Model) -> DeviceCard:
    """Card for a model of which none ships: every parameter is as near to 1 as it may be, pulses are of 1 V and 1 s."""
    ones = {p.name: min(max(1.0, p.lower), p.upper) for p in model.params if p.default is None}
    quantities = {name: Quantity(value=value, provenance="assumed") for name, value in ones.items()}
    up, down = (Quantity(value=volt, provenance="assumed") for volt in (1.0, -1.0))
    pulse = WritePulse(amplitude_p_volt=up, amplitude_d_volt=down, width_s=up)
    return DeviceCard(
        name="ones", title="", model=model.name, source="", parameters=quantities, write_pulse=pulse
    )  # fmt: skip


def _on_a_grid(
    card: DeviceCard, replays: Sequence[Replay], held: Mapping[str, float], levels: Levels
) -> Iterator[_Point]:
    """Points of the card at the measurement's voltages, times and levels, at several speeds and voltages about them."""
    params = card.device_model.params
    volts, seconds = _scales(card, replays)
    metre = next((held[p.name] / card.values[p.name] for p in params if p.unit == "m" and p.name in held), 1.0)
    own = np.array([card.values[p.name] for p in params])
    for voltage in _VOLTAGES:
        for rate in _RATES:
            values = _scaled(own, params, range(len(own)), volts * voltage, seconds / rate, metre)
            values = np.array([held.get(p.name, v) for p, v in zip(params, values, strict=True)])
            for levelled in levels.of(values, held):
                yield from ((card, turned, levelled) for turned in (False, True))


def _apart(setup: FitSetup, found: Sequence[Start], held: Collection[str], levels: Levels) -> list[Start]:
    """The best starts after fitting the parameters that act at one polarity alone, and those that bend the current.

    A device whose polarities differ by other factors than a card's is near none of the scaled cards. In parts that
    begin with an observed state, the parameters of one polarity show whatever those of the other are.
    """
    if len(setup.model.states) != 1:
        return []  # the observations depend on more than the memory state
    setup = setup.in_parts(_PARTS)
    volt = max(float(np.abs(replay.applied.v_volt).max()) for replay in setup.replays)
    found = _started(setup, [(start.card, start.turned, start.values) for start in _different(found)])
    on_current, by_polarity = acting(setup.model, found[0].values, volt or 1.0, setup.fitted)
    best: list[Start] = []
    for turned in (False, True):
        for origin in [start for start in found if start.turned == turned][:_ORIGINS]:
            bent = _started(setup, _bent(origin, on_current, held, levels))[0]
            best += _started(setup, _reaching(bent, held, levels))
    before = _different(sorted(best, key=_loss))[:_ORIGINS]
    for kept, factors in zip(_KEPT, (_COARSELY, _FINELY, _FINELY), strict=True):
        for n, start in enumerate(best):
            for places in by_polarity:
                start = _started(setup, _at_factors(start, places, *factors))[0]
            best[n] = start
        best = _different(sorted(best, key=_loss))[:kept]
    return [*best, *before]  # a polarity without effect may have the least loss, but no descent leads on from it


def _different(found: Iterable[Start]) -> list[Start]:
    """Remove starts that stand the same way around and whose losses agree to six digits; the order stays."""
    return list({(start.turned, f"{start.loss:.6g}"): start for start in found}.values())


def _bent(start: Start, places: Sequence[int], held: Collection[str], levels: Levels) -> Iterator[_Point]:
    """Points of a start with other voltages in the parameters that act on the current, each brought to its levels."""
    for values in _factored(start, places, _CURVES, (1.0,)):
        yield from ((start.card, start.turned, found) for found in levels.of(values, held))


def _reaching(start: Start, held: Collection[str], levels: Levels) -> Iterator[_Point]:
    """Points of a start, and of levels with which the device reaches as far as was observed or much farther."""
    found = [levels.of(start.values, held, reaches)[-1] for reaches in product(_REACHES, _REACHES)]
    yield from ((start.card, start.turned, values) for values in np.unique([start.values, *found], axis=0))


def _at_factors(
    start: Start, places: Sequence[int], volts: Iterable[float], rates: Iterable[float]
) -> Iterator[_Point]:
    """Points of a start with the parameters at ``places`` at other voltages and rates."""
    yield from ((start.card, start.turned, values) for values in _factored(start, places, volts, rates))


def _factored(start: Start, places: Sequence[int], volts: Iterable[float], rates: Iterable[float]) -> Array:
    params = start.card.device_model.params
    found = [_scaled(start.values, params, places, volt, 1 / rate, 1.0) for volt, rate in product(volts, rates)]
    return np.unique([start.values, *found], axis=0)


def _started(setup: FitSetup, points: Iterable[_Point]) -> list[Start]:
    """Starts at these points, the best first: states at the start and robust loss are computed for each."""
    model, replays, points = setup.model, setup.replays, list(points)
    devices = [ModelDevice.fresh(model, values, turned) for _, turned, values in points]
    initial = np.repeat([d.initial for d in devices], len(replays), axis=0).reshape(len(points), len(replays), -1)
    if model.memory is not None:
        place = model.state_names.index(model.memory)
        initial[:, :, place] = np.stack([replay.memory_at_start(devices) for replay in replays], axis=1)

    def start(point: _Point, initial: Array) -> Start:
        card, turned, values = point
        loss = 0.0
        for replay, x in zip(replays, initial, strict=True):
            r = replay.residuals(replay.run(ModelDevice(model, values, x, turned), ROUGH).predicted)
            loss += float(np.mean(np.log1p(r**2)))  # the logarithm counts a decade less as progress also far away
        return Start(card, turned, values, initial, loss)

    return sorted(setup.threads.map(start, points, initial), key=_loss)


def _scales(card: DeviceCard, replays: Sequence[Replay]) -> tuple[float, float]:
    """Ratios of the measurement's voltages and of its times to the card's."""
    pulses = card_pulses(card)
    own_v, own_s = max(abs(pulses.up_volt), abs(pulses.down_volt)), pulses.width_s
    volts = [float(np.abs(r.applied.v_volt).max()) for r in replays if not isinstance(r.measurement, Retention)]
    seconds = [s for r in replays if (s := _duration(r)) > 0]
    return (max(volts, default=own_v) or own_v) / own_v, float(np.median(seconds or [own_s])) / own_s


def _duration(run: Replay) -> float:
    """Typical time of a replay, s: the width of a pulse, or a hundredth of a sweep's time; 0 for retention."""
    if isinstance(run.measurement, Pulses):
        return float(np.nanmedian(run.measurement.width_s))
    return float(run.applied.time_s[-1]) / 100 if isinstance(run.measurement, Sweep) else 0.0


def _scaled(
    own: Array, params: Sequence[Param], places: Iterable[int], volt: float, second: float, metre: float
) -> Array:
    """Parameters, shape (p,), of which those at ``places`` have every voltage, time and length in them multiplied."""
    values = own.copy()
    for k in places:
        p = params[k]
        if "activation energy" not in p.description:  # these are fixed by kT, not by the applied voltage
            a, b, _ = volts_seconds_siemens(p.unit)
            values[k] *= volt**a * second**b * metre ** metres(p.unit)
        values[k] = min(max(values[k], p.lower), p.upper)
    return values
