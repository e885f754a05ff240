"""For each rule of the linter, files that come near to breaking it and are right: nothing may be said of them."""

from tests.spicegen.lint.broken_models import DDT, HOLD, LAST, NOISE, RATE, UNITS, G
from tests.spicegen.printers.verilog_a import CLEAN, declaring, spoiled

FIRST_POINT = '$abstime <= 0.0 && $simparam("simulatorVersion", 0.0) > 0.0'
STEEP = "0.5*(1.0 + tanh((vbr - 0.5)/1e-3))"
WINDOW = "rate = k*(sinh_lim(max(vbr, 0)/v0)*(1.0 - x) + sinh_lim(min(vbr, 0)/v0)*x);"
CLIPPED = ("x = V(nx);", "x = min(max(V(nx), 0.0), 1.0);")
TAU = ("// more", '(* desc="relaxation", units="s" *) parameter real tau = 1.0 from (0:inf);')
OWN_DISCIPLINES = """nature Current access = I; abstol = 1e-12; units = "A"; endnature
nature Voltage access = V; abstol = 1e-6; units = "V"; endnature
discipline electrical potential Voltage; flow Current; enddiscipline"""
ABSOLUTE = "analog function real size; input a; real a; size = (a < 0.0) ? -a : a; endfunction"

NEAR_MISSES = {
    "absolute-time": [
        spoiled((HOLD, f'if (analysis("static") || {FIRST_POINT}) begin')),
        spoiled((LAST, '$strobe("at %g s", $abstime);')),
    ],
    "analysis-list": [spoiled((HOLD, 'if (analysis("static") || analysis("ac")) begin'))],
    "array": [declaring("y_0, y_1", (LAST, "y_0 = x; y_1 = x;"))],
    "attribute-place": [spoiled((f"{UNITS} ", f"\n{UNITS}\n"))],
    "bad-range": [
        spoiled(("x0 = 0.5 from [0:1]", "x0 = 0.5 from[0:1]")),
        spoiled(("real k = 1.0 from (0:inf)", "real k = 1.0 from [1:1] exclude '{2, 3}")),
    ],
    "clipped-state": [
        spoiled(CLIPPED, (RATE, WINDOW)),
        declaring("y", (G, "y = vbr; if (y > 1.0) y = 1.0;\n    g = g0*x*(1.0 + 0.1*y);")),
    ],
    "conditional-ddt": [
        spoiled((DDT, "if (k > 0.5) I(nx) <+ ddt(1e-3*x); else I(nx) <+ ddt(2e-3*x);")),
        spoiled((DDT, "I(nx) <+ ddt(1e-3*(k > 2 ? 2*x : x));")),
    ],
    "constant": [
        spoiled((LAST, 'if (k > 300) $strobe("fast");')),
        spoiled((LAST, 'if (k > 1.38e-22) $strobe("not at rest");')),
    ],
    "description": [spoiled(("// more", "localparam real c = 2.0;"), (G, "g = c*g0*x;"))],
    "discipline": [
        spoiled(('`include "disciplines.vams"', OWN_DISCIPLINES)),
        spoiled(('"disciplines.vams"', '"disciplines.vams" // "electrical"')),
    ],
    "domain": [
        spoiled((RATE, "rate = k*sqrt(abs(vbr))*sinh_lim(vbr/v0)*(1.0 - x);")),
        spoiled((RATE, "rate = k*(sqrt(1.0 + vbr*vbr) - 1.0)*sinh_lim(vbr)*(1.0 - x);")),
        spoiled((RATE, "rate = vbr > 0 ? k*sqrt(vbr)*(1.0 - x) : -k*sqrt(-vbr)*(1.0 - x);")),
        spoiled((RATE, "rate = k*pow(vbr, 3)*(1.0 - x);")),
        spoiled((RATE, "rate = k*asin(tanh(vbr))*(1.0 - x);")),
        spoiled((RATE, "rate = k*ln(1.0 + exp(min(vbr, 80.0)))*tanh(vbr)*(1.0 - x);")),
    ],
    "drift": [
        spoiled((RATE, "rate = k*(limexp(vbr/v0) - 1.0)*(1.0 - x);")),
        spoiled(TAU, (RATE, "rate = k*sinh_lim(vbr/v0)*(1.0 - x) - x/tau;")),
    ],
    "event": [
        spoiled((LAST, '@(initial_step) $strobe("begins");')),
        spoiled((LAST, '@(final_step("tran")) $strobe("ends at %g", x);')),
    ],
    "filter": [declaring("transition_v", (LAST, "transition_v = 2*vbr;"))],
    "gmin": [spoiled(('(g + $simparam("gmin", 1e-12))*vbr;', 'g*vbr;\n    I(te, be) <+ $simparam("gmin")*vbr;'))],
    "header": ["// after a file printed by another tool\n" + CLEAN],
    "hidden-state": [
        declaring("w", (G, "w = vbr;\n    w = w + 1e-9*x;\n    g = g0*x*(1.0 + 1e-3*w);")),
        declaring("w", (G, "if (vbr > 0) w = vbr; else w = 0;\n    g = g0*x*(1.0 + w);")),
        declaring("w", (G, "w = 0;\n    if (vbr > 0) w = vbr;\n    g = g0*x*(1.0 + w);")),
    ],
    "idt": [declaring("idt_x", (LAST, "idt_x = x;"))],
    "include": [CLEAN.replace('"constants.vams"', '"constants.vams"\n`include "constants.vams"')],
    "initial-state": [spoiled((HOLD, 'if (!analysis("tran")) begin'))],
    "initial-value": [declaring("y = 2*k, w = 1.0", (G, "g = g0*x*(y + w);"))],
    "instance-parameter": [CLEAN.replace('desc="initial state", units="1", type="instance"', 'desc="x", units="1"')],
    "integer-division": [
        spoiled((RATE, "rate = k*(1.0/2)*sinh_lim(vbr/v0)*(1.0 - x);")),
        spoiled((RATE, "rate = k*1/2*sinh_lim(vbr/v0)*(1.0 - x);")),
        spoiled((RATE, "rate = k*(4/2)*sinh_lim(vbr/v0)*(1.0 - x);")),
    ],
    "integer-quotient": [
        spoiled(("// more", "localparam integer n = 5;"), (G, "g = g0*x*int(n/2);")),
        spoiled(("// more", "localparam integer n = 5;\n  integer half;"), (G, "half = n/2;\n    g = g0*x*half;")),
        spoiled(("// more", "localparam real n = 5;"), (G, "g = g0*x*(n/2);")),
    ],
    "jump": [
        spoiled((G, "if (vbr > 0.5) g = g0*x*(2.0*vbr); else g = g0*x;")),
        spoiled((G, f"g = g0*x*(1.0 + {STEEP});")),
        spoiled((G, "g = g0*x*limexp(vbr/0.02);")),
        spoiled((G, "g = vbr > 3.0 ? g0*x*(vbr - 2.0) : g0*x;")),
        spoiled((G, "if (k > 0.5) g = 2.0*g0*x; else g = g0*x;")),
    ],
    "legacy": [declaring("delay", (LAST, "delay = vbr;"))],
    "log10": [declaring("y", (LAST, "y = ln(g0)/`M_LN10;"))],
    "multiplicity": [spoiled((NOISE, NOISE + '\n    if ($mfactor > 1000) $strobe("a large array");'))],
    "narrow-domain": [
        spoiled((RATE, WINDOW), (G, "g = g0*sqrt(max(x, 0.0));")),
        spoiled(("// more", "localparam integer n = 2;"), (G, "g = g0*pow(x, n);")),
    ],
    "noise-name": [spoiled((LAST, 'I(te, be) <+ flicker_noise(1e-20*g, 1, "flicker");'))],
    "not-understood": [
        spoiled((LAST, "x = " + "(" * 20 + "x" + ")" * 20 + ";")),
        spoiled(("// more", ABSOLUTE), (G, "g = g0*size(x);")),
    ],
    "offset-current": [
        spoiled(("I(te, be) <+ (g", "I(te, be) <+ 1e-12*(limexp(vbr/$vt) - 1.0) + (g")),
        spoiled(("I(te, be) <+ (g", "I(te, be) <+ 1e-12*k*tanh(vbr) + (g")),
    ],
    "old-include": [spoiled((LAST, '$strobe("not constants.h");'))],
    "operating-point": [spoiled(('(* desc="state", units="1" *) real x', "real x"))],
    "overflow": [
        spoiled((RATE, "rate = k*(limexp(vbr/v0) - 1.0)*(1.0 - x);")),
        spoiled((RATE, "rate = k*(exp(min(vbr/v0, 80.0)) - 1.0)*(1.0 - x);")),
    ],
    "partly-assigned": [declaring("y", (LAST, "if (vbr > 0) y = 1; else y = 0;"))],
    "random": [declaring("random", (LAST, "random = 1;"))],
    "range": [spoiled((" from (0:inf) exclude 1", " exclude 1"))],
    "state-scale": [spoiled((DDT, "I(nx) <+ ddt(1u*x);"), ("-1e-3*rate", "-1e-6*rate"))],
    "step-control": [spoiled((LAST, '$strobe("no $bound_step(1n);");'))],
    "switch-branch": [spoiled((LAST, "if (vbr > 1) I(te, nx) <+ 1e-15*vbr; else I(te, nx) <+ 1e-15*vbr;"))],
    "syntax": [
        spoiled((G, "g = g0*x\n      ;")),
        spoiled((LAST, "; ; begin end")),
        "`define TWICE(a) ((a) + \\\n  (a)) // twice // it\n" + spoiled((G, "g = 0.5*g0*`TWICE(x);")),
        "`define OF(a, b) a(b) /* // */ \\\n  + 0\n" + spoiled((LAST, "x = `OF(abs, x);")),
        "`ifdef NOT_THERE\n  not ( Verilog\n`endif\n" + CLEAN,
    ],
    "table": [declaring("noise_table", (LAST, "noise_table = x;"))],
    "thermal-noise": [spoiled((NOISE, 'I(te, be) <+ white_noise(4.0*`P_K*$temperature*g0, "thermal");'))],
    "time-delay": [declaring("absdelay", (LAST, "absdelay = x;"))],
    "unassigned": [declaring("y = 2.0", (G, "g = g0*x*y;"))],
    "undeclared": [
        "`define OFFSET 0.0\n" + spoiled((G, "g = g0*(x + `OFFSET*$temperature);")),
        spoiled((G, "begin : inner real y; y = g0*x; g = y; end")),
    ],
    "unnamed-block": [spoiled((LAST, "begin : named real y; y = x; end"))],
    "voltage-contribution": [spoiled((LAST, "if (V(nx) <= 0) ; else ;"))],
}  # fmt: skip
