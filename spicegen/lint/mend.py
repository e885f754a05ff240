"""The line mended: for each finding, what could stand there instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from spicegen.lint.context import Context
from spicegen.lint.reading.sources import OLD_INCLUDES
from spicegen.lint.reading.syntax import Assign, Contribution, Expr
from spicegen.lint.rules import FIRST_POINT, HOLD, Finding

_CODE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|(?!//).)*')
_MOST_ELEMENTS = 8
_MOST_CHARACTERS = 300
_PRESENT = {"delay": "absdelay", "bound_step": "$bound_step", "discontinuity": "$discontinuity", "$limexp": "limexp",
            "std.va": "disciplines.vams"}  # fmt: skip


def mended(finding: Finding, context: Context) -> str:
    """A line to put in place of the one that a finding points at, or beside it; "" if there is none to suggest."""
    place = _Place(finding, context)
    text = _MENDS[finding.rule](place) if finding.rule in _MENDS else ""
    text = " ".join(text.split())
    return text if len(text) <= _MOST_CHARACTERS else ""


@dataclass(frozen=True)
class _Place:
    """A finding in its line."""

    finding: Finding
    context: Context

    @cached_property
    def line(self) -> str:
        """The line, without its comment."""
        return _code(self.context.source.sources.line(self.finding.file, self.finding.line))

    @property
    def before(self) -> str:
        """The line up to the place."""
        return self.line[: self.finding.column - 1]

    @property
    def after(self) -> str:
        """The line from the place on."""
        return self.line[self.finding.column - 1 :]

    @property
    def name(self) -> str:
        """The first name in the message."""
        found = re.search(r"(?:parameter |output |in \w+: |function )?([\w.'`$]+)", self.finding.message)
        return found[1].rpartition(".")[2] if found else "x"

    def put(self, text: str, length: int) -> str:
        """The line with ``length`` characters at the place replaced."""
        return self.before + text + self.after[length:]

    def instead(self, pattern: str, text: str) -> str:
        """The line with what matches ``pattern`` at the place replaced; "" if it does not stand there."""
        match = re.match(pattern, self.after)
        return self.put(match.expand(text), match.end()) if match else ""

    @cached_property
    def call(self) -> Expr | None:
        """The call or power at the place."""
        return next((e for e in self.context.expressions if e.kind in ("call", "operator") and self._is_at(e)), None)

    @cached_property
    def contribution(self) -> Contribution | None:
        """The contribution at the place, or the one that holds what is there."""
        return next(
            (c for c in self.context.contributions if c.at == self._token(c) or any(map(self._is_at, c.value.walk()))),
            None,
        )

    def _token(self, c: Contribution) -> object:
        return c.at if (c.at.file, c.at.line, c.at.column) == self._here else None

    @property
    def _here(self) -> tuple[str, int, int]:
        return self.finding.file, self.finding.line, self.finding.column

    def _is_at(self, e: Expr) -> bool:
        return (e.at.file, e.at.line, e.at.column) == self._here

    @property
    def terminals(self) -> str:
        """The first two ports."""
        return ", ".join((*self.context.module.ports, "p", "n")[:2])

    def around(self, make: Callable[[str, str, str], str]) -> str:
        """The line with the call at the place made anew from its name, its first argument and the rest of its text."""
        match = re.match(r"([$\w]+)\s*\(", self.after)
        if match is None:
            return ""
        depth, first = 0, 0
        for n in range(match.end() - 1, len(self.after)):
            c = self.after[n]
            depth += (c in "([{") - (c in ")]}")
            if depth == 1 and c == "," and not first:
                first = n
            if depth == 0:
                first = first or n
                argument = self.after[match.end() : first].strip()
                return self.put(make(match[1], argument, self.after[first : n + 1]), n + 1)
        return ""  # the call ends in another line


def _code(line: str) -> str:
    """A line without its comment."""
    match = _CODE.match(line)
    return match[0] if match else line


def _state(place: _Place) -> str:
    n = place.name if place.finding.rule == "hidden-state" else "x"
    return f"{n} = V(n_{n}); I(n_{n}) <+ ddt(1e-3*{n}) - 1e-3*rate_{n};"


def _held(place: _Place) -> str:
    names = re.search(r"assigns (\w+)", place.finding.message)
    return _hold(f"n_{names[1]}", f"{names[1]}_init") if names else f"// {place.line.strip()}"


def _hold(node: str, start: str) -> str:
    return f"if ({HOLD} || {FIRST_POINT}) I({node}) <+ V({node}) - {start};"


def _initial_state(place: _Place) -> str:
    node = next((a.text for a in place.context.states[0].target.args), "n_x") if place.context.states else "n_x"
    return _hold(node, f"{node}_init")


def _analysis_list(place: _Place) -> str:
    kinds = [a.source() for a in place.call.args] if place.call else []
    text = " || ".join(f"analysis({kind})" for kind in kinds)
    return place.instead(r"analysis\s*\([^)]*\)", f"({text})")


def _array(place: _Place) -> str:
    match = re.match(r"(\w+)\s*\[\s*(\d+)\s*:\s*(\d+)\s*\]", place.after)
    if match is None or abs(int(match[3]) - int(match[2])) >= _MOST_ELEMENTS:
        return ""
    low, high = sorted((int(match[2]), int(match[3])))
    return place.put(", ".join(f"{match[1]}_{n}" for n in range(low, high + 1)), match.end())


def _attribute_place(place: _Place) -> str:
    match = re.search(r"\s*(\(\*.*?\*\)|`\w+\s*\(.*?\))(?=\s*;)", place.line)
    return f"{match[0].strip()} {place.line.replace(match[0], '', 1).strip()}" if match else ""


def _bad_range(place: _Place) -> str:
    if place.after.startswith(","):
        return place.put(":", 1)
    return re.sub(r"from\s*([(\[])([^:]*):([^\])]*)([)\]])", r"from \1\3:\2\4", place.line)


def _clipped(place: _Place) -> str:
    match = re.match(r"V\(([\w, ]+)\)", place.finding.message)
    if match is None:
        return f"// {place.line.strip()} with the rate {place.name}*(1 - {place.name}) beside the bounds 0 and 1"
    x = f"V({match[1]})"
    return f"rate = rate > 0 ? rate*(1 - {x}) : rate*{x};"


def _alone(place: _Place) -> str:
    c = place.contribution
    return f"{c.target.source()} <+ {place.call.source()};" if c and place.call else ""


def _constant(place: _Place) -> str:
    name = place.finding.message.rpartition(": ")[2] if ": " in place.finding.message else "$temperature"
    return place.instead(r"[\d.]+(?:[eE][+-]?\d+)?", name.replace("\\", ""))


def _description(place: _Place) -> str:
    missing = [word for word in ("desc", "units") if f"no {word}" in place.finding.message]
    source = place.context.source.sources.line(place.finding.file, place.finding.line)
    comment = source[len(place.line) :].strip(" /*").replace('"', "'").replace("\\", "/")
    texts = {"desc": comment or "...", "units": "..."}
    return _with_attributes(place.line, place.finding.column, ", ".join(f'{w}="{texts[w]}"' for w in missing))


def _with_attributes(line: str, column: int, text: str) -> str:
    """The line with attributes before the declaration of what stands at a column, or among those that it has."""
    before = line[: column - 1]
    words = list(re.finditer(r"(?:(?:parameter|localparam)\s+)?(?:real|integer|string)\b|parameter\b", before))
    at = words[-1].start() if words else 0
    has = re.search(r"\s*\*\)\s*$", line[:at])
    if has:
        return f"{line[: has.start()]}, {text} *) {line[at:]}"
    return f"{line[:at]}(* {text} *) {line[at:]}"


def _guarded(place: _Place) -> str:
    least = {"ln": "1e-30", "log": "1e-30", "acosh": "1.0"}

    def make(name: str, first: str, rest: str) -> str:
        if name in ("asin", "acos", "atanh"):
            return f"{name}(max(min({first}, 1.0), -1.0){rest}"
        return f"{name}(max({first}, {least.get(name, '0.0')}){rest}"

    return place.instead(r"([\w.]+(?:\([^()]*\))?|\([^()]*\))\s*\*\*", r"max(\1, 0.0)**") or place.around(make)


def _relaxation(place: _Place) -> str:
    c = place.contribution
    return f"{c.target.source()} <+ ({c.value.source()})/tau;" if c else "rate = rate/tau;"


def _lag(place: _Place) -> str:
    x = place.call.args[0].source() if place.call and place.call.args else "x"
    return f"I(n_y) <+ V(n_y) - {x} + ddt(tau*V(n_y));"


def _integral(place: _Place) -> str:
    rate = place.call.args[0].source() if place.call and place.call.args else "rate"
    return f"I(n_y) <+ ddt(1e-3*V(n_y)) - 1e-3*({rate});"


def _instance(place: _Place) -> str:
    item = next((p for p in place.context.module.parameters.values() if p.kind == "parameter"), None)
    if item is None:
        return ""
    line = place.context.source.sources.line(item.at.file, item.at.line)
    return _with_attributes(line, item.at.column, 'type="instance"')


def _real(place: _Place) -> str:
    return place.instead(r"(\d+)(?![\d.eE])", r"\1.0") or place.put("1.0*", 0)


def _blend(place: _Place) -> str:
    match = re.match(r"(?:at|where (.+) is) (-?)(\S+)", place.finding.message)
    if match is None:
        return ""
    subject = match[1] or f"V({place.terminals})"
    at = subject if match[3] == "0" else f"{subject} {'+' if match[2] else '-'} {match[3]}"
    return f"s = 0.5*(1.0 + tanh(({at})/0.01)); // then s*high + (1.0 - s)*low"


def _present(place: _Place) -> str:
    word = re.match(r"\"?([$\w.]+)", place.after)
    name = word[1] if word else ""
    new = OLD_INCLUDES.get(name) or _PRESENT.get(name)
    return place.line.replace(name, new, 1) if new else ""


def _named(place: _Place) -> str:
    return place.around(lambda name, first, rest: f'{name}({first}{rest[:-1]}, "{name.partition("_")[0]}")')


def _limited(place: _Place) -> str:
    def make(name: str, first: str, _: str) -> str:
        if name == "exp":
            return f"limexp({first})"
        return f"0.5*(limexp({first}) {'-' if name == 'sinh' else '+'} limexp(-({first})))"

    return place.around(make)


def _range(place: _Place) -> str:
    item = place.context.module.parameters.get(place.name)
    is_positive = item is not None and item.value is not None and (place.context.constants.value(item.value) or 0) > 0
    match = re.match(r"\w+\s*=\s*[^,;]*", place.after)
    return (
        place.put(f"{match[0].rstrip()} from {'(0:inf)' if is_positive else '(-inf:inf)'}", match.end())
        if match
        else ""
    )


def _first_assigned(place: _Place) -> str:
    first = f"{place.name} = 0.0;"
    return first if place.finding.message.startswith("function") else f"{first} {place.line.strip()}"


def _declared(place: _Place) -> str:
    name = place.name
    if "discipline" in place.finding.message:
        return place.line.replace(name, "electrical", 1)
    if name.startswith("`"):
        return '`include "constants.vams"' if name.startswith(("`P_", "`M_")) else f"`define {name[1:]} 1.0"
    if place.call is not None and place.call.kind == "call":
        return f"analog function real {name}; input x; real x; {name} = x; endfunction"
    if any(isinstance(s, Assign) and s.name == name for s in place.context.statements):
        return f"real {name};"
    return f"parameter real {name} = 0.0 from (-inf:inf);"


def _current(place: _Place) -> str:
    c = place.contribution
    if c is None:
        return ""
    access = c.target.source()
    return f"I{access[access.index('(') :]} <+ {access} - ({c.value.source()});"


def _completed(place: _Place) -> str:
    missing = re.match(r"'(\S+)' is missing", place.finding.message)
    if missing is None:
        return "endmodule" if "without 'endmodule'" in place.finding.message else ""
    if place.before.strip():
        return f"{place.before.rstrip()}{missing[1]} {place.after}"
    sources, number = place.context.source.sources, place.finding.line - 1
    while number > 0 and not _code(sources.line(place.finding.file, number)).strip():
        number -= 1
    return f"{_code(sources.line(place.finding.file, number)).rstrip()}{missing[1]}"


def _without_value(place: _Place) -> str:
    return place.instead(r"(\w+)\s*=\s*[^,;]*", r"\1")


def _scaled(place: _Place) -> str:
    charge = place.call.args[0] if place.call and place.call.args else None
    parts = [a for a in charge.args if a.kind != "number" and not a.operators] if charge else []
    product = "*".join(["1e-6", *(a.operand() for a in parts)]) if parts else "1e-6*x"
    return place.around(lambda name, _, rest: f"{name}({product}{rest}")


_MENDS: dict[str, Callable[[_Place], str]] = {
    "absolute-time": _state,
    "analysis-list": _analysis_list,
    "array": _array,
    "attribute-place": _attribute_place,
    "bad-range": _bad_range,
    "clipped-state": _clipped,
    "conditional-ddt": _alone,
    "constant": _constant,
    "description": _description,
    "discipline": lambda _: '`include "disciplines.vams"',
    "domain": _guarded,
    "drift": _relaxation,
    "event": _held,
    "filter": _lag,
    "gmin": lambda place: f'I({place.terminals}) <+ $simparam("gmin", 1e-12)*V({place.terminals});',
    "header": lambda _: "// printed by spicegen render CARD",
    "hidden-state": _state,
    "idt": _integral,
    "include": lambda place: f"// here the text of {place.after.strip()}",
    "initial-state": _initial_state,
    "initial-value": _without_value,
    "instance-parameter": _instance,
    "integer-division": _real,
    "integer-quotient": _real,
    "jump": _blend,
    "legacy": _present,
    "log10": lambda place: place.instead("log", "ln"),
    "multiplicity": lambda place: place.instead(r"\$mfactor\s*\*\s*", "") or re.sub(r"\*\s*\$mfactor", "", place.line),
    "noise-name": _named,
    "offset-current": lambda place: f"I({place.terminals}) <+ g*V({place.terminals});",
    "old-include": _present,
    "operating-point": lambda _: '(* desc="conductance", units="S" *) real g;',
    "overflow": _limited,
    "partly-assigned": _first_assigned,
    "random": lambda place: place.instead(r"\$\w+\s*(\([^;]*?\))?", "deviation"),
    "range": _range,
    "narrow-domain": _guarded,
    "state-scale": _scaled,
    "step-control": lambda place: f"// {place.line.strip()}",
    "switch-branch": lambda _: "I(a, b) <+ V(a, b)/r;",
    "syntax": _completed,
    "table": lambda _: "y = y0 + y1*v + y2*v*v;",
    "thermal-noise": lambda place: f'I({place.terminals}) <+ white_noise(4*`P_K*$temperature*g, "thermal");',
    "time-delay": _lag,
    "unassigned": _first_assigned,
    "undeclared": _declared,
    "unnamed-block": lambda _: "begin : block",
    "voltage-contribution": _current,
}
