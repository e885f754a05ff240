"""The values of expressions at many bias points at once: the half of ``evaluate`` that is not statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from spicegen.lint.evaluation.arithmetic import FUNCTIONS, OPERATORS, UNARY, Array, apply, outside, rounded
from spicegen.lint.facts.bias import ACCESSES
from spicegen.lint.reading.syntax import Expr, Function, Module, Statement
from spicegen.lint.reading.tokens import Token, number

_MOST_WORK = 150_000
_DEEPEST = 8
_BOLTZMANN_V_PER_K = 8.617333262e-5
_MACROS = {
    "`M_PI": np.pi, "`M_TWO_PI": 2 * np.pi, "`M_PI_2": np.pi / 2, "`M_PI_4": np.pi / 4, "`M_E": np.e,
    "`M_SQRT2": np.sqrt(2), "`M_SQRT1_2": np.sqrt(0.5), "`M_LN2": np.log(2), "`M_LN10": np.log(10),
    "`M_1_PI": 1 / np.pi, "`M_2_PI": 2 / np.pi, "`P_Q": 1.602176634e-19, "`P_K": 1.380649e-23, "`P_C": 2.99792458e8,
    "`P_H": 6.62607015e-34, "`P_EPS0": 8.8541878128e-12, "`P_U0": 4e-7 * np.pi, "`P_CELSIUS0": 273.15,
}  # fmt: skip
_SYSTEM = {"$temperature": 300.15, "$abstime": 1.0, "$realtime": 1.0, "$mfactor": 1.0, "inf": np.inf}
_ZERO = frozenset({"white_noise", "flicker_noise", "noise_table", "noise_table_log", "ac_stim", "$random", "$arandom",
                   "last_crossing", "$xposition", "$yposition", "$angle", "$discontinuity"})  # fmt: skip
_FIRST = ("absdelay", "transition", "slew", "$limit", "laplace_", "zi_")
_SIMULATOR = {"gmin": 1e-12, "tnom": 27.0, "scale": 1.0, "shrink": 0.0, "imax": 1.0, "rthresh": 1e-3}


class NotEvaluableError(Exception):
    """Something in a module has no value here; never leaves this package."""


@dataclass(frozen=True)
class Fault:
    """A function outside its domain at some point.

    Attributes:
        at: the call.
        function: name of the function.
        argument: value of its first argument, at the first such point.
        point: number of that point.
    """

    at: Token
    function: str
    argument: float
    point: int


@dataclass
class ModuleResponse:
    """Result of an evaluation at every point.

    Attributes:
        flows: flow from the first node to the second of each pair, A; the second is "" for ground.
        potentials: voltages that are contributed, V, by pairs of nodes as well.
        rates: arguments of idt, by ``id`` of the call.
        faults: functions outside their domains, the first of each call.
        decisions: conditions that were tested: by ``id``, the token and where it held.
    """

    flows: dict[tuple[str, str], Array] = field(default_factory=dict)
    potentials: dict[tuple[str, str], Array] = field(default_factory=dict)
    rates: dict[int, Array] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    decisions: dict[int, tuple[Token, Array]] = field(default_factory=dict)


@dataclass(frozen=True)
class BiasPoints:
    """The circumstances of an evaluation.

    Attributes:
        nodes: voltage of each node, V, shape (points,); the others are at 0.
        parameters: values other than the defaults.
        integrals: values of idt by ``id`` of the call; 0 for the others.
        analysis: kind of analysis, ``tran`` or ``static``.
        has_charges: whether ddt(x) is x (and not 0, as it is at rest).
    """

    points: int
    nodes: Mapping[str, Array]
    parameters: Mapping[str, float] = field(default_factory=dict)
    integrals: Mapping[int, Array] = field(default_factory=dict)
    analysis: str = "tran"
    has_charges: bool = False


class ExpressionMachine:
    """The values of variables and expressions at the points of a mask.

    Args:
        module: module that is evaluated.
        potentials: access functions of potentials besides V and potential.
        bias: voltages and analysis.

    Attributes:
        outcome: what has been found so far.
        mask: points at which the present statement runs, shape (points,).
        values: value of each variable, one for all points or shape (points,).
        integers: variables that are integers.
    """

    def __init__(self, module: Module, potentials: frozenset[str], bias: BiasPoints) -> None:
        self.module, self.potentials, self.bias = module, potentials | {"V", "potential"}, bias
        self.outcome = ModuleResponse()
        self.mask: Array = np.ones(bias.points, dtype=bool)
        self.values: dict[str, Array | str] = {}
        self.constants: dict[str, Array | str] = {}
        self.integers = {n for n, d in module.variables.items() if d.kind == "integer"}
        self.work = 0
        self.depth = 0

    def run(self, statement: Statement) -> None:
        """Run a statement at the points of the mask."""
        raise NotImplementedError

    def number(self, e: Expr) -> Array:
        """The value of an expression that is a number.

        Raises:
            NotEvaluableError: it is none.
        """
        value = self.value(e)
        if isinstance(value, str):
            raise NotEvaluableError
        return value

    def value(self, e: Expr) -> Array | str:
        """The value of an expression."""
        self.count()
        match e.kind:
            case "number":
                return _literal(e.text)
            case "string":
                return e.text
            case "name":
                return self._name(e.text)
            case "operator":
                return self._operator(e)
            case "choice":
                return self._choice(e)
            case "call":
                return self._call(e)
        raise NotEvaluableError

    def count(self) -> None:
        """Count one step of work; too many have no end.

        Raises:
            NotEvaluableError: it was the last one.
        """
        self.work += 1
        if self.work > _MOST_WORK:
            raise NotEvaluableError

    @contextmanager
    def under(self, mask: Array) -> Iterator[None]:
        """Run what follows at the points of another mask."""
        outer, self.mask = self.mask, mask
        try:
            yield
        finally:
            self.mask = outer

    def store(self, name: str, value: Array | str) -> None:
        """Give the variable ``name`` a value at the points of the mask; elsewhere it keeps its own."""
        if isinstance(value, str):
            self.values[name] = value
            return
        if name in self.integers:
            value = rounded(value)
        before = self.values.get(name, self.constants.get(name, _real(0)))
        if self.mask.all() or isinstance(before, str):
            self.values[name] = value
        else:
            self.values[name] = np.where(self.mask, value, before)

    def nodes(self, access: Expr) -> tuple[str, str]:
        """The two nodes of a branch access; "" is ground."""
        names = [a.text for a in access.args]
        if len(names) == 1 and names[0] in self.module.branches:
            names = list(self.module.branches[names[0]])
        grounds = {n for n, d in self.module.nets.items() if d.kind == "ground"}
        first, second = ("" if n in grounds else n for n in (*names, "")[:2])
        return first, second

    def decided(self, condition: Expr, at: Token, holds: Array) -> None:
        """Note where a condition holds."""
        self.outcome.decisions[id(condition)] = (at, np.where(self.mask, holds, False))

    def truth(self, condition: Expr) -> Array:
        """The truth of a condition: a mask of the points at which it holds, or one value for all points."""
        return np.asarray(self.number(condition) != 0)

    def _name(self, name: str) -> Array | str:
        for known in (self.values, self.constants):
            if name in known:
                return known[name]
        if name in self.integers:
            return _whole(0)
        if name in self.module.variables or name in _ZERO:
            return _real(0)
        for table in (_SYSTEM, _MACROS):
            if name in table:
                return _real(table[name])
        if name == "$vt":
            return _real(_BOLTZMANN_V_PER_K * _SYSTEM["$temperature"])
        raise NotEvaluableError

    def _operator(self, e: Expr) -> Array:
        if len(e.args) == 1:
            if e.operators[0] not in UNARY:
                raise NotEvaluableError
            return UNARY[e.operators[0]](self.number(e.args[0]))
        left = self.value(e.args[0])
        for operator, operand in zip(e.operators, e.args[1:], strict=True):
            left = self._binary(operator, left, operand, e)
        if isinstance(left, str):
            raise NotEvaluableError
        return left

    def _binary(self, operator: str, left: Array | str, operand: Expr, whole: Expr) -> Array:
        if operator in ("&&", "||") and not isinstance(left, str):
            wanted = np.broadcast_to(np.asarray(left != 0) == (operator == "&&"), self.mask.shape)
            with self.under(self.mask & wanted):
                right = self.value(operand) if self.mask.any() else _whole(0)
        else:
            right = self.value(operand)
        if isinstance(left, str) or isinstance(right, str):
            if operator not in ("==", "!=") or not (isinstance(left, str) and isinstance(right, str)):
                raise NotEvaluableError
            return _whole((left == right) == (operator == "=="))
        if operator not in OPERATORS:
            raise NotEvaluableError
        if operator == "**":
            self._look(whole, "pow", [left, right])
        return np.asarray(OPERATORS[operator](left, right))

    def _choice(self, e: Expr) -> Array | str:
        condition = np.broadcast_to(self.truth(e.args[0]), self.mask.shape)
        self.decided(e.args[0], e.at, condition)
        arms: list[Array | str | None] = []
        for part, holds in zip(e.args[1:], (condition, ~condition), strict=True):
            with self.under(self.mask & holds):
                arms.append(self.value(part) if self.mask.any() else None)
        if_true, if_false = arms
        if if_true is None or if_false is None:
            only = if_false if if_true is None else if_true
            return _real(0) if only is None else only
        if isinstance(if_true, str) or isinstance(if_false, str):
            raise NotEvaluableError
        return np.where(condition, if_true, if_false)

    def _call(self, e: Expr) -> Array | str:
        name = e.text
        if name in self.module.functions:
            return self._own_function(self.module.functions[name], e)
        if name in FUNCTIONS:
            arguments = [self.number(a) for a in e.args]
            if len(arguments) != _arguments_of(name):
                raise NotEvaluableError
            self._look(e, name, arguments)
            return apply(name, arguments)
        if name in self.potentials or name in ACCESSES:
            return self._access(e)
        return self._system(e)

    def _look(self, e: Expr, function: str, arguments: list[Array]) -> None:
        """Note a function outside its domain."""
        mask = outside(function, arguments)
        if mask is None or id(e) in self.outcome.faults:
            return
        mask = np.broadcast_to(mask, self.mask.shape) & self.mask
        if mask.any():
            point = int(mask.argmax())
            x = np.broadcast_to(arguments[0], self.mask.shape)
            self.outcome.faults[id(e)] = Fault(e.at, function, float(x[point]), point)

    def _access(self, e: Expr) -> Array:
        first, second = self.nodes(e)
        if e.text in self.potentials or e.text in ("Temp", "Pos"):
            zero = np.zeros(len(self.mask))
            return np.asarray(self.bias.nodes.get(first, zero) - self.bias.nodes.get(second, zero))
        flows = self.outcome.flows
        if (first, second) in flows:
            return flows[first, second]
        if (second, first) in flows:
            return np.negative(flows[second, first])
        raise NotEvaluableError

    def _system(self, e: Expr) -> Array | str:
        name, args = e.text, e.args
        if name in _ZERO or name.startswith(("$rdist_", "$dist_")):
            return _real(0)
        if name == "$port_connected":
            return _whole(1)
        if not args:
            return self._name(name)
        if name.startswith(_FIRST):
            return self.value(args[0])
        if name not in _OPERATORS:
            raise NotEvaluableError
        return _OPERATORS[name](self, e)

    def _ddt(self, e: Expr) -> Array:
        charge = self.number(e.args[0])
        return charge if self.bias.has_charges else _real(0)

    def _idt(self, e: Expr) -> Array:
        self.outcome.rates[id(e)] = np.broadcast_to(self.number(e.args[0]), self.mask.shape)
        return self.bias.integrals.get(id(e), _real(0))

    def _analysis(self, e: Expr) -> Array:
        return _whole(any(a.text == self.bias.analysis for a in e.args))

    def _simulator(self, e: Expr) -> Array:
        if len(e.args) > 1:
            return self.number(e.args[1])
        if e.args[0].text not in _SIMULATOR:
            raise NotEvaluableError
        return _real(_SIMULATOR[e.args[0].text])

    def _thermal_voltage(self, e: Expr) -> Array:
        return np.asarray(_BOLTZMANN_V_PER_K * self.number(e.args[0]))

    def _given(self, e: Expr) -> Array:
        return _whole(e.args[0].text in self.bias.parameters)

    def _slope(self, _: Expr) -> Array:
        return _real(np.nan)  # ddx is not worked out; what depends on it is not judged

    def _own_function(self, function: Function, call: Expr) -> Array | str:
        if self.depth >= _DEEPEST:
            raise NotEvaluableError
        pairs = list(zip(function.arguments, call.args, strict=False))
        given = {name: self.value(a) for name, a in pairs if a.kind != "empty"}
        outer = self.values, self.integers
        self.values = dict(given)
        self.integers = {n for n, d in function.variables.items() if d.kind == "integer"}
        self.depth += 1
        try:
            for name, item in function.variables.items():
                if name not in given:
                    self.values[name] = _real(0) if item.value is None else self.value(item.value)
            self.run(function.body)
            inner = self.values
        finally:
            self.values, self.integers = outer
            self.depth -= 1
        for name, argument in pairs:
            if name in function.outputs:
                self.store(argument.text, inner[name])
        return inner.get(function.name, _real(0))


_OPERATORS: dict[str, Callable[[ExpressionMachine, Expr], Array]] = {
    "ddt": ExpressionMachine._ddt,
    "idt": ExpressionMachine._idt,
    "idtmod": ExpressionMachine._idt,
    "ddx": ExpressionMachine._slope,
    "analysis": ExpressionMachine._analysis,
    "$simparam": ExpressionMachine._simulator,
    "$vt": ExpressionMachine._thermal_voltage,
    "$param_given": ExpressionMachine._given,
}


def _real(value: float) -> Array:
    return np.asarray(value, dtype=float)


def _whole(value: int) -> Array:
    return np.asarray(value, dtype=np.int64)


def _literal(text: str) -> Array:
    digits = text.replace("_", "")
    return _whole(int(digits)) if digits.isdigit() and len(digits) < 18 else _real(number(text))


def _arguments_of(function: str) -> int:
    return 2 if function in ("atan2", "hypot", "max", "min", "pow") else 1
