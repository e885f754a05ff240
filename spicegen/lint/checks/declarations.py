"""Checks of the declarations of a file: parameters, outputs, names, includes, header."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spicegen.lint.checks.usage import CALLS
from spicegen.lint.context import Context
from spicegen.lint.facts.bias import ACCESSES
from spicegen.lint.reading.sources import OLD_INCLUDES
from spicegen.lint.reading.syntax import Assign, Declaration, Expr
from spicegen.lint.reading.tokens import leading_comments
from spicegen.lint.rules import Finding, found

_LEGACY_INCLUDES = frozenset({"std.va"})
_FUNCTION_WORDS = """
abs above ac_stim acos acosh analysis asin asinh atan atan2 atanh ceil cos cosh cross ddt ddx exp final_step
flicker_noise floor hypot initial_step int limexp ln max min or pow sin sinh sqrt tan tanh timer white_noise {}
laplace_nd laplace_np laplace_zd laplace_zp zi_nd zi_np zi_zd zi_zp
"""
_KNOWN_FUNCTIONS = frozenset(_FUNCTION_WORDS.split())
_DISCIPLINES = frozenset({"electrical", "voltage", "current", "magnetic", "thermal", "kinematic", "kinematic_v",
                          "rotational", "rotational_omega", "logic", "ddiscrete"})  # fmt: skip
_OTHER_KINDS = frozenset({"inout", "input", "output", "ground", "wire", "wreal", "reg", "tri", "wand", "wor"})
_WORDS = ("inf", "initial_step", "final_step")
_HEADER = {
    "card name": r"^// [a-z][a-z0-9_.-]*: ",
    "model version": r"^// Model: \w+ \d[\w.]*",
    "card hash": r"^// Card hash: [0-9a-f]{12}\b",
    "provenance": r"^// Provenance of the values:\n//   \w+ = \S+ \((paper|fitted|measured|assumed)\)",
}


def check_attributes(context: Context) -> Iterator[Finding]:
    """Check rules 7 to 10: descriptions, units, ranges, instance parameters, outputs."""
    parameters = [p for p in context.module.parameters.values() if p.kind == "parameter"]
    variables = context.module.variables.values()
    for p in parameters:
        yield from _described(p, "parameter")
        if not p.has_range and p.type != "string":
            yield found("range", p.at, f"parameter {p.name} has no range")
    outputs = [v for v in variables if v.attributes.keys() & {"desc", "units"}]
    for v in outputs:
        yield from _described(v, "output")
    if not outputs:
        yield found("operating-point", context.module.at, "no variable is shown as operating-point output")
    if parameters and not any(p.attributes.get("type") == "instance" for p in parameters):
        yield found("instance-parameter", context.module.at, "no parameter is of type instance: all devices are alike")


def _described(item: Declaration, what: str) -> Iterator[Finding]:
    missing = [word for word in ("desc", "units") if not item.attributes.get(word)]
    if missing:
        yield found("description", item.at, f"{what} {item.name} has no {' and no '.join(missing)}")


def check_arrays(context: Context) -> Iterator[Finding]:
    """Check rule 27: there are no arrays."""
    for item in (*context.module.parameters.values(), *context.module.variables.values()):
        if item.is_array:
            yield found("array", item.at, f"{item.name} is an array")


def check_includes(context: Context) -> Iterator[Finding]:
    """Check rules 1 and 27: constants and disciplines are included under their present names, and nothing else."""
    for token in context.source.includes:
        if token.text in OLD_INCLUDES:
            yield found("old-include", token, f"{token.text} is the former name of {OLD_INCLUDES[token.text]}")
    for token in context.source.unread:
        if token.text in _LEGACY_INCLUDES:
            yield found("legacy", token, f"{token.text} is an old name: now constants.vams, disciplines.vams")
        else:
            yield found("include", token, f"includes {token.text}, which is not beside this file and was not read")


def check_disciplines(context: Context) -> Iterator[Finding]:
    """Check rule 1, that the discipline of every net is declared: by the file itself, or by disciplines.vams."""
    if not context.source.is_whole:
        return
    seen = set(context.file.disciplines)
    for net in context.module.nets.values():
        if net.kind in seen or net.kind in _OTHER_KINDS:
            continue
        if net.kind not in _DISCIPLINES:
            yield found("undeclared", net.at, f"{net.kind} is no discipline that is declared")
        elif not context.source.has("disciplines.vams"):
            yield found("discipline", net.at, f"{net.kind} is declared nowhere: disciplines.vams is not included")
        seen.add(net.kind)


def check_ranges(context: Context) -> Iterator[Finding]:
    """Check rule 8, that ranges are written low:high and hold something."""
    for token in context.module.commas:
        yield found("bad-range", token, "a comma in a range, where compilers want a colon")
    for item in context.module.parameters.values():
        ends = [context.constants.value(e) for e in item.bounds or () if e.kind == "number"]
        if len(ends) == 2 and None not in ends and ends[0] > ends[1]:  # type: ignore[operator]
            yield found("bad-range", item.at, f"the range of {item.name} is empty: {ends[0]:g} to {ends[1]:g}")


def check_forms(context: Context) -> Iterator[Finding]:
    """Check rule 1: forms that compact-model compilers do not take."""
    module = context.module
    for token in module.trailing:
        yield found("attribute-place", token, "attributes stand after the declaration")
    for token in module.unnamed:
        yield found("unnamed-block", token, f"{token.text} is declared in a block without a name")
    for item in module.variables.values():
        others = sorted(item.value.names & module.variables.keys()) if item.value and not item.is_local else []
        if others:
            yield found("initial-value", item.at, f"{item.name} begins with the value of the variable {others[0]}")


def check_names(context: Context) -> Iterator[Finding]:
    """Check rule 1, that every name is declared, unless something was included or not understood."""
    if not context.source.is_whole or context.file.not_understood:
        return
    module = context.module
    local = {name for f in module.functions.values() for name in f.variables}
    names = {*module.parameters, *module.variables, *module.nets, *module.branches, *module.ports, *_WORDS, *local}
    functions = {*module.functions, *_KNOWN_FUNCTIONS, *CALLS, *ACCESSES, *context.file.accesses}
    seen: set[str] = set()
    assigned = [Expr("name", s.name, at=s.at) for s in context.statements if isinstance(s, Assign)]
    for e in sorted((*context.expressions, *assigned), key=lambda e: (e.at.line, e.at.column)):
        known = functions if e.kind == "call" else names
        if e.kind in ("call", "name") and e.text not in known and e.text not in seen and not _is_known(e.text, context):
            seen.add(e.text)
            yield found("undeclared", e.at, f"{e.text} is not declared")


def _is_known(name: str, context: Context) -> bool:
    """Whether a name is known: a system function, a member of something, or a macro of constants.vams."""
    if name.startswith(("`P_", "`M_")):
        return context.source.has("constants.vams")
    return name.startswith("$") or "." in name


def check_header(context: Context) -> Iterator[Finding]:
    """Check rule 29, which is only for files whose header says that spicegen wrote them."""
    header = leading_comments(context.text)
    if "printed by spicegen" not in header and "Card hash:" not in header:
        return
    for what, pattern in _HEADER.items():
        if not re.search(pattern, header, re.MULTILINE):
            yield found("header", context.module.at, f"the header of a file printed by spicegen has no {what}")
