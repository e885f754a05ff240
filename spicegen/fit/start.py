"""Where a fit to measurements starts: cards that ship, brought to the device's own volts, seconds and siemens.

Equations know nothing of units. So a card whose every voltage, time and conductance is multiplied by a factor of its
own is a card for a device that behaves the same at other voltages, times and conductances. The three factors come from
what was measured; then the rates and voltages are searched on a grid about them, and what is best is varied at random.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.optimize import least_squares

from models_va import DeviceCard, Model, Param, Quantity, card_names, load_card, volts_seconds_siemens
from spicegen.experiments.figure_2d import figure_2d
from spicegen.fit.bench import Bench, Device
from spicegen.fit.posterior import Free
from spicegen.fit.setting import Setting
from spicegen.measurements import Pulses, Retention, Sweep
from spicegen.printers.numpy_model import numpy_model

Array = NDArray[np.float64]

_FAR = 1e3
"""A parameter without a bound of its own may leave its start by this factor, either way."""
_RATES = 10.0 ** np.arange(-3, 3.1, 0.75)
_VOLTAGES = (0.6, 1.0, 1.6)
_NEAR = 65
"""Variations of the nearest card among which the best are taken."""
_VARIED, _A_LITTLE = np.log(2.0), 0.15
"""Standard deviation of a random variation, of scaled cards and of those as they are."""
_MARGIN = 0.1
"""The device reaches so much farther than what was seen, relative."""
_LEAST_REACH = 1e-3
"""Of the highest conductance: a state that cuts the current off altogether counts as this much."""
_STAY = 1e-2
"""How strongly parameters stay where they are, over what the ends of the reach count."""


@dataclass(frozen=True, eq=False)
class Start:
    """A point to descend from.

    Attributes:
        card: whose parameters they are.
        turned: whether the device stands the other way around.
        values: every parameter in the model's order.
        initial: states at the start of each bench, shape (benches, k).
        loss: robust misfit there.
    """

    card: DeviceCard
    turned: bool
    values: Array
    initial: Array
    loss: float


_Point = tuple[DeviceCard, bool, Array]
"""A card, whether the device is turned, and every parameter."""


def is_held(param: Param, model: Model, temperatures: int) -> str:
    """Why a parameter is not fitted; empty if it is.

    Args:
        param: of the model.
        model: whose lengths, voltages and times it shares.
        temperatures: at how many was measured.
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


def free_parameter(param: Param, start: float) -> Free:
    """A parameter with its scale and its bounds."""
    low, high = param.lower, param.upper
    if np.isfinite(low) and np.isfinite(high):
        edge = 1e-9 * (high - low)  # an open bound itself is not allowed
        return Free(param.name, start, low + edge * param.lower_open, high - edge * param.upper_open, "linear")
    ends = sorted((start / _FAR, start * _FAR))
    return Free(param.name, start, max(ends[0], low), min(ends[1], high))


