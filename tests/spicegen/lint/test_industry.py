"""What compact models of industry are written with: constructs that are right, or a gap at most, and no error."""

import os
from pathlib import Path
from textwrap import indent

import pytest

from models_va.errors import InputError
from spicegen.lint import lint_file, lint_files, lint_text
from spicegen.simulate.openvaf import compile_warnings
from tests.missing import missing
from tests.spicegen.lint.broken_models import DDT, LAST, RATE
from tests.spicegen.printers.verilog_a import CLEAN, spoiled

HEAD = '`include "constants.vams"\n`include "disciplines.vams"\n'


CASES = Path(__file__).parents[4] / "shared" / "cases" / "circuits"
# models that industry ships with an error in them: see benchmarks/lint_models.py
TRUE_ERRORS = {"epfl_hemt.va", "fbh_hbt-2_3.va"}


def device(body, declarations="", head=HEAD):
    """A device between p and n, with an inner node and a few parameters."""
    return f"""{head}module m(p, n);
  inout p, n;
  electrical p, n, i;
  parameter real f = 3.0 from [0:inf);
  parameter integer mode = 1 from [0:3];
{indent(declarations, "  ")}
  analog begin
{indent(body, "    ")}
  end
endmodule
"""


def errors(text):
    return [f"{f.line}: {f.rule}: {f.message}" for f in lint_text(text) if f.severity == "error"]


