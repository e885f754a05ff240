"""For each rule of the linter, files that break it and no other."""

from tests.spicegen.printers.verilog_a import CLEAN, declaring, spoiled

G = "g = g0*x;"
RATE = "rate = k*sinh_lim(vbr/v0)*(1.0 - x);"
NOISE = 'I(te, be) <+ white_noise(4.0*`P_K*$temperature*g, "thermal");'
LAST = "// last"
HOLD = 'if (analysis("static")) begin'
UNITS = '(* desc="rate", units="1/s" *)'
GMIN = '$simparam("gmin", 1e-12)'
MOVING = ("I(nx) <+ -1e-3", "¦I(nx) <+ -1e-3")
PORTS = "module dut(te, be);\n  inout te, be;\n  electrical te, be;"
THREE_PORTS = PORTS.replace("te, be", "te, be, s")
MODULE = ("module dut", "module ¦dut")
DDT = "I(nx) <+ ddt(1e-3*x);"

# rule -> files that break it and no other; ¦ stands before the place
BROKEN = {
    "absolute-time": [
        declaring("t", (LAST, "t = ¦$abstime;")),
        declaring("t", (LAST, "if (¦$abstime > 0) t = 1; else t = 0;")),
        spoiled((HOLD, 'if (analysis("static") || ¦$abstime < 1n) begin')),
        spoiled((HOLD, 'if (analysis("static") || k*¦$abstime == 0) begin')),
    ],
    "analysis-list": [spoiled(('analysis("static")', '¦analysis("static", "ic")'))],
    "array": [spoiled(("// more", "real ¦y[0:3];"))],
    "attribute-place": [spoiled((f"{UNITS} ", ""), ("k = 1.0 from (0:inf)", f"k = 1.0 from (0:inf) ¦{UNITS}"))],
    "bad-range": [
        spoiled(("x0 = 0.5 from [0:1]", "x0 = 0.5 from[0¦,1]")),
        spoiled(("real k = 1.0 from (0:inf)", "real ¦k = 1.0 from [1:0]")),
    ],
    "clipped-state": [
        spoiled((G, "if (x > 1.0) ¦x = 1.0;\n    g = g0*x;")),
        spoiled(("x = V(nx);", "x = min(max(V(nx), 0.0), 1.0);"), ("*(1.0 - x);", ";"), MOVING),
        spoiled(("x = V(nx);", "x = V(nx) > 1.0 ? 1.0 : V(nx);"), ("*(1.0 - x);", ";"), MOVING),
    ],
    "conditional-ddt": [
        spoiled((DDT, "if (vbr > 0) begin I(nx) <+ ¦ddt(1e-3*x); end else I(nx) <+ ddt(1e-3*x);")),
        spoiled((DDT, "I(nx) <+ vbr > 0 ? ¦ddt(1e-3*x) : 0;")),
    ],
    "constant": [
        spoiled((NOISE, NOISE.replace("`P_K", "¦1.38e-23"))),
        spoiled((NOISE, NOISE.replace("$temperature", "¦300"))),
        declaring("q=¦1.6e-19"),
        spoiled(("$temperature*g", "T0*g"), ("// more", "real T0 = ¦298.15;")),
    ],
    "description": [
        spoiled(('desc="rate", ', ""), ("real k", "real ¦k")),
        spoiled((', units="1/s"', ""), ("real k", "real ¦k")),
        spoiled(('(* desc="state", units="1" *) real x', '(* desc="state" *) real ¦x')),
    ],
    "discipline": [spoiled(('`include "disciplines.vams"\n', ""), (PORTS, PORTS.replace("al te", "al ¦te")))],
    "domain": [
        spoiled((RATE, "rate = k*¦sqrt(vbr)*(1.0 - x);")),
        spoiled((RATE, "rate = k*¦ln(1.0 + 0.9*vbr)*(1.0 - x);")),
        spoiled((RATE, "rate = k*¦pow(vbr, 1.5)*(1.0 - x);")),
        spoiled((RATE, "rate = k*(¦vbr**v0)*(1.0 - x);")),
        spoiled((RATE, "rate = k*¦asin(vbr)*(1.0 - x);")),
        spoiled((RATE, "rate = k*(¦sqrt(sinh_lim(vbr) + 0.1) - sqrt(0.1))*(1.0 - x);")),
        spoiled(("(abs(a) < 80.0) ? sinh(a)", "(a < 80.0) ? ¦sqrt(a)")),
        spoiled((PORTS, THREE_PORTS), (RATE, "rate = k*¦sqrt(V(s))*sinh_lim(vbr)*(1.0 - x);")),
    ],
    "drift": [
        spoiled((RATE, "rate = k*(1.0 - x);"), MOVING),
        spoiled((RATE, "rate = k*limexp(vbr/v0)*(1.0 - x);"), MOVING),
    ],
    "event": [
        declaring("y", (LAST, "¦@(initial_step) y = vbr;")),
        spoiled((LAST, '¦@(cross(vbr, 1)) $strobe("crossed");')),
        spoiled((LAST, "¦@(timer(0, 1e-3)) ;")),
    ],
    "filter": [declaring("y", (LAST, "y = ¦transition(x, 0, 1n);"))],
    "gmin": [spoiled(('(g + $simparam("gmin", 1e-12))*vbr', "g*vbr"), MODULE)],
    "header": ["// printed by spicegen 1.0\n// Card hash: 0123\n" + spoiled(MODULE)],
    "hidden-state": [
        declaring("w", (G, "w = ¦w + 1e-9*vbr;\n    g = g0*w;")),
        declaring("w", (G, "g = g0*¦w;\n    w = vbr;")),
        declaring("w", (G, "if (vbr > 1) w = 1;\n    g = g0*¦w;")),
        declaring("w", (G, "if (vbr > 1) w = 1; else if (vbr < -1) w = 0;\n    g = g0*¦w;")),
        declaring("w", (G, "if (vbr > 1) w = 1;\n if (vbr < -1) w = 0;\n    g = g0*¦w;")),
        declaring("w", (G, "case (vbr) 1: w = 1; 2, 3: w = 2; endcase\n    g = g0*¦w;")),
        declaring("w", (G, "while (x > 2) w = 1;\n    g = g0*¦w;")),
        declaring("w = 1", (G, "w = ¦w*exp(-abs(vbr));\n    g = g0*w;")),
        declaring("w", (G, "begin : b real y; y = ¦w; w = y + x; end\n    g = g0*w;")),
    ],
    "idt": [declaring("y", (LAST, "y = ¦idt(vbr, 0);")), declaring("y", (LAST, "y = ¦idt(vbr, 0, g);"))],
    "include": ['`include ¦"mine.va"\n' + CLEAN],
    "initial-state": [
        spoiled(
            ('if (analysis("static")) begin\n      I(nx) <+ x - x0;\n    end else begin', "begin"), (DDT, "¦" + DDT)
        )
    ],
    "initial-value": [declaring("y = 1.0, ¦w = 2*y", (LAST, "y = x*w;"))],
    "instance-parameter": [spoiled(MODULE).replace(', type="instance"', "")],
    "integer-division": [
        spoiled((RATE, "rate = k*(¦1/2)*sinh_lim(vbr/v0)*(1.0 - x) + k*vbr*(1.0 - x);")),
        declaring("y = ¦3/2"),
        spoiled(("real x0 = 0.5 from [0:1]", "real x0 = 0.5 from [¦1/2:1]")),
        spoiled(("*(abs(a) - 79.0);", "*(¦3/2)*(abs(a) - 79.0);")),
        spoiled(("// more", "localparam integer n = 3;"), ("g = g0*x;", "g = g0*x*(1 + ¦1/n);")),
    ],
    "integer-quotient": [spoiled(("// more", "localparam integer n = 4;"), ("g = g0*x;", "g = g0*x*(¦n/2);"))],
    "jump": [
        spoiled((G, "¦if (vbr > 0.5) g = 2.0*g0*x; else g = g0*x;")),
        spoiled((G, "g = ¦vbr > 0.5 ? 2.0*g0*x : g0*x;")),
        spoiled((G, "g = g0*x*(limexp(vbr/$vt) + (¦vbr < 0.1 ? 0.0 : 20.0));")),
        spoiled((G, "¦if (vbr < -3.3) g = 2.0*g0*x; else g = g0*x;")),
        spoiled((G, "g = g0*(x + (¦x > 0.7 ? 1.0 : 0.0));")),
        spoiled((G, "g = g0*x*(2.0 + floor(vbr));"), ("I(te, be) <+ (g", "¦I(te, be) <+ (g")),
    ],
    "legacy": [
        '`include ¦"std.va"\n' + CLEAN,
        spoiled((LAST, "¦bound_step(1n);")),
    ],
    "log10": [declaring("y", (LAST, "y = ¦log(g0);"))],
    "multiplicity": [spoiled(("I(te, be) <+ (g", "I(te, be) <+ ¦$mfactor*(g"))],
    "narrow-domain": [
        spoiled((G, "g = g0*¦sqrt(x);")),
        spoiled((G, "g = g0*¦pow(1.0 - x, 1.5);")),
        spoiled(("real k = 1.0", "real k = 2.0"), (RATE, "rate = ¦pow(vbr, k)*(1.0 - x);")),
    ],
    "noise-name": [
        spoiled(("white_noise", "¦white_noise"), (', "thermal")', ")")),
        spoiled((LAST, "I(te, be) <+ ¦flicker_noise(g, 1);")),
    ],
    "not-understood": [
        spoiled(("// more", "always ¦@(posedge clk) q <= 1;")),
        spoiled(("// more", "resistor ¦#(.r(1)) r1(te, be);")),
        spoiled((LAST, "x = " + "(" * 38 + "¦(1)" + ")" * 38 + ";")),
    ],
    "offset-current": [
        spoiled(("I(te, be) <+ (g", "¦I(te, be) <+ 1e-12 + (g")),
        spoiled((f"I(te, be) <+ (g + {GMIN})*vbr", f"¦I(te, be) <+ g*(limexp(vbr) - 0.5) + {GMIN}*vbr")),
    ],
    "old-include": [spoiled(('"constants.vams', '¦"constants.h')), spoiled(('"disciplines.vams', '¦"discipline.h'))],
    "operating-point": [
        spoiled(('(* desc="state", units="1" *) ', ""), ('(* desc="conductance", units="S" *) ', ""), MODULE)
    ],
    "overflow": [
        spoiled((RATE, "rate = k*(¦exp(vbr/v0) - 1);")),
        spoiled((RATE, "rate = k*¦sinh(V(te, be)/v0);")),
        spoiled((RATE, "if (vbr > 0.1) rate = k*¦exp(vbr/v0); else rate = 0;")),
        spoiled((RATE, "rate = vbr > 0 ? ¦cosh(vbr) : 0;")),
        spoiled((RATE, "rate = vbr < 1e9 ? ¦cosh(vbr) - 1 : 0;")),
        declaring("y", (RATE, "y = vbr*2;\n    rate = k*(¦exp(1 - y) - `M_E);")),
        spoiled(("sinh_lim = (abs(a) < 80.0) ? sinh(a)", "sinh_lim = (a > 0.0) ? ¦sinh(a)")),
    ],
    "partly-assigned": [
        declaring("y", (LAST, "if (vbr > 0) ¦y = 1;")),
        spoiled(
            ("real sinh_lim", "real ¦sinh_lim"),
            ("sinh_lim = (abs(a) < 80.0) ? sinh(a)", "if (a > 0) sinh_lim = (a < 80) ? sinh(a)"),
        ),
    ],
    "random": [
        declaring("y", (LAST, "y = ¦$rdist_normal(1, 0, 1);")),
        declaring("y", (LAST, "y = ¦$random;")),
    ],
    "range": [spoiled((" from (0:inf) exclude 1", ""), ("real v0", "real ¦v0"))],
    "state-scale": [spoiled((DDT, "I(nx) <+ ¦ddt(1n*x);")), spoiled((DDT, "I(nx) <+ ¦ddt(-2*1e-9*x);"))],
    "step-control": [spoiled((LAST, "¦$bound_step(1n);"))],
    "syntax": [
        spoiled((LAST, "x ¦+= 1;")),
        spoiled((G, "g = g0*x\n    ¦x = 1;")),
        spoiled((f"{LAST}\n  end", "`LIMIT(x)\n  ¦end")),
        spoiled(("// more", "real¦;")),
        spoiled(MODULE).replace("endmodule\n", ""),
        spoiled((LAST, "¦/* never closed")),
        spoiled((LAST, '$strobe(¦"never closed, x);')),
        spoiled(("// more", "¦paramter real c = 2.0;")),
        "`define A `B\n`define B `A\n" + spoiled((G, "g = g0*x*¦`A;")),
        spoiled(("analog begin", "analog ¦begin begin")),
        spoiled((LAST, "¦`endif")),
        spoiled((LAST, "¦`ifdef MORE\n`else\n")),
        "`define TWICE(a, b) ((a) + (b))\n" + spoiled((G, "g = g0*¦`TWICE(x, x, x);")),
    ],
    "table": [declaring("y", (LAST, 'y = ¦$table_model(vbr, "data.tbl");'))],
    "thermal-noise": [spoiled((NOISE, ""), MODULE)],
    "time-delay": [declaring("y", (LAST, "y = ¦absdelay(x, 1n);"))],
    "unassigned": [declaring("y", (G, "g = g0*x + 0*¦y;"))],
    "undeclared": [
        spoiled((G, "g = g0*x + ¦offset;")),
        spoiled((G, "g = g0*x + ¦`OFFSET;")),
        spoiled((G, "g = g0*¦clip(x);")),
        spoiled((G, "¦y = g0*x;\n    g = y;")),
        spoiled(('`include "constants.vams"\n', ""), ("`P_K", "¦`P_K")),
    ],
    "unnamed-block": [spoiled((LAST, "begin real ¦y; y = x; end"))],
    "voltage-contribution": [spoiled((LAST, "¦V(nx) <+ 0;"))],
}  # fmt: skip
