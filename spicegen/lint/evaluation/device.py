"""A two-terminal device under a voltage: which of its nodes are states, where they start, what flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from spicegen.lint.context import Context
from spicegen.lint.evaluation.arithmetic import Array
from spicegen.lint.evaluation.evaluate import BiasPoints, ModuleResponse, NotEvaluableError, evaluate
from spicegen.lint.reading.syntax import Assign, Contribution, Declaration, Expr, Module

_ELSEWHERE = 0.3
"""Voltage of inner nodes that are no states, as a share of the device's: any that is not 0 or 1 shows what flows."""
_SETTLING_ROUNDS = 8
_MOST_HELPERS = 12
_MOST_CLIPS = 6
_STEP_V = 1e-3


@dataclass(frozen=True)
class DeviceState:
    """A state of a device.

    Attributes:
        key: node, or ``id`` of the call of idt.
        at: statement or call that a finding about it points at.
        name: how a message calls it.
        start: value at the operating point; None if that is not known.
        low, high: range of the parameter that it starts at; infinite if it has none.
        is_held: whether the file holds it at that value.
    """

    key: str | int
    at: Contribution | Expr
    name: str
    start: float | None = None
    low: float = -np.inf
    high: float = np.inf
    is_held: bool = False

    @property
    def width(self) -> float:
        """A scale of its changes: the width of its range, or else its start, or else 1."""
        return self.high - self.low if np.isfinite(self.high - self.low) else abs(self.start or 0.0) or 1.0

    def samples(self) -> list[float]:
        """Values between its bounds, the start first."""
        start = 0.5 if self.start is None else self.start
        if np.isfinite(self.high - self.low):
            return [start, self.low, self.low + 0.3 * self.width, self.high]
        return [start] * 4 if self.is_held else [start, 0.0, 0.2, 0.8]