# name -> (body, declarations)
RIGHT = {
    "initial step with parameters": ("@(initial_step) q = 2*f;\nI(p, n) <+ q*V(p, n);", "real q;"),
    "initial step with temporaries": (
        "@(initial_step) begin t = f*$temperature; if (mode == 1) q = t; else q = 2*t; end\n"
        "t = V(p, n);\nI(p, n) <+ q*t;",
        "real q, t;",
    ),
    "a flag of the initial step that a parameter takes back": (
        "@(initial_step) begin k = mode; end\nif (f > 2) k = 0;\nI(p, n) <+ (1 + k)*f*V(p, n);",
        "integer k;",
    ),
    "a parameter shadowed in a named block": (
        "I(p, n) <+ 1e-5*f*V(p, n);\nbegin : block\n  real f;\n  f = 3;\n  I(p, n) <+ 1e-12*f*V(p, n);\nend",
        "",
    ),
    "one name in two blocks": (
        "begin : a real t; t = V(p, n); I(p, n) <+ t; end\nbegin : b real t; t = f; I(p, n) <+ t*V(p, n); end",
        "",
    ),
    "ddt under a parameter": ("if (mode == 1) I(p, n) <+ ddt(1p*V(p, n)); else I(p, n) <+ f*V(p, n);", ""),
    "a node collapsed by a temporary that held the bias before": (
        "t = V(p, n);\nI(p, n) <+ f*t;\nt = 2*f;\n"
        "if (t > 1) I(p, i) <+ V(p, i)/f; else V(p, i) <+ 0;\nI(i, n) <+ V(i, n);",
        "real t;",
    ),
    "ddt under the temperature": ("if ($temperature > 200) I(p, n) <+ ddt(1p*V(p, n)); I(p, n) <+ f*V(p, n);", ""),
    "ddt under $port_connected": ("if ($port_connected(n)) I(p, n) <+ ddt(1p*V(p, n)); I(p, n) <+ f*V(p, n);", ""),
    "a collapsed node": (
        "if ($param_given(f) && f > 1e-3) I(p, i) <+ V(p, i)/f; else V(p, i) <+ 0;\nI(i, n) <+ 1e-3*V(i, n);",
        "",
    ),
    "a node collapsed by a flag": (
        "flag = (mode > 0) ? 1 : 0;\nif (flag) I(p, i) <+ V(p, i)/f; else V(p, i) <+ 0;\nI(i, n) <+ V(i, n);",
        "integer flag;",
    ),
    "assigned and read under the same selectors": (
        "if (mode == 1) q = V(p, n);\nelse if (mode == 2) q = 2*V(p, n);\n"
        "if (mode != 0 && mode <= 2) I(p, n) <+ q;\nI(p, n) <+ f*V(p, n);",
        "real q;",
    ),
    "a gap between selectors": (
        "if (mode == 1) q = V(p, n);\nelse if (mode == 2) q = 2*V(p, n);\nif (mode != 0) I(p, n) <+ q;",
        "real q;",
    ),
    "a gap that another follows from": (
        "if (mode == 1) begin q = V(p, n); if (q > 1) r = q; end\n"
        "else if (mode == 2) begin q = 2*V(p, n); if (q > 1) r = 1; end\n"
        "if (mode != 0) begin if (q <= 1) r = -q; I(p, n) <+ r*V(p, n); end\nI(p, n) <+ f*V(p, n);",
        "real q, r;",
    ),
    "a temporary of two models": (
        "if (mode == 1) begin t = V(p, n); if (t > 1) q = t; end\n"
        "else if (mode == 2) begin t = 2*V(p, n); if (t > 1) q = 1; end\n"
        "if (mode == 1 || mode == 2) begin if (t <= 1) q = -t; I(p, n) <+ q*V(p, n); end",
        "real q, t;",
    ),
    "many selectors": (
        "".join(f"if (f > {n} && mode != {n % 3}) q{n} = V(p, n)*{n};\n" for n in range(30))
        + "".join(f"if (f > {n} && mode != {n % 3}) I(p, n) <+ q{n};\n" for n in range(30)),
        "real " + ", ".join(f"q{n}" for n in range(30)) + ";",
    ),
    "a message of something unassigned": (
        'if (mode > 1) q = V(p, n);\n$strobe("%g", q);\nI(p, n) <+ f*V(p, n);',
        "real q;",
    ),
    "an unread rest of derivatives": ("d = d - V(p, n);\nI(p, n) <+ f*V(p, n);", "real d;"),
    "swapped terminals": (
        "v = V(p, n); s = 1;\nif (v < 0) begin v = -v; s = -1; end\nI(p, n) <+ s*f*v;\nI(i) <+ V(i) + ddt(V(i));",
        "real v, s;",
    ),
    "the multiplicity in a threshold": (
        "m0 = $mfactor;\nif (f/m0 > 1e-3) I(p, i) <+ V(p, i)/f; else V(p, i) <+ 0;\nI(i, n) <+ V(i, n);",
        "real m0;",
    ),
    "the multiplicity in a spread": ("I(p, n) <+ f*(1.0 + 0.1/sqrt($mfactor))*V(p, n);", ""),
    "a bounded argument": ("I(p, n) <+ f*sqrt(1.0 + V(p, n)*V(p, n))*V(p, n);", ""),
    "a guarded argument": ("if (V(p, n) > 0) I(p, n) <+ f*sqrt(V(p, n)); else I(p, n) <+ -f*sqrt(-V(p, n));", ""),
    "a temperature that rises": ("I(p, n) <+ V(p, n)*pow(($temperature + V(i))/300.0, f + 0.5);\nI(i) <+ V(i);", ""),
    "the parity of an integer": ("I(p, n) <+ (2*(mode/2) == mode ? 1.0 : 2.0)*V(p, n);", ""),
    "an integer of a quotient": ("k = mode/2;\nI(p, n) <+ (1 + k)*f*V(p, n);", "integer k;"),
    "a loop over parameters": (
        "s = 0; t = f;\nfor (k = 0; k < mode; k = k + 1) begin s = s + t; t = t/2; end\n"
        "if (s > 0) I(p, i) <+ V(p, i)/s; else V(p, i) <+ 0;\nI(i, n) <+ V(i, n);",
        "real s, t; integer k;",
    ),
    "a delay": ("I(p, n) <+ f*absdelay(V(p, n), 1p);", ""),
}


@pytest.mark.parametrize(("body", "declarations"), RIGHT.values(), ids=RIGHT.keys())
def test_constructs_of_industry_are_no_errors(body, declarations):
    assert errors(device(body, declarations)) == []


@pytest.mark.parametrize(("body", "declarations"), RIGHT.values(), ids=RIGHT.keys())
def test_constructs_of_industry_compile(body, declarations, need_engine):
    need_engine("vacask")
    found = compile_warnings(device(body, declarations), "m")
    assert not [line for line in found if "error" in line and "trivial" not in line]


