"""The way of a file through scanner, directives and parser to the checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from models_va.errors import InputError, UnknownNameError, located
from spicegen.lint.checks import declarations, equations, numbers, usage
from spicegen.lint.checks.behaviour import check_behaviour
from spicegen.lint.context import Context
from spicegen.lint.mend import mended
from spicegen.lint.reading.parser import parse
from spicegen.lint.reading.preprocess import PreprocessedSource, preprocess
from spicegen.lint.reading.sources import read_text
from spicegen.lint.reading.syntax import File
from spicegen.lint.rules import RULES, Finding, found

_MOST_NOT_UNDERSTOOD = 20
_CHECKS: tuple[Callable[[Context], Iterator[Finding]], ...] = (
    declarations.check_attributes,
    declarations.check_arrays,
    declarations.check_includes,
    declarations.check_disciplines,
    declarations.check_ranges,
    declarations.check_forms,
    declarations.check_names,
    declarations.check_header,
    usage.check_calls,
    usage.check_analysis,
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
    check_behaviour,
    numbers.check_integer_division,
    numbers.check_domain,
)


@dataclass(frozen=True)
class LintReport:
    """The findings in several files.

    Attributes:
        findings: findings, each with its file.
        unreadable: faults of the files that could not be judged.
        files: number of files that were judged.
    """

    findings: tuple[tuple[Path, Finding], ...]
    unreadable: tuple[InputError, ...]
    files: int = 0

    @property
    def all_parsed(self) -> bool:
        """Whether every file could be judged, and is Verilog-A from end to end."""
        return not self.unreadable and not any(f.rule == "syntax" for _, f in self.findings)

    def errors(self) -> LintReport:
        """The same report with nothing but the errors."""
        errors = tuple((path, f) for path, f in self.findings if f.severity == "error")
        return LintReport(errors, self.unreadable, self.files)

    def summary(self) -> str:
        """One line: how many errors and warnings in how many files, by rule, the most frequent first."""
        counts = Counter(f.severity for _, f in self.findings)
        rules = Counter(f.rule for _, f in self.findings).most_common()
        kinds = f" ({', '.join(f'{count} {rule}' for rule, count in rules)})" if rules else ""
        found = f"{_counted(counts['error'], 'error')}, {_counted(counts['warning'], 'warning')}"
        failed = f", {_counted(len(self.unreadable), 'file')} not judged" if self.unreadable else ""
        return f"{_counted(self.files, 'file')}: {found}{kinds}{failed}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


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
    files = 0
    for path in paths:
        try:
            findings += [(path, f) for f in lint_file(path) if f.rule not in ignore]
            files += 1
        except InputError as error:
            unreadable.append(error)
        except Exception as error:  # a fault of this linter must not keep the findings in other files back
            unreadable.append(InputError(f"{path}: the linter failed: {type(error).__name__}: {error}"))
    return LintReport(tuple(findings), tuple(unreadable), files)


def describe(path: Path, finding: Finding) -> str:
    """One line, ``file:line:column: severity[rule] message; remedy``; what could steer a terminal is replaced."""
    place = f"{path.parent / finding.file if finding.file else path}:{finding.line}:{finding.column}"
    return _printable(f"{place}: {finding.severity}[{finding.rule}] {finding.message}; {finding.remedy}")


def suggestion(finding: Finding) -> str:
    """The line mended, behind four blanks; "" if there is none to suggest."""
    return _printable(f"    {finding.mended}") if finding.mended else ""


def _printable(line: str) -> str:
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
        for skipped in [*source.broken, *file.not_understood]:
            raise InputError(f"line {skipped.at.line}: {skipped.message}, and no Verilog-A module can be read")
        raise InputError("holds no Verilog-A module: give a file that does, such as one that includes this")
    first = Context(text, source, file, file.modules[0])
    findings = {replace(finding, mended=mended(finding, first)) for finding in _not_understood(source, file)}
    for module in file.modules:
        context = Context(text, source, file, module)
        for check in _CHECKS:
            findings.update(replace(finding, mended=mended(finding, context)) for finding in check(context))
    return sorted(findings)


def _not_understood(source: PreprocessedSource, file: File) -> Iterator[Finding]:
    for skipped in [*source.broken, *file.not_understood][:_MOST_NOT_UNDERSTOOD]:
        if source.is_whole and not skipped.may_be_right:
            yield found("syntax", skipped.at, skipped.message)
        else:
            missing = "" if source.is_whole else f" (perhaps for want of {source.unread[0].text})"
            yield found("not-understood", skipped.at, skipped.message + missing)
