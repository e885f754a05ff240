"""Checks of the functions that a model calls: time, events, chance, filters, tables, noise, logarithms, literals."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator

from spicegen.lint.context import Context
from spicegen.lint.facts.flow import PRINTING
from spicegen.lint.reading.syntax import Assign, Conditional, Event, Expr, Statement, Task, visit
from spicegen.lint.reading.tokens import number
from spicegen.lint.rules import Finding, found

CALLS = {
    "$abstime": ("absolute-time", "the model depends on absolute time"),
    "$realtime": ("absolute-time", "the model depends on absolute time"),
    "$bound_step": ("step-control", "the model bounds the time step"),
    "$random": ("random", "randomness inside the model"),
    "$arandom": ("random", "randomness inside the model"),
    "$rdist_": ("random", "randomness inside the model"),
    "$dist_": ("random", "randomness inside the model"),
    "$table_model": ("table", "data read from a table"),
    "noise_table": ("table", "noise read from a table"),
    "noise_table_log": ("table", "noise read from a table"),
    "idt": ("idt", "a state in idt cannot be seen or started from an instance parameter"),
    "idtmod": ("idt", "a state in idtmod cannot be seen or started from an instance parameter"),
    "log": ("log10", "log is the decimal logarithm in Verilog-A"),
    "transition": ("filter", "transition acts on events, not on a continuous system"),
    "slew": ("filter", "slew is not a compact model's"),
    "absdelay": ("time-delay", "absdelay remembers the past: operating point and transient need not agree"),
    "last_crossing": ("filter", "last_crossing remembers events"),
    "laplace_": ("filter", "laplace filters are not a compact model's"),
    "zi_": ("filter", "sampled filters are not a compact model's"),
    "delay": ("legacy", "delay is now absdelay"),
    "bound_step": ("legacy", "bound_step is now $bound_step"),
    "discontinuity": ("legacy", "discontinuity is now $discontinuity"),
    "$limexp": ("legacy", "$limexp is now limexp"),
}
"""Functions that should not be called, each with its rule and the reason; a name that ends in _ is a prefix."""
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_CONSTANTS = (
    ("Boltzmann's constant", 1.380649e-23, 1e-3, "`P_K"),
    ("Boltzmann's constant in eV/K", 8.617333262e-5, 1e-3, "`P_K/`P_Q"),
    ("the elementary charge", 1.602176634e-19, 2e-3, "`P_Q"),
    ("the permittivity of vacuum", 8.8541878128e-12, 1e-3, "`P_EPS0"),
    ("Planck's constant", 6.62607015e-34, 1e-3, "`P_H"),
    ("0 degrees Celsius in K", 273.15, 1e-6, "`P_CELSIUS0"),
)
_ROOM_K = frozenset({273.0, 293.0, 293.15, 298.0, 298.15, 300.0, 300.15})


def check_calls(context: Context) -> Iterator[Finding]:
    """Check rules 2, 3, 14, 21, 26 and 27: functions that a compact model must not call."""
    for statement in context.statements:
        if isinstance(statement, Task) and statement.call.text in PRINTING:
            continue
        first_point = {e.at for e in _first_points(statement)}
        for e in (part for whole in statement.expressions for part in whole.walk()):
            if e.text in context.module.functions or e.kind not in ("call", "name") or e.at in first_point:
                continue
            if e.kind == "name" and not e.text.startswith("$"):
                continue
            rule, message = CALLS.get(e.text) or CALLS.get(_beginning(e.text), ("", ""))
            if rule == "idt" and len(e.args) > 2 and e.args[2].kind != "empty":
                message = f"{e.text} with a reset: not a continuous system"
            if rule:
                yield found(rule, e.at, message)


def _first_points(statement: Statement) -> Iterator[Expr]:
    """Each ``$abstime`` that asks, beside analysis(), whether this is a transient's first point: is it 0, or not?

    It is the one use of time that a model may make: simulators differ in what analysis they call that point.
    """
    for condition in statement.expressions if isinstance(statement, Conditional) else ():
        if not any(condition.calls("analysis")):
            continue
        for e in condition.walk():
            if e.kind == "operator" and len(e.args) == 2 and e.operators[0] in _COMPARISONS:
                time, zero = sorted(e.args, key=lambda part: part.kind == "number")
                if time.text == "$abstime" and zero.kind == "number" and number(zero.text) == 0:
                    yield time


def _beginning(name: str) -> str:
    return name[: name.find("_") + 1]


def check_analysis(context: Context) -> Iterator[Finding]:
    """Check rule 1: analysis(...) names one kind of analysis; several are legal, but not every compiler takes them."""
    for e in context.calls("analysis"):
        if len(e.args) > 1:
            yield found("analysis-list", e.at, f"analysis of {len(e.args)} kinds: compilers such as OpenVAF take one")


def check_multiplicity(context: Context) -> Iterator[Finding]:
    """Check rule 21: currents are not scaled by $mfactor, which simulators do. Other uses of it are fine."""
    scaled: set[str] = set()
    assigns = [s for s, _ in context.analog if isinstance(s, Assign)]
    size = -1
    while size != len(scaled):
        size = len(scaled)
        scaled |= {s.name for s in assigns if _is_scaled(s.value, scaled)}
    if any(_is_scaled(c.value, scaled) for c in context.contributions):
        for value in [*(s.value for s in assigns if s.name in scaled), *(c.value for c in context.contributions)]:
            for e in value.walk():
                if e.text == "$mfactor" and _is_scaled(value, scaled):
                    yield found("multiplicity", e.at, "$mfactor would count parallel devices twice")


def _is_scaled(e: Expr, scaled: Container[str]) -> bool:
    """Whether $mfactor, or a variable scaled by it, is a factor of a part of the sum ``e``."""
    if e.kind == "name":
        return e.text == "$mfactor" or e.text in scaled
    if e.kind == "operator":
        divides = ("*", *e.operators) if len(e.args) > 1 else ("*",)
        return any(_is_scaled(a, scaled) for a, o in zip(e.args, divides, strict=False) if o in ("*", "+", "-"))
    parts = (
        e.args[1:] if e.kind == "choice" else e.args[:1] if e.text in ("ddt", "white_noise", "flicker_noise") else ()
    )
    return any(_is_scaled(part, scaled) for part in parts)


def check_events(context: Context) -> Iterator[Finding]:
    """Check rule 3: no state changes at events. Messages, and what the first step sets for good, are harmless."""
    for statement, _ in context.analog:
        if not isinstance(statement, Event):
            continue
        names = {s.name for s, _ in visit(statement.body) if isinstance(s, Assign)} - context.flow.harmless
        steps = [e for e in statement.event.walk() if e.text in ("initial_step", "final_step")]
        if names or not steps:
            what = f"assigns {_listed(sorted(names))}" if names else "acts"
            yield found("event", statement.at, f"@({statement.event.text}) {what}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 6 else ""
    return ", ".join(names[:5] if more else names) + more


def check_noise(context: Context) -> Iterator[Finding]:
    """Check rule 22: there is thermal noise, and it has a name."""
    for e in context.calls("white_noise", "flicker_noise"):
        if len(e.args) < (2 if e.text == "white_noise" else 3):
            yield found("noise-name", e.at, f"{e.text} without a name")
    if context.module.analog and not context.has_gaps and not any(context.calls("white_noise")):
        yield found("thermal-noise", context.module.at, "the device has no thermal noise")


def check_gmin(context: Context) -> Iterator[Finding]:
    """Check rule 19: the simulator's gmin lies across the device."""
    asked = (e.args[0].text for e in context.calls("$simparam") if e.args)
    if context.module.analog and not context.has_gaps and "gmin" not in asked:
        yield found("gmin", context.module.at, 'no $simparam("gmin") across the device: it may float')


def check_literals(context: Context) -> Iterator[Finding]:
    """Check rule 20: constants of nature are used by name, and the temperature is the simulator's."""
    uses_temperature = any(e.text in ("$temperature", "$vt") for e in context.expressions)
    for name, e in _values(context):
        for part in e.walk():
            if part.kind != "number":
                continue
            value = number(part.text)
            for what, exact, tolerance, macro in _CONSTANTS:
                if math.isclose(value, exact, rel_tol=tolerance):
                    yield found("constant", part.at, f"{part.text} looks like {what}: {macro}")
            if not uses_temperature and value in _ROOM_K and (not name or name.lower().startswith("t")):
                yield found("constant", part.at, f"{part.text} looks like a temperature, and $temperature is not used")


def _values(context: Context) -> Iterator[tuple[str, Expr]]:
    """Expressions with the name whose value they are ("" for a part of an expression, which has none)."""
    for item in (*context.module.parameters.values(), *context.module.variables.values()):
        if item.value is not None:
            yield item.name, item.value
    for s in context.statements:
        yield from (("", e) for e in _own(s))


def _own(statement: Statement) -> tuple[Expr, ...]:
    return () if isinstance(statement, Task) else statement.expressions
