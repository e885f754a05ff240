"""A clean device model for the tests of the linter, and a way to spoil it."""

CLEAN = """`include "constants.vams"
`include "disciplines.vams"
module dut(te, be);
  inout te, be;
  electrical te, be;
  electrical nx;
  (* desc="conductance", units="S", type="instance" *) parameter real g0 = 1e-6 from (0:inf);
  (* desc="rate", units="1/s" *) parameter real k = 1.0 from (0:inf);
  (* desc="voltage scale", units="V" *) parameter real v0 = 0.3 from (0:inf) exclude 1;
  (* desc="initial state", units="1", type="instance" *) parameter real x0 = 0.5 from [0:1];
  real vbr, rate;
  (* desc="state", units="1" *) real x;
  (* desc="conductance", units="S" *) real g;
  // more
  analog function real sinh_lim;
    input a;
    real a;
    sinh_lim = (abs(a) < 80.0) ? sinh(a) : ((a > 0.0) ? 1.0 : -1.0)*2.77e34*(abs(a) - 79.0);
  endfunction
  analog begin
    vbr = V(te, be);
    x = V(nx);
    g = g0*x;
    rate = k*sinh_lim(vbr/v0)*(1.0 - x);
    I(te, be) <+ (g + $simparam("gmin", 1e-12))*vbr;
    I(te, be) <+ white_noise(4.0*`P_K*$temperature*g, "thermal");
    if (analysis("static")) begin
      I(nx) <+ x - x0;
    end else begin
      I(nx) <+ -1e-3*rate;
    end
    I(nx) <+ ddt(1e-3*x);
    // last
  end
endmodule
"""


def spoiled(*changes):
    """CLEAN with each (old, new) made, once; an old text that is not there is a mistake of the test."""
    text = CLEAN
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def declaring(names, *changes):
    """CLEAN with more real variables and each (old, new) made."""
    return spoiled(("// more", f"real {names};"), *changes)
