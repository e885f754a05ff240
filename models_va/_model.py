"""Model: the equations of a two-terminal device in sympy.

The current flows from the top electrode ``te`` to the bottom electrode ``be``; the voltage is
v = v(te) - v(be). The state x obeys dx/dt = rate(v, x), and the current is i(v, x): a memristive system in
the sense of Chua and Kang (Proc. IEEE 64, 209, 1976).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy

from models_va._bounds import check_bounds, drawn
from models_va._device_params import DEVICE_PARAMS
from models_va._dimensions import check_dimensions
from models_va._names import check_name
from models_va._param import Param
from models_va.errors import InputError, ModelDefinitionError

VOLTAGE = sympy.Symbol("vbr", real=True)
"""The voltage v(te) - v(be) in V."""
TEMPERATURE = sympy.Symbol("temperature_k", positive=True)
"""The absolute temperature in K."""
BOLTZMANN = sympy.Symbol("boltzmann", positive=True)
"""The Boltzmann constant in J/K (CODATA 2018: 1.380649e-23)."""
CHARGE = sympy.Symbol("elementary_charge", positive=True)
"""The elementary charge in C (CODATA 2018: 1.602176634e-19)."""
GMIN = sympy.Symbol("gmin", positive=True)
"""The simulator's minimum conductance in S (1e-12 where a simulator has none to read)."""

CONSTANTS: Mapping[sympy.Symbol, tuple[str, float]] = {
    BOLTZMANN: ("J/K", 1.380649e-23),
    CHARGE: ("C", 1.602176634e-19),
    GMIN: ("S", 1e-12),
}
ROOM_TEMPERATURE_K = 300.15


@dataclass(frozen=True, slots=True)
class Definition:
    """A named intermediate quantity, which is printed under its own name and evaluated once."""

    name: str
    expression: sympy.Expr
    unit: str
    description: str

    @property
    def symbol(self) -> sympy.Symbol:
        """The symbol by which later equations refer to the quantity."""
        return sympy.Symbol(self.name, real=True)


@dataclass(frozen=True, slots=True)
class State:
    """A dimensionless dynamic state, scaled to about 1.

    Attributes:
        rate: the rate dx/dt of the state, 1/s.
        initial: name of the per-instance parameter that holds the state at the operating point.
        lower, upper: bounds of the state, which the rates themselves keep.
    """

    name: str
    description: str
    rate: sympy.Expr
    initial: str
    lower: float = 0.0
    upper: float = 1.0

    @property
    def symbol(self) -> sympy.Symbol:
        """The symbol of the state; it is real, not nonnegative, because a solver's iterates may leave the bounds."""
        return state_symbol(self.name)


def state_symbol(name: str) -> sympy.Symbol:
    """The symbol of the state called ``name``."""
    return sympy.Symbol(name, real=True)


