"""The context of every check: a module, the file around it, and facts derived from both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from spicegen.lint.evaluation.evaluate import Constants
from spicegen.lint.facts.bias import Bias
from spicegen.lint.facts.flow import FlowFacts, follow
from spicegen.lint.reading.preprocess import PreprocessedSource
from spicegen.lint.reading.syntax import Contribution, Expr, File, Module, Opaque, Statement, visit


@dataclass(frozen=True, eq=False)
class Context:
    """A module in its file."""

    text: str
    source: PreprocessedSource
    file: File
    module: Module

    @cached_property
    def bias(self) -> Bias:
        """The variables that depend on the bias."""
        return Bias(self.module, self.file.accesses)

    @cached_property
    def constants(self) -> Constants:
        """The values of expressions of parameters."""
        return Constants(self.module)

    @cached_property
    def flow(self) -> FlowFacts:
        """The order of assignments, and what may decide otherwise from step to step."""
        return follow(self.module, self.file.accesses)

    @cached_property
    def analog(self) -> list[tuple[Statement, tuple[Statement, ...]]]:
        """The statements of the analog blocks, each with the statements that it stands under."""
        return [pair for s in self.module.analog for pair in visit(s)]

    @cached_property
    def statements(self) -> list[Statement]:
        """All statements, those of analog initial and of functions included."""
        roots = [*self.module.initial, *(f.body for f in self.module.functions.values())]
        return [s for s, _ in self.analog] + [s for root in roots for s, _ in visit(root)]

    @cached_property
    def expressions(self) -> list[Expr]:
        """Every expression of every statement, and every part of it."""
        return [part for s in self.statements for e in s.expressions for part in e.walk()]

    @property
    def has_gaps(self) -> bool:
        """Whether statements were skipped, in which anything may stand."""
        return any(isinstance(s, Opaque) for s in self.statements)

    def calls(self, *functions: str) -> Iterator[Expr]:
        """Every call of one of these."""
        return (e for e in self.expressions if e.kind == "call" and e.text in functions)

    @property
    def contributions(self) -> Iterator[Contribution]:
        """The contributions, in order."""
        return (s for s, _ in self.analog if isinstance(s, Contribution))

    def branch(self, target: Expr) -> frozenset[str]:
        """The nodes of a branch, its name and the order of its nodes aside."""
        names = [a.text for a in target.args]
        return frozenset(self.module.branches.get(names[0], names) if len(names) == 1 else names)

    def is_potential(self, target: Expr) -> bool:
        """Whether a contribution to ``target`` sets a voltage (or another nature's potential)."""
        return target.text in ("V", "potential") or target.text in self.file.potentials

    @cached_property
    def states(self) -> list[Contribution]:
        """The contributions of ddt anywhere but between the first two ports, where it is a capacitance."""
        terminals = frozenset(self.module.ports[:2])
        return [
            c for c in self.contributions if any(c.value.calls("ddt")) and self.branch(c.target) not in (terminals,)
        ]
