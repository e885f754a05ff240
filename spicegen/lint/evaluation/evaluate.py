"""One evaluation of a module at many bias points at once, as a compact-model compiler's code would do it.

Variables start at 0 in each evaluation. The arms of a conditional run under a mask of the points that take them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from spicegen.lint.evaluation.arithmetic import Array, rounded
from spicegen.lint.evaluation.machine import BiasPoints, ExpressionMachine, Fault, ModuleResponse, NotEvaluableError
from spicegen.lint.facts.flow import PRINTING
from spicegen.lint.reading.syntax import (
    Assign,
    Block,
    Conditional,
    Contribution,
    Event,
    Expr,
    Loop,
    Module,
    Statement,
    Task,
)
from spicegen.lint.reading.tokens import Token

__all__ = ["BiasPoints", "Constants", "Fault", "ModuleResponse", "NotEvaluableError", "evaluate"]

_MOST_ROUNDS = 500


def evaluate(module: Module, potentials: frozenset[str], bias: BiasPoints) -> ModuleResponse:
    """Evaluate a module's contributions at given voltages, all points at once.

    Args:
        module: module to evaluate.
        potentials: access functions of potentials besides V and potential.
        bias: voltages and analysis.

    Raises:
        NotEvaluableError: something in it has no value here.
    """
    machine = _Machine(module, potentials, bias)
    with _values_only():
        machine.set_parameters()
        for statement in (*module.initial, *module.analog):
            machine.run(statement)
    return machine.outcome


class Constants:
    """The values of expressions of parameters at their defaults.

    Args:
        module: module with the parameters.
    """

    def __init__(self, module: Module) -> None:
        self._machine = _Machine(module, frozenset(), BiasPoints(1, {}))
        try:
            with _values_only():
                self._machine.set_parameters()
        except NotEvaluableError:
            pass

    def value(self, e: Expr) -> float | None:
        """The value of an expression; None if it has none."""
        self._machine.work = 0
        try:
            with _values_only():
                return float(np.ravel(self._machine.number(e))[0])
        except NotEvaluableError:
            return None


@contextmanager
def _values_only() -> Iterator[None]:
    """Let what is infinite or no number pass; whatever else nonsense in a file comes to has no value."""
    try:
        with np.errstate(all="ignore"):
            yield
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise NotEvaluableError from error


class _Machine(ExpressionMachine):
    def set_parameters(self) -> None:
        """Give parameters their values, and variables those that they begin with, as far as they have any."""
        for name, item in (*self.module.parameters.items(), *self.module.variables.items()):
            if name in self.bias.parameters:
                self.constants[name] = np.asarray(self.bias.parameters[name])
            elif item.value is not None and not item.is_array and not item.is_local:
                try:
                    value = self.value(item.value)
                except NotEvaluableError:
                    continue
                if "integer" in (item.type, item.kind) and not isinstance(value, str):
                    value = rounded(value)
                self.constants[name] = value

    def run(self, statement: Statement) -> None:
        """Run a statement at the points of the mask."""
        self.count()
        match statement:
            case Assign(name=name, value=value, index=None):
                self.store(name, self.value(value))
            case Contribution(target=target, value=value):
                self._contribute(target, self.number(value))
            case Conditional(arms=arms, default=default):
                self._conditional(statement.at, arms, default)
            case Loop():
                self._loop(statement)
            case Event():
                self._event(statement)
            case Block(body=body):
                for s in body:
                    self.run(s)
            case Task(call=call):
                self._task(call)
            case _:
                raise NotEvaluableError

    def _event(self, event: Event) -> None:
        """Run the statement of ``initial_step``, which comes in each evaluation; other events do not come."""
        if any(part.text == "initial_step" for part in event.event.walk()):
            self.run(event.body)

    def _task(self, call: Expr) -> None:
        if call.text not in PRINTING and not call.text.startswith("$"):
            self.value(call)

    def _contribute(self, target: Expr, value: Array) -> None:
        first, second = self.nodes(target)
        kind = self.outcome.potentials if target.text in self.potentials else self.outcome.flows
        value = np.where(self.mask, value, 0.0)
        if (second, first) in kind:
            kind[second, first] = kind[second, first] - value
        else:
            kind[first, second] = kind.get((first, second), np.zeros(len(self.mask))) + value

    def _conditional(self, at: Token, arms: tuple[tuple[Expr, Statement], ...], default: Statement | None) -> None:
        rest = self.mask
        for condition, arm in arms:
            with self.under(rest):
                holds = np.broadcast_to(self.truth(condition), rest.shape)
                self.decided(condition, at, holds)
            with self.under(rest & holds):
                if self.mask.any():
                    self.run(arm)
            rest = rest & ~holds
        if default is not None and rest.any():
            with self.under(rest):
                self.run(default)

    def _loop(self, loop: Loop) -> None:
        if loop.before is not None:
            self.run(loop.before)
        rounds = rounded(self.number(loop.condition)) if loop.kind == "repeat" else None
        active = self.mask
        for n in range(_MOST_ROUNDS):
            holds = rounds > n if rounds is not None else self.truth(loop.condition)
            active = active & holds
            if not active.any():
                return
            with self.under(active):
                self.run(loop.body)
        raise NotEvaluableError
