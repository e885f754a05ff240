"""Circuit: resistors, grounded capacitors, grounded voltage sources and memristive cells, for every simulator.

All sources and capacitors are grounded, as they are in a crossbar. Names of nodes and elements are checked here, so
that no text from outside can reach a netlist: ngspice runs shell commands that it finds in a deck. SPICE tells
elements by their first letter, so names of resistors begin with r, of capacitors with c and of sources with v.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from models_va import ROOM_TEMPERATURE_K, DeviceCard
from models_va.errors import InputError
from netlists.stimulus import ReadVectors, Stimulus, Waveform

GROUND = "0"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_OTHER_GROUNDS = frozenset({"gnd", "ground", "null"})


@dataclass(frozen=True, slots=True)
class Resistor:
    """A resistor between two nodes, with its resistance in ohm; its name starts with r."""

    name: str
    a: str
    b: str
    resistance_ohm: float


@dataclass(frozen=True, slots=True)
class Capacitor:
    """A capacitor from ``node`` to ground, such as a wire's to its surroundings, in F; its name starts with c."""

    name: str
    node: str
    capacitance_farad: float


@dataclass(frozen=True, slots=True)
class Source:
    """A voltage source from ``node`` to ground; its name starts with v."""

    name: str
    node: str
    waveform: Waveform


@dataclass(frozen=True, slots=True)
class Cell:
    """A device of a card between two nodes; ``instance`` overrides per-instance parameters."""

    name: str
    te: str
    be: str
    card: DeviceCard
    instance: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Circuit:
    """A netlist.

    Raises:
        InputError: a name is illegal or used twice, a resistance or capacitance is not positive, two sources are on one
            node, a capacitor is on a source's node (it would change nothing but that source's current), a parameter
            that is not per-instance is overridden, or nodes have no path to a source or ground (they are named).
    """

    resistors: tuple[Resistor, ...] = ()
    sources: tuple[Source, ...] = ()
    cells: tuple[Cell, ...] = ()
    capacitors: tuple[Capacitor, ...] = ()

    def __post_init__(self) -> None:
        elements: tuple[Resistor | Source | Cell | Capacitor, ...]
        elements = (*self.resistors, *self.sources, *self.cells, *self.capacitors)
        _check_unique("element", [e.name for e in elements])
        _check_unique("driven node", [s.node for s in self.sources])
        for name in [*(e.name for e in elements), *self.nodes, *(s.node for s in self.sources)]:
            if not _NAME.match(name) or name in _OTHER_GROUNDS:
                raise InputError(f"circuit: name {name!r}: use lower-case letters, digits and _; ground is '0'")
        _check_prefix("r", self.resistors)
        _check_prefix("v", self.sources)
        _check_prefix("c", self.capacitors)
        for r in self.resistors:
            if not 0 < r.resistance_ohm < float("inf"):
                raise InputError(f"circuit: {r.name} = {r.resistance_ohm:g} ohm: must be positive and finite")
        driven = {GROUND, *(s.node for s in self.sources)}
        for c in self.capacitors:
            if not 0 < c.capacitance_farad < float("inf"):
                raise InputError(f"circuit: {c.name} = {c.capacitance_farad:g} F: must be positive and finite")
            if c.node in driven:
                raise InputError(f"circuit: {c.name} on node {c.node!r}, whose voltage is given: leave it out")
        for cell in self.cells:
            _check_instance(cell)
        _check_cards(self.cells)
        if self.floating:
            shown = ", ".join(self.floating[:5])
            raise InputError(f"circuit: nodes without a path to ground or a source: {shown}: connect them")

    @cached_property
    def cards(self) -> tuple[DeviceCard, ...]:
        """The different cards in use, in order of first use."""
        return tuple({c.card.identifier: c.card for c in self.cells}.values())

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """Every node but ground, in order of first use."""
        ends = (n for pair in self._edges() for n in pair)
        single = (*(c.node for c in self.capacitors), *(s.node for s in self.sources))
        return tuple(dict.fromkeys(n for n in (*ends, *single) if n != GROUND))

    @cached_property
    def floating(self) -> tuple[str, ...]:
        """Nodes with no path to ground or a source: their voltage would be undefined."""
        neighbours: dict[str, list[str]] = {}
        for a, b in self._edges():
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
        reached: set[str] = set()
        frontier = [GROUND, *(s.node for s in self.sources)]
        while frontier:
            node = frontier.pop()
            if node not in reached:
                reached.add(node)
                frontier += neighbours.get(node, [])
        return tuple(n for n in self.nodes if n not in reached)

    def _edges(self) -> Iterable[tuple[str, str]]:
        yield from ((r.a, r.b) for r in self.resistors)
        yield from ((c.te, c.be) for c in self.cells)


@dataclass(frozen=True)
class Job:
    """A job for a simulator: a circuit and its stimulus.

    Attributes:
        circuit: the circuit to simulate.
        stimulus: operating points or a transient.
        title: title for the deck's first line and for messages; it contains this program's own words only.
        temperature_k: temperature of every device, K.
    """

    circuit: Circuit
    stimulus: Stimulus
    title: str = "spicegen job"
    temperature_k: float = ROOM_TEMPERATURE_K

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9 ,.()x+-]+", self.title):
            raise InputError(f"job: title {self.title!r}: use letters, digits and plain punctuation")
        if not 0 < self.temperature_k < float("inf"):
            raise InputError(f"job: a temperature of {self.temperature_k:g} K: must be positive")
        wanted = len(self.circuit.sources)
        if isinstance(self.stimulus, ReadVectors) and self.stimulus.v_volt.shape[1] != wanted:
            found = self.stimulus.v_volt.shape[1]
            raise InputError(f"job: read vectors of {found} voltages for a circuit of {wanted} sources")


def _check_unique(what: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"circuit: {what} {twice[0]!r} is there twice")


def _check_cards(cells: tuple[Cell, ...]) -> None:
    """Refuse two different cards that have the same name in a netlist."""
    seen: dict[str, DeviceCard] = {}
    for card in (c.card for c in cells):
        other = seen.setdefault(card.identifier, card)
        if other is not card and other.hash != card.hash:
            raise InputError(
                f"circuit: cards {other.name!r} and {card.name!r} differ, but both become {card.identifier!r}: rename"
            )


def _check_prefix(letter: str, elements: Iterable[Resistor | Source | Capacitor]) -> None:
    for element in elements:
        if not element.name.startswith(letter):
            raise InputError(f"circuit: {element.name!r}: names of {type(element).__name__}s start with {letter!r}")


def _check_instance(cell: Cell) -> None:
    params = cell.card.device_model.param
    for name, value in cell.instance.items():
        if name not in params or not params[name].per_instance:
            allowed = ", ".join(p.name for p in params.values() if p.per_instance)
            raise InputError(f"circuit: {cell.name}: {name!r} is not an instance parameter: these are {allowed}")
        params[name].check(value)