def starts(setting: Setting, held: Mapping[str, float], seed: int, keep: int) -> list[Start]:
    """The best points to descend from, the best first.

    Args:
        setting: what is fitted to what.
        held: parameters that are known.
        seed: of the variations.
        keep: how many are wanted.
    """
    model, rng = setting.model, np.random.default_rng(seed)
    cards = [card for card in map(load_card, card_names()) if card.model == model.name] or [_of_ones(model)]
    found = _started(setting, [p for card in cards for p in _on_a_grid(card, setting.benches, held)])
    best = found[: max(2, keep)]
    neutral = _neutral(setting, best)
    points = [_varied(setting, best[n % len(best)], _VARIED, rng) for n in range(16 * keep)]
    found = sorted([*found, *_started(setting, points)], key=_loss)
    near = _near(setting, cards, held, rng)[: keep // 2]
    return [*found[: keep - len(neutral) - len(near)], *neutral, *near]


def _near(
    setting: Setting, cards: Sequence[DeviceCard], held: Mapping[str, float], rng: np.random.Generator
) -> list[Start]:
    """The cards as they are, the best first, and then what differs a little from them.

    Where a device switches abruptly, a card of the same kind is nearer than its misfit says.
    """
    names = [p.name for p in setting.model.params]
    values = [np.array([held.get(name, card.values[name]) for name in names]) for card in cards]
    points = [(card, turned, v) for card, v in zip(cards, values, strict=True) for turned in (False, True)]
    nearest = _started(setting, points)[0]
    return [nearest, *_started(setting, [_varied(setting, nearest, _A_LITTLE, rng) for _ in range(_NEAR)])]


def _loss(start: Start) -> float:
    return start.loss


def varied(setting: Setting, origin: Start, size: float, rng: np.random.Generator) -> Start:
    """Every fitted parameter off by so much, natural log, at random."""
    return _started(setting, [_varied(setting, origin, size, rng)])[0]


def _varied(setting: Setting, origin: Start, size: float, rng: np.random.Generator) -> _Point:
    values, params = origin.values.copy(), setting.model.params
    for k in setting.fitted:
        if values[k]:
            free = free_parameter(params[k], values[k])
            z = free.coordinate(values[k]) + size * rng.standard_normal()
            values[k] = free.value(float(np.clip(z, *free.bounds)))
    return origin.card, origin.turned, values


def _neutral(setting: Setting, origins: Sequence[Start]) -> list[Start]:
    """The two best with every parameter that may have either sign at 0, from where a descent can go either way.

    What such a parameter bends one way on one device it bends the other way on another; there is a barrier between.
    """
    params = setting.model.params
    either = [k for k in setting.fitted if params[k].lower < 0 < params[k].upper]
    points: list[_Point] = []
    for origin in origins if either else ():
        values = origin.values.copy()
        values[either] = 0.0
        points.append((origin.card, origin.turned, values))
    return _started(setting, points)[:2]


def _of_ones(model: Model) -> DeviceCard:
    """A card for a model of which none ships: every parameter as near to 1 as it may be."""
    ones = {p.name: min(max(1.0, p.lower), p.upper) for p in model.params if p.default is None}
    quantities = {name: Quantity(value=value, provenance="assumed") for name, value in ones.items()}
    return DeviceCard(name="ones", title="", model=model.name, source="", parameters=quantities)


def _on_a_grid(card: DeviceCard, benches: Sequence[Bench], held: Mapping[str, float]) -> Iterator[_Point]:
    """The card at the measurement's scales, at several speeds and voltages."""
    model = card.device_model
    volts, seconds = _scales(card, benches)
    levels = _Levels(model, benches)
    for voltage in _VOLTAGES:
        for rate in _RATES:
            for levelled in levels.of(_scaled(card, volts * voltage, seconds / rate, 1.0)):
                values = np.array([held.get(p.name, v) for p, v in zip(model.params, levelled, strict=True)])
                yield from ((card, turned, values) for turned in (False, True))


def _started(setting: Setting, points: Iterable[_Point]) -> list[Start]:
    """The starts at these points, the best first."""

    def start(point: _Point) -> Start:
        card, turned, values = point
        model, loss = setting.model, 0.0
        initial = np.tile(Device.fresh(model, values, turned).initial, (len(setting.benches), 1))
        for bench, x in zip(setting.benches, initial, strict=True):
            if model.memory is not None:
                place = model.state_names.index(model.memory)
                x[place] = bench.memory_at_start(Device(model, values, x, turned))
            r = bench.residuals(bench.run(Device(model, values, x, turned)).predicted)
            loss += float(np.mean(np.log1p(r**2)))  # far away, a decade less is progress too
        return Start(card, turned, values, initial, loss)

    return sorted(setting.threads.map(start, points), key=_loss)


def _scales(card: DeviceCard, benches: Sequence[Bench]) -> tuple[float, float]:
    """The measurement's voltages and times over the card's."""
    pulse, usual = card.write_pulse, figure_2d()
    if pulse is None:
        own_v, own_s = max(map(abs, usual.amplitudes_volt)), usual.width_s
    else:
        own_v = max(abs(pulse.amplitude_p_volt.value), abs(pulse.amplitude_d_volt.value))
        own_s = pulse.width_s.value
    volts = [float(np.abs(r.drive.v_volt).max()) for r in benches if not isinstance(r.measurement, Retention)]
    seconds = [s for r in benches if (s := _duration(r)) > 0]
    return (max(volts, default=own_v) or own_v) / own_v, float(np.median(seconds or [own_s])) / own_s


def _duration(run: Bench) -> float:
    """Width of a pulse; of a sweep, a hundredth of its time."""
    if isinstance(run.measurement, Pulses):
        return float(np.nanmedian(run.measurement.width_s))
    return float(run.drive.time_s[-1]) / 100 if isinstance(run.measurement, Sweep) else 0.0


def _scaled(card: DeviceCard, volt: float, second: float, siemens: float) -> Array:
    """The card's parameters with every voltage, time and conductance multiplied."""
    values = []
    for p in card.device_model.params:
        value = card.values[p.name]
        if "activation energy" not in p.description:  # these are fixed by kT, not by what is applied
            a, b, c = volts_seconds_siemens(p.unit)
            value *= volt**a * second**b * siemens**c
        low, high = p.lower, p.upper
        values.append(min(max(value, low), high))
    return np.array(values)


class _Levels:
    """Parameters with which the memory state reaches what was seen; none moves more than needed.

    Args:
        model: of the device.
        benches: the measurements.
    """

    def __init__(self, model: Model, benches: Sequence[Bench]) -> None:
        seen = np.concatenate([r.g_siemens for r in benches])
        ends = [seen.min() * (1 - _MARGIN), seen.max() * (1 + _MARGIN)] if len(seen) else []
        self._model, self._temperature_k, self._wanted = model, benches[0].temperature_k, np.log(ends)
        symbols = model.expanded(sympy.Symbol(model.conductance, real=True)).free_symbols
        self._in_it = [k for k, p in enumerate(model.params) if p.symbol in symbols]
        self._known: dict[bytes, list[Array]] = {}  # most speeds and voltages ask for the same

    def of(self, values: Array) -> list[Array]:
        """Every parameter, such that the middles agree, and that the ends are just beyond what was seen.

        Args:
            values: every parameter; those that the conductance does not depend on stay, and so do states at the start.
        """
        if not len(self._wanted):
            return [values]
        key = values[self._in_it].tobytes()
        if key not in self._known:
            self._known[key] = [found[self._in_it] for found in self._found(values)]
        levelled = [values.copy() for _ in self._known[key]]
        for found, own in zip(levelled, self._known[key], strict=True):
            found[self._in_it] = own
        return levelled

    def _found(self, values: Array) -> Iterator[Array]:
        params = self._model.params
        moved = [k for k in self._in_it if params[k].default is None and values[k] > 0]
        siemens = np.array([volts_seconds_siemens(params[k].unit)[2] for k in moved])

        def moved_to(z: Array) -> Array:
            other = values.copy()
            other[moved] = np.exp(z)
            return other

        def off(z: Array, before: Array) -> Array:
            low, high = self._reach(moved_to(z))
            cut_off = low <= high + np.log(_LEAST_REACH)  # nothing lower is needed, and nothing would help
            ends = [0.0 if cut_off else low - self._wanted[0], high - self._wanted[1]]
            return np.array([*ends, *(_STAY * (z - before))])

        middle = np.log(values[moved])
        middle = middle + (self._wanted.mean() - self._reach(values).mean()) * siemens / max(
            np.abs(siemens).max(initial=0.0), 1.0
        )
        whole = least_squares(off, middle, args=(middle.copy(),), max_nfev=30).x
        low, high = np.array([(p.lower, p.upper) for p in params]).T
        yield from (np.clip(moved_to(z), low, high) for z in (middle, whole))

    def _reach(self, values: Array) -> Array:
        """Logarithms of the lowest and the highest conductance, shape (2,)."""
        model = self._model
        by_name = dict(zip((p.name for p in model.params), values, strict=True))
        states = np.tile([by_name[s.initial] for s in model.states], (2, 1))
        if model.memory is not None:
            states[:, model.state_names.index(model.memory)] = [0.0, 1.0]
        g = np.sort(numpy_model(model).conductance(states, by_name, self._temperature_k))
        return np.asarray(np.log(np.maximum(g, _LEAST_REACH * g.max())))