@dataclass(frozen=True)
class Model:
    """A memristive one-port.

    Attributes:
        name, version, title, reference: identity of the model; the reference cites the origin of the equations.
        params: every parameter of the model.
        states: every state of the model, in order.
        definitions: named intermediate quantities, each of which uses only those before it.
        current: the current i(v, x), A.
        conductance: name of the definition that is reported as the device's conductance, S.
        noise_psd: one-sided spectral density of the current noise at v = 0, A^2/Hz.
        memory: name of the state that keeps a programmed conductance; None if there is none to program.
        ordered: pairs of names of parameters, of which the first must be the smaller.
        abrupt: whether the states switch so abruptly that circuit simulators need a tenth of the relative tolerance
            that others need for the same error.
        date: day on which this version of the equations was written, YYYY-MM-DD; empty if it is not stated.

    Raises:
        ModelDefinitionError: names clash, a state has no rate, an equation uses an unknown symbol, dimensions do not
            agree, or a rate leads out of its state's bounds.
    """

    name: str
    version: str
    title: str
    reference: str
    params: tuple[Param, ...]
    states: tuple[State, ...]
    definitions: tuple[Definition, ...]
    current: sympy.Expr
    conductance: str
    noise_psd: sympy.Expr
    memory: str | None = None
    ordered: tuple[tuple[str, str], ...] = ()
    abrupt: bool = False
    date: str = ""

    def __post_init__(self) -> None:
        self._check_names()
        self._check_symbols()
        check_dimensions(self._units, self._equations())
        others = {TEMPERATURE: ROOM_TEMPERATURE_K} | {symbol: value for symbol, (_, value) in CONSTANTS.items()}
        check_bounds(
            f"model {self.name}",
            [(d.symbol, d.expression) for d in self.definitions],
            [(s.symbol, s.rate, s.lower, s.upper) for s in self.states],
            drawn(self.params, VOLTAGE, others),
        )

    @cached_property
    def param(self) -> Mapping[str, Param]:
        """The parameters by name."""
        return {p.name: p for p in self.params}

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the states, in order."""
        return tuple(s.name for s in self.states)

    def values(self, given: Mapping[str, float]) -> dict[str, float]:
        """The values of every parameter: the given ones, which are checked, and the defaults of all others.

        Raises:
            InputError: a name is unknown (the message lists the known ones), a value is missing or out of range, or two
                values are in the wrong order.
        """
        for name in given:
            if name not in self.param:
                raise InputError(
                    f"model {self.name} has no parameter {name!r}: known are {', '.join(sorted(self.param))}"
                )
        missing = [p.name for p in self.params if p.default is None and p.name not in given]
        if missing:
            raise InputError(f"parameters: missing {', '.join(missing)}: state each value with its provenance")
        defaults = {p.name: p.default for p in self.params if p.default is not None}
        values = {**defaults, **given}
        checked = {p.name: p.check(float(values[p.name])) for p in self.params}
        self.check_order(checked)
        return checked

    def check_order(self, values: Mapping[str, float]) -> None:
        """Refuse values of parameters, all or some, of which two are in the wrong order.

        Raises:
            InputError: two values are in the wrong order; the message names the two parameters.
        """
        for low, high in self.out_of_order(values):
            unit = self.param[low].unit
            raise InputError(
                f"parameter {low} = {values[low]:g} {unit} must be below {high} = {values[high]:g} {unit}: check both"
            )

    def out_of_order(self, values: Mapping[str, float]) -> list[tuple[str, str]]:
        """The pairs of ``ordered`` of which both values are given and the first is not the smaller."""
        return [(a, b) for a, b in self.ordered if a in values and b in values and not values[a] < values[b]]

    def expanded(self, expression: sympy.Expr) -> sympy.Expr:
        """``expression`` with every definition substituted: a function of v, states and parameters alone."""
        for definition in reversed(self.definitions):
            expression = expression.subs(definition.symbol, definition.expression)
        return expression

    def _check_names(self) -> None:
        names = [
            *(p.name for p in (*self.params, *DEVICE_PARAMS)),
            *(check_name(s.name, "state") for s in self.states),
            *(check_name(d.name, "definition") for d in self.definitions),
        ]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ModelDefinitionError(f"model {self.name}: defined twice: {', '.join(twice)}")
        for state in self.states:
            if not isinstance(state.rate, sympy.Expr) or state.rate.is_zero:
                raise ModelDefinitionError(
                    f"model {self.name}: state {state.name} has no rate: it would never change; make it a parameter"
                )
            if state.initial not in self.param or not self.param[state.initial].per_instance:
                raise ModelDefinitionError(
                    f"model {self.name}: state {state.name} needs a per-instance parameter {state.initial!r}"
                )
        if self.conductance not in {d.name for d in self.definitions}:
            raise ModelDefinitionError(f"model {self.name}: no definition {self.conductance!r}")
        if self.memory is not None and self.memory not in self.state_names:
            raise ModelDefinitionError(f"model {self.name}: no state {self.memory!r} to be its memory")
        unknown = [name for pair in self.ordered for name in pair if name not in self.param]
        if unknown:
            raise ModelDefinitionError(f"model {self.name}: no parameter {unknown[0]!r} to be in order")

    def _check_symbols(self) -> None:
        known = {VOLTAGE, TEMPERATURE, *CONSTANTS}
        known |= {p.symbol for p in self.params} | {s.symbol for s in self.states}
        for definition in self.definitions:
            self._check_known(definition.name, definition.expression, known)
            known.add(definition.symbol)
        self._check_known("current", self.current, known)
        self._check_known("noise", self.noise_psd, known)
        for state in self.states:
            self._check_known(f"d{state.name}/dt", state.rate, known)

    def _check_known(self, place: str, expression: sympy.Expr, known: set[sympy.Symbol]) -> None:
        unknown = sorted(str(s) for s in expression.free_symbols - known)
        if unknown:
            raise ModelDefinitionError(f"model {self.name}, {place}: unknown symbols {', '.join(unknown)}")

    @cached_property
    def _units(self) -> dict[sympy.Symbol, str]:
        units: dict[sympy.Symbol, str] = {VOLTAGE: "V", TEMPERATURE: "K"}
        units |= {symbol: unit for symbol, (unit, _) in CONSTANTS.items()}
        units |= {p.symbol: p.unit for p in self.params}
        units |= {s.symbol: "1" for s in self.states}
        return units | {d.symbol: d.unit for d in self.definitions}

    def _equations(self) -> list[tuple[str, sympy.Expr, str]]:
        where = f"model {self.name}, "
        return [
            *((where + d.name, d.expression, d.unit) for d in self.definitions),
            *((f"{where}d{s.name}/dt", s.rate, "1/s") for s in self.states),
            (where + "current", self.current, "A"),
            (where + "noise", self.noise_psd, "A**2/Hz"),
        ]