class TwoTerminalDevice:
    """A device under a voltage; its second terminal is at 0 V.

    Args:
        context: module with two electrical ports first, and outputs at most behind them.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.module: Module = context.module
        self.potentials = frozenset(context.file.potentials)
        self.terminals = (self.module.ports[0], self.module.ports[1])
        self._grounds = {n for n, d in self.module.nets.items() if d.kind == "ground"} | {""}

    @cached_property
    def contributions(self) -> list[tuple[tuple[str, str], Contribution]]:
        """The contributions of flows, each with its pair of nodes; "" is ground."""
        return [
            (self._pair(c.target), c) for c in self.context.contributions if not self.context.is_potential(c.target)
        ]

    def _pair(self, target: Expr) -> tuple[str, str]:
        names = [a.text for a in target.args]
        if len(names) == 1:
            names = list(self.module.branches.get(names[0], names))
        first, second = ("" if n in self._grounds else n for n in (*names, "")[:2])
        return first, second

    @cached_property
    def nodes(self) -> list[str]:
        """The inner nodes that are electrical; those of other disciplines, such as temperatures, stay at 0."""
        outside = {*self.terminals, *self._grounds}
        pairs = [pair for pair, _ in self.contributions]
        pairs += [self._pair(c.target) for c in self.context.contributions if self.context.is_potential(c.target)]
        names = dict.fromkeys(node for pair in pairs for node in pair if node not in outside)
        return [n for n in names if self._discipline(n) == "electrical"]

    def _discipline(self, node: str) -> str:
        return self.module.nets[node].kind if node in self.module.nets else ""

    @cached_property
    def lonely(self) -> set[str]:
        """The inner nodes from which current flows to ground or to the second terminal only."""
        beyond = {"", self.terminals[1]}
        return {n for n in self.nodes if all(set(pair) - {n} <= beyond for pair, _ in self.contributions if n in pair)}

    @cached_property
    def state_nodes(self) -> list[str]:
        """The lonely nodes with a charge."""
        charged = {n for pair, c in self.contributions if any(c.value.calls("ddt")) for n in pair}
        return [n for n in self.nodes if n in self.lonely & charged]

    @cached_property
    def helpers(self) -> list[str]:
        """The lonely nodes without a charge: what they are at follows from the others at once."""
        flows = {n for pair, _ in self.contributions for n in pair}
        return [n for n in self.nodes if n in (self.lonely & flows) - set(self.state_nodes)]

    @cached_property
    def states(self) -> tuple[DeviceState, ...]:
        """The states: nodes with charges, and integrals.

        Raises:
            NotEvaluableError: the module has no values.
        """
        nodes = [self._node_state(n) for n in self.state_nodes]
        integrals = [self._integral_state(e) for e in self.context.calls("idt", "idtmod")]
        return (*nodes, *integrals)

    def _node_state(self, node: str) -> DeviceState:
        mine = [c for pair, c in self.contributions if node in pair]
        moving = [c for c in mine if not any(c.value.calls("ddt"))] or mine
        state = DeviceState(node, moving[-1], f"V({node})")
        zero = np.zeros(1)
        held, free, one, at_start = (
            self.flow_out_of(node, self.run(zero, {node: zero + x}, analysis=kind))
            for kind, x in (("static", 0.0), ("tran", 0.0), ("static", 1.0), ("static", 0.0))
        )
        slope = float((one - held)[0])
        if not np.isfinite(slope) or slope == 0:
            return state
        start = -float(at_start[0]) / slope
        rest = self.flow_out_of(node, self.run(zero, {node: zero + start}, analysis="static"))
        if not abs(float(rest[0])) <= 1e-9 * abs(slope) * (1 + abs(start)):
            return state
        low, high = self._range(start, [name for c in mine for name in c.value.names])
        return replace(state, start=start, low=low, high=high, is_held=float(free[0]) != float(held[0]))

    def _integral_state(self, e: Expr) -> DeviceState:
        start = self.context.constants.value(e.args[1]) if len(e.args) > 1 else None
        state = DeviceState(id(e), e, e.text, start, is_held=start is not None)
        if start is None:
            return state
        low, high = self._range(start, list(e.args[1].names))
        return replace(state, low=low, high=high)

    def _range(self, start: float, names: list[str]) -> tuple[float, float]:
        """The range of the parameter that a state starts at."""
        for name in names:
            item = self.module.parameters.get(name)
            if item is not None and item.bounds is not None and item.value is not None:
                value = self.context.constants.value(item.value)
                if value is not None and abs(value - start) <= 1e-9 * (1e-12 + abs(start)):
                    return self._ends(item)
        return -np.inf, np.inf

    def _ends(self, item: Declaration) -> tuple[float, float]:
        ends = [self.context.constants.value(e) for e in item.bounds or ()]
        low, high = (end if end is not None else np.nan for end in ends)
        return (low, high) if low < high else (-np.inf, np.inf)

    def clips(self, state: DeviceState) -> list[float]:
        """The numbers that a state is compared with, or limited to, besides the ends of its range."""
        names = {s.name for s in self.context.statements if isinstance(s, Assign) and self._follows(s.value, state)}
        values: dict[float, None] = {}
        for e in self.context.expressions:
            limits = e.text in ("min", "max") or set(e.operators) & {"<", "<=", ">", ">="}
            if limits and len(e.args) == 2 and any(self._follows(a, state) or a.text in names for a in e.args):
                found = (self.context.constants.value(a) for a in e.args)
                values.update(dict.fromkeys(v for v in found if v is not None and np.isfinite(v)))
        return list(values)[:_MOST_CLIPS]

    def _follows(self, e: Expr, state: DeviceState) -> bool:
        """Whether an expression is made of a state."""
        if isinstance(state.key, int):
            return any(id(part) == state.key for part in e.walk())
        accesses = (part for part in e.walk() if part.kind == "call" and self.context.is_potential(part))
        return any(state.key in self._pair(access) for access in accesses)

    def flow_out_of(self, node: str, outcome: ModuleResponse) -> Array:
        """The flow out of a node, A."""
        parts = [flow * (pair[0] == node) - flow * (pair[1] == node) for pair, flow in outcome.flows.items()]
        return np.asarray(np.sum(parts, axis=0))

    def run(
        self,
        volt: Array,
        states: Mapping[str | int, Array],
        analysis: str = "tran",
        has_charges: bool = False,
        parameters: Mapping[str, float] | None = None,
    ) -> ModuleResponse:
        """Evaluate the device with its helper nodes where they settle.

        Args:
            volt: voltages across the device, V, shape (points,).
            states: states by key, shape (points,) each; the others are 0.
            analysis: kind of analysis, ``tran`` or ``static``.
            has_charges: whether ddt(x) is x.
            parameters: values other than the defaults.

        Raises:
            NotEvaluableError: the module has no values, or the helper nodes do not settle.
        """
        nodes = {n: _ELSEWHERE * volt for n in self.nodes if n not in self.lonely}
        nodes |= {n: np.zeros(len(volt)) for n in self.helpers}
        nodes |= {str(key): value for key, value in states.items() if isinstance(key, str)}
        nodes[self.terminals[0]] = volt
        integrals = {key: value for key, value in states.items() if isinstance(key, int)}
        bias = BiasPoints(len(volt), nodes, parameters or {}, integrals, analysis, False)
        settled = self._settled(bias)
        return self._evaluate(replace(settled, has_charges=has_charges))

    def _evaluate(self, bias: BiasPoints) -> ModuleResponse:
        return evaluate(self.module, self.potentials, bias)

    def _settled(self, bias: BiasPoints) -> BiasPoints:
        """The bias points, with helper nodes and nodes whose voltage is contributed at what they settle at."""
        if len(self.helpers) > _MOST_HELPERS:
            raise NotEvaluableError
        for _ in range(_SETTLING_ROUNDS):
            outcome = self._evaluate(bias)
            nodes = dict(bias.nodes)
            for node, volt in self._set_voltages(outcome, nodes):
                nodes[node] = volt
            for node in self.helpers:
                nodes[node] = self._newton(node, outcome, bias)
            if all(_is_close(nodes[n], bias.nodes[n]) for n in bias.nodes):
                return bias
            bias = replace(bias, nodes=nodes)
        raise NotEvaluableError

    def _set_voltages(self, outcome: ModuleResponse, nodes: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
        """Inner nodes whose voltage to another node is contributed."""
        for (first, second), volt in outcome.potentials.items():
            if second in nodes and second not in self.terminals and first in nodes:
                yield second, nodes[first] - volt
            elif first in nodes and first not in self.terminals:
                yield first, volt + nodes.get(second, 0.0)

    def _newton(self, node: str, outcome: ModuleResponse, bias: BiasPoints) -> Array:
        moved = dict(bias.nodes)
        moved[node] = bias.nodes[node] + _STEP_V
        flow = self.flow_out_of(node, outcome)
        slope = (self.flow_out_of(node, self._evaluate(replace(bias, nodes=moved))) - flow) / _STEP_V
        change = np.divide(flow, slope, out=np.zeros_like(flow), where=slope != 0)
        return np.asarray(bias.nodes[node] - change)


def _is_close(a: Array, b: Array) -> bool:
    return bool(np.all((np.abs(a - b) <= 1e-9 * (1 + np.abs(a))) | ~np.isfinite(a)))


def two_terminal_device(context: Context) -> TwoTerminalDevice | None:
    """The device of a module, if it has two terminals, and nothing in it is in doubt."""
    module = context.module
    if len(module.ports) < 2 or context.file.not_understood or not module.analog:
        return None
    kinds = [module.nets[p].kind if p in module.nets else "" for p in module.ports]
    rest = zip(module.ports[2:], kinds[2:], strict=True)
    if kinds[:2] != ["electrical"] * 2 or any(
        kind in ("electrical", "") and module.directions.get(p) != "output" for p, kind in rest
    ):
        return None
    if any(f.severity == "error" for f in context.flow.findings):
        return None  # what keeps its value between evaluations is not what one evaluation shows
    return TwoTerminalDevice(context)
