"""The way of a file through scanner, directives and parser to the checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models_va.errors import InputError, UnknownNameError, located
from spicegen.lint import declarations, equations, usage
from spicegen.lint.context import Context
from spicegen.lint.parser import parse
from spicegen.lint.preprocess import PreprocessedSource, preprocess
from spicegen.lint.rules import RULES, Finding, found
from spicegen.lint.sources import read_text
from spicegen.lint.syntax import File

_MOST_NOT_UNDERSTOOD = 20
_CHECKS: tuple[Callable[[Context], Iterator[Finding]], ...] = (
    declarations.check_attributes,
    declarations.check_arrays,
    declarations.check_includes,
    declarations.check_names,
    declarations.check_header,
    usage.check_calls,
    usage.check_multiplicity,
    usage.check_events,
    usage.check_noise,
    usage.check_gmin,
    usage.check_literals,
    equations.check_contributions,
    equations.check_ddt,
    equations.check_states,
    equations.check_overflow,
    lambda context: iter(context.flow.findings),
)


@dataclass(frozen=True)
class LintReport:
    """The findings in several files.

    Attributes:
        findings: findings, each with its file.
        unreadable: faults of the files that could not be judged.
    """

    findings: tuple[tuple[Path, Finding], ...]
    unreadable: tuple[InputError, ...]


def lint_files(paths: Iterable[Path], ignore: Collection[str] = ()) -> LintReport:
    """Judge every file that can be read, leaving out the rules in ``ignore``.

    Raises:
        UnknownNameError: ``ignore`` holds a name that is no rule; the message lists the rules.
    """
    for name in ignore:
        if name not in RULES:
            raise UnknownNameError("lint rule", name, RULES)
    findings: list[tuple[Path, Finding]] = []
    unreadable: list[InputError] = []
    for path in paths:
        try:
            findings += [(path, f) for f in lint_file(path) if f.rule not in ignore]
        except InputError as error:
            unreadable.append(error)
    return LintReport(tuple(findings), tuple(unreadable))


def describe(path: Path, finding: Finding) -> str:
    """One line, ``file:line:column: severity[rule] message; remedy``; what could steer a terminal is replaced."""
    place = f"{path.parent / finding.file if finding.file else path}:{finding.line}:{finding.column}"
    line = f"{place}: {finding.severity}[{finding.rule}] {finding.message}; {finding.remedy}"
    return "".join(c if c.isprintable() else "?" for c in line)


def lint_file(path: Path) -> list[Finding]:
    """Read and judge a Verilog-A file, and what it includes from the folders beside it.

    Raises:
        InputError: the file or one that it includes cannot be read, is too large or no text, or there is no module.
    """
    text = read_text(path)
    with located(path):
        return _lint(text, path.parent)


def lint_text(text: str) -> list[Finding]:
    """Judge the text of a Verilog-A file; no other file is opened.

    Returns:
        The findings in the order of their places; empty if there are none.

    Raises:
        InputError: there is no module in the text, or its macros expand without end.
    """
    return _lint(text)


def _lint(text: str, folder: Path | None = None) -> list[Finding]:
    source = preprocess(text, folder)
    file = parse(source.tokens)
    if not file.modules:
        raise InputError("holds no Verilog-A module: give a .va file")
    findings = set(_not_understood(source, file))
    for module in file.modules:
        context = Context(text, source, file, module)
        for check in _CHECKS:
            findings.update(check(context))
    return sorted(findings)


def _not_understood(source: PreprocessedSource, file: File) -> Iterator[Finding]:
    for token in [*source.broken, *file.not_understood][:_MOST_NOT_UNDERSTOOD]:
        text = token.text if len(token.text) <= 30 else token.text[:30] + "..."
        yield found("not-understood", token, f"{text!r} is not understood here")
