"""The rules that can be read off a Verilog-A file, and what is said when one is broken.

Error: wrong results, or a file that compact-model compilers such as OpenVAF reject. Warning: a weakness, or
something that may be meant. The numbers are those of the 30 rules that the generated files keep, each of which
has a test of that number in tests/spicegen/lint/test_va_rules.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spicegen.lint.reading.tokens import Token


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: how bad breaking it is, which of the 30 it is part of, and what to do instead."""

    severity: Literal["error", "warning"]
    numbers: tuple[int, ...]
    remedy: str


HOLD = 'analysis("static") || analysis("ac") || analysis("noise")'
FIRST_POINT = '$abstime <= 0.0 && $simparam("simulatorVersion", 0.0) > 0.0'
_STATE = "keep the state as the voltage of an internal node: I(n) <+ ddt(c*V(n)) - c*rate"
RULES = {
    "absolute-time": Rule("error", (3,), _STATE),
    "analysis-list": Rule("warning", (1,), 'name one at a time: analysis("static") || analysis("ic")'),
    "array": Rule("warning", (27,), "write the elements as separate scalars"),
    "attribute-place": Rule("warning", (1,), "put them before it: compilers such as OpenVAF want them there"),
    "bad-range": Rule("error", (1, 8), "write the range as from [low:high]"),
    "clipped-state": Rule("warning", (16,), "let the rate vanish at the bound instead: rate = k*(1 - x)"),
    "conditional-ddt": Rule("error", (2,), "contribute ddt on every path, and put conditions on the rate"),
    "constant": Rule("warning", (20,), "use the constant of constants.vams or the simulator's temperature"),
    "description": Rule("warning", (7, 10), 'add (* desc="...", units="..." *) before it'),
    "discipline": Rule("error", (1,), 'add `include "disciplines.vams" at the top'),
    "domain": Rule("error", (13,), "guard it: max(x, 0), abs(x), or a condition around it"),
    "drift": Rule(
        "warning", (24,), 'let the rate vanish at 0 V, or name its time constant: a parameter with units="s"'
    ),
    "event": Rule("error", (3,), _STATE),
    "filter": Rule("error", (3,), "compact-model compilers lack it: describe the lag with ddt on an internal node"),
    "gmin": Rule("warning", (19,), 'add $simparam("gmin", 1e-12)*V(a, b) to the current'),
    "header": Rule("error", (29,), "render the file again"),
    "hidden-state": Rule("error", (2, 3, 4), _STATE),
    "idt": Rule("warning", (2,), _STATE),
    "include": Rule("warning", (27,), "include only constants.vams and disciplines.vams: a model is one file"),
    "initial-value": Rule("error", (1,), "begin with parameters only, and assign the rest in the analog block"),
    "initial-state": Rule(
        "warning", (5, 6), f"hold the state at an instance parameter: if ({HOLD}) I(n) <+ V(n) - x0"
    ),
    "instance-parameter": Rule("warning", (5, 9), 'add type="instance" to the attributes of what varies'),
    "integer-division": Rule("error", (), "write one of them as a real: 1.0/2"),
    "integer-quotient": Rule("warning", (), "write one of them as a real, or int() around it if that is meant"),
    "jump": Rule("warning", (12,), "let both sides meet, or blend them: tanh((v - v0)/width)"),
    "legacy": Rule("error", (1,), "use the present form"),
    "log10": Rule("warning", (14,), "write ln for the natural logarithm"),
    "multiplicity": Rule("error", (21,), "leave it out: the simulator scales currents itself"),
    "narrow-domain": Rule("warning", (13,), "guard it: max(x, 0), abs(x), or a condition around it"),
    "noise-name": Rule("warning", (22,), 'give the source a name as last argument: white_noise(psd, "thermal")'),
    "not-understood": Rule("warning", (1,), "check it by hand; what was skipped is not judged"),
    "offset-current": Rule("warning", (23,), "let the current vanish at 0 V: a factor of the voltage"),
    "old-include": Rule("warning", (27,), "include constants.vams and disciplines.vams"),
    "operating-point": Rule("warning", (10,), 'declare it (* desc="...", units="..." *) real g;'),
    "overflow": Rule("warning", (13,), "use limexp, or go on linearly beyond a limit: x < 80 ? exp(x) : ..."),
    "partly-assigned": Rule("warning", (4,), "assign it before the condition, or on every branch"),
    "random": Rule("error", (26,), "draw the numbers outside, and give them as instance parameters"),
    "range": Rule("warning", (8,), "add from (low:high) or exclude"),
    "state-scale": Rule("warning", (15,), "scale rate and capacitance so that the latter is 1e-6 or more"),
    "step-control": Rule("warning", (3,), "leave the step to the simulator's error control"),
    "syntax": Rule("error", (1,), "mend it first: what was skipped is not judged"),
    "switch-branch": Rule("error", (11,), "contribute a current on every path"),
    "table": Rule("error", (27,), "write the data as an equation"),
    "thermal-noise": Rule("warning", (22,), 'add I(a, b) <+ white_noise(4*`P_K*$temperature*g, "thermal")'),
    "time-delay": Rule("warning", (3,), "describe the delay with ddt on an internal node"),
    "unassigned": Rule("error", (2,), "assign it or remove it"),
    "undeclared": Rule("error", (1,), "declare it"),
    "unnamed-block": Rule("error", (1,), "name the block: begin : name"),
    "voltage-contribution": Rule("warning", (18,), "contribute the current: I(a, b) <+ g*V(a, b)"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place where a rule is broken.

    Attributes:
        file: path of the included file in which it is, from the folder of the file that was judged; "" in that itself.
        line, column: from 1.
        rule: its name, a key of RULES.
        message: what is wrong there.
        mended: a line to put in place of the one that is wrong, or beside it; "" if there is none to suggest.
    """

    file: str
    line: int
    column: int
    rule: str
    message: str
    mended: str = ""

    @property
    def severity(self) -> str:
        """``error`` or ``warning``."""
        return RULES[self.rule].severity

    @property
    def remedy(self) -> str:
        """What to do instead."""
        return RULES[self.rule].remedy


def found(rule: str, at: Token, message: str) -> Finding:
    """A finding at a token."""
    return Finding(at.file, at.line, at.column, rule, message)