# name -> (body, declarations, rule)
WRONG = {
    "initial step with a bias": ("@(initial_step) q = V(p, n);\nI(p, n) <+ q;", "real q;", "hidden-state"),
    "a state from the initial step": (
        "@(initial_step) q = f;\nq = q + 1e-9*V(p, n);\nI(p, n) <+ q*V(p, n);",
        "real q;",
        "hidden-state",
    ),
    "a flag of the initial step that the bias takes back": (
        "@(initial_step) k = mode;\nif (V(p, n) > 2) k = 0;\nI(p, n) <+ (1 + k)*f*V(p, n);",
        "integer k;",
        "event",
    ),
    "a count from the initial step": (
        "@(initial_step) k = 0;\nk = k + 1;\nI(p, n) <+ k*f*V(p, n);",
        "integer k;",
        "hidden-state",
    ),
    "a latch": (
        "if (V(p, n) > 1) q = f; else if (V(p, n) < -1) q = 0;\nI(p, n) <+ q*V(p, n);",
        "real q;",
        "hidden-state",
    ),
    "a latch within a model": (
        "if (mode == 1) begin if (V(p, n) > 1) q = f; end else q = 1;\nI(p, n) <+ q*V(p, n);",
        "real q;",
        "hidden-state",
    ),
    "a latch by temporaries": (
        "if (mode == 1) begin t = V(p, n); if (t > 1) q = t; end\n"
        "else begin t = 2*V(p, n); if (t > 2) q = 1; end\n"
        "if (t <= 1) q = -t;\nI(p, n) <+ q*V(p, n);",
        "real q, t;",
        "hidden-state",
    ),
    "a state in a block": (
        "begin : b real q; q = q + 1e-9*V(p, n); I(p, n) <+ q*V(p, n); end",
        "",
        "hidden-state",
    ),
    "read before it is computed": ("I(p, n) <+ q*V(p, n);\nq = 2*V(p, n);", "real q;", "hidden-state"),
    "by an argument of a function": (
        "s = get(V(p, n), q);\nif (q > 0) I(p, n) <+ ddt(1p*V(p, n)); I(p, n) <+ s;",
        "real q, s;\nanalog function real get; input a; output b; real a, b; begin b = a; get = a; end endfunction",
        "conditional-ddt",
    ),
    "ddt under a variable": (
        "k = mode;\nif (k == 1) I(p, n) <+ ddt(V(p, n)); I(p, n) <+ f*V(p, n);",
        "integer k;",
        "conditional-ddt",
    ),
    "ddt in a loop": (
        "for (k = 0; k < 3; k = k + 1) I(p, n) <+ ddt(V(p, n)); I(p, n) <+ f*V(p, n);",
        "integer k;",
        "conditional-ddt",
    ),
    "ddt under a voltage": (
        "if (V(p, n) > 0) I(p, n) <+ ddt(1p*V(p, n)); I(p, n) <+ f*V(p, n);",
        "",
        "conditional-ddt",
    ),
    "currents times the multiplicity": (
        "m0 = $mfactor;\ni0 = m0*f*V(p, n);\nI(p, n) <+ i0;",
        "real m0, i0;",
        "multiplicity",
    ),
    "the time": ("if ($abstime == 0) q = f; else q = 1;\nI(p, n) <+ q*V(p, n);", "real q;", "absolute-time"),
}


@pytest.mark.parametrize(("body", "declarations", "rule"), WRONG.values(), ids=WRONG.keys())
def test_what_only_looks_like_it_is_an_error(body, declarations, rule):
    assert rule in {line.split(": ")[1] for line in errors(device(body, declarations))}


@pytest.mark.parametrize("condition", ["$abstime == 0.0", "$abstime <= 0", "0 == $abstime"])
def test_the_time_may_help_to_hold_a_state(condition):
    held = spoiled(('analysis("static")', f'analysis("static") || {condition}'))
    assert lint_text(held) == []


def test_old_names_of_the_standards_files_are_warnings():
    text = CLEAN.replace("constants.vams", "constants.h").replace("disciplines.vams", "discipline.h")
    assert {(f.rule, f.severity) for f in lint_text(text)} == {("old-include", "warning")}


