"""The quantities that depend on the bias: node voltages, branch currents, and everything computed from them."""

from __future__ import annotations

from collections.abc import Container, Iterable

from spicegen.lint.reading.syntax import Assign, Expr, Function, Module, Opaque, Statement

ACCESSES = frozenset({"V", "I", "potential", "flow", "Temp", "Pwr", "Pos", "F", "Omega", "Tau", "Q", "Phi", "MMF"})
_TIME = frozenset({"$abstime", "$realtime", "$random", "$arandom", "ddt", "idt", "idtmod", "analysis", "transition",
                   "slew", "absdelay", "last_crossing", "cross", "above", "timer", "final_step"})  # fmt: skip
_TIME_PREFIXES = ("$rdist_", "$dist_", "laplace_", "zi_")


def changes_in_time(e: Expr, accesses: Container[str], variables: Container[str]) -> bool:
    """Whether a value may change while a circuit is simulated: by the bias, the time, or one of ``variables``."""
    return any(
        (part.kind in ("name", "index") and part.text in variables)
        or (part.kind == "call" and part.text in accesses)
        or (part.kind in ("name", "call") and (part.text in _TIME or part.text.startswith(_TIME_PREFIXES)))
        for part in e.walk()
    )


class Bias:
    """The variables of a module that depend on the bias.

    Args:
        module: module with the variables.
        accesses: names of access functions besides the standard ones.
    """

    def __init__(self, module: Module, accesses: Iterable[str] = ()) -> None:
        self.functions = module.functions
        self.accesses = (ACCESSES | set(accesses)) - module.functions.keys()
        self.variables: set[str] = set()
        size = -1
        while size != len(self.variables):
            size = len(self.variables)
            for statement in module.analog:
                self._follow(statement, False)

    @classmethod
    def of_function(cls, function: Function) -> Bias:
        """The variables of a function, in which anything may depend on the bias."""
        bias = cls(Module(function.name, function.at))
        bias.variables = set(function.variables)
        return bias

    def __contains__(self, e: Expr) -> bool:
        """Whether an expression depends on the bias."""
        return any(
            part.text in self.accesses if part.kind == "call" else part.text in self.variables
            for part in e.walk()
            if part.kind in ("call", "name", "index")
        )

    def _follow(self, statement: Statement, is_chosen: bool) -> None:
        """Add the variables that ``statement`` assigns; ``is_chosen`` says whether the bias decides that it runs."""
        for e in statement.expressions:
            for call in e.calls(*self.functions):
                if is_chosen or any(a in self for a in call.args):
                    self.variables.update(a.text for a in self.functions[call.text].written(call))
        if isinstance(statement, Assign):
            if statement.name not in self.variables and (is_chosen or any(e in self for e in statement.expressions)):
                self.variables.add(statement.name)
            return
        if isinstance(statement, Opaque):
            self.variables |= statement.names
        is_chosen = is_chosen or any(e in self for e in statement.expressions)
        for _, part in statement.parts:
            self._follow(part, is_chosen)