def test_includes_beside_the_file_are_read(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "rate.inc").write_text('`include "more.inc"\nrate = k*`SINH(vbr/v0)*(1.0 - x);\n')
    (tmp_path / "sub" / "more.inc").write_text("`define SINH(a) sinh_lim(a)\n")
    (tmp_path / "m.va").write_text(spoiled((RATE, '`include "sub/rate.inc"')))
    assert lint_file(tmp_path / "m.va") == []
    (tmp_path / "sub" / "rate.inc").write_text("// here\nrate = rate*vbr;\n")
    (finding,) = lint_file(tmp_path / "m.va")
    assert (finding.file, finding.line, finding.column, finding.rule) == ("sub/rate.inc", 2, 8, "hidden-state")


def test_a_copy_of_the_standards_files_changes_nothing(tmp_path):
    (tmp_path / "constants.vams").write_text("`define P_K 1.3806503e-23\n`define OWN 2.0\n")
    (tmp_path / "disciplines.vams").write_text(
        "nature Current access = I; endnature\nnature Voltage access = V; endnature\n"
        "discipline electrical potential Voltage; flow Current; enddiscipline\n"
    )
    (tmp_path / "m.va").write_text(spoiled((LAST, "I(te, be) <+ (`OWN - 2.0)*vbr;")))
    assert lint_file(tmp_path / "m.va") == []


@pytest.mark.parametrize("name", ["/etc/hostname", "../../../etc/hostname\0", "missing.inc", "", "."])
def test_includes_that_are_not_there(tmp_path, name):
    (tmp_path / "m.va").write_text(f'`include "{name}"\n'.replace("\0", "") + CLEAN)
    assert {f.rule for f in lint_file(tmp_path / "m.va")} == {"include"}


def test_a_file_that_includes_itself_ends(tmp_path):
    (tmp_path / "m.va").write_text('`include "m.va"\n' + CLEAN)
    assert [(f.rule, f.message) for f in lint_file(tmp_path / "m.va")] == [("syntax", "m.va includes itself")]
    guarded = f'`ifndef ONCE\n`define ONCE\n`include "m.va"\n`endif\n{CLEAN}'
    (tmp_path / "m.va").write_text(guarded)
    assert [f for f in lint_file(tmp_path / "m.va") if f.severity == "error"] == []


def test_includes_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "m.va").write_text('`include "a.inc"\n' + CLEAN)
    (tmp_path / "a.inc").write_bytes(b"\0")
    with pytest.raises(InputError, match=r"m\.va: .*a\.inc: is not text"):
        lint_file(tmp_path / "m.va")


def test_what_stands_under_several_kinds_of_analysis_is_read():
    text = spoiled(('if (analysis("static")) begin', 'if (analysis("static", "ic") && !(analysis("a", "b"))) begin'))
    assert {f.rule for f in lint_text(text)} == {"analysis-list"}


def test_ddt_is_alone_in_its_suggestion():
    text = spoiled((DDT, "if (vbr > 0) I(nx) <+ ddt(1e-3*x);"))
    assert [f.mended for f in lint_text(text)] == ["I(nx) <+ ddt(1e-3*x);"]


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("crash_two_argument_condition", set()),
        ("false_error_initial_step", set()),
        ("false_error_shadow", set()),
        ("missed_no_disciplines", {"discipline"}),
        ("silent_integer_division", {"integer-division"}),
        ("silent_nan_power", {"domain"}),
    ],
)
def test_the_cases_of_users(name, rules):
    path = CASES / f"lint_{name}.va"
    if not path.is_file():
        missing(f"{path} is not here")
    assert {f.rule for f in lint_file(path) if f.severity == "error"} == rules


def test_models_that_industry_ships_are_free_of_errors():
    folder = os.environ.get("SPICEGEN_VA_MODELS")
    if folder is None:
        pytest.skip("set SPICEGEN_VA_MODELS to a checkout of dwarning/VA-Models: it is not part of the project")
    report = lint_files(sorted(Path(folder).rglob("*.va"))).errors()
    assert report.files > 80
    assert {path.name for path, _ in report.findings} <= TRUE_ERRORS
    assert all("no Verilog-A module" in str(error) for error in report.unreadable)
