"""The linter: each rule with a file that breaks it and nothing else, files that break none, and hostile input."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from models_va.errors import InputError, UnknownNameError
from spicegen.cli.main import app, main
from spicegen.lint import RULES, describe, lint_file, lint_files, lint_text
from spicegen.simulate.openvaf import compile_warnings
from tests.spicegen.lint.broken_models import BROKEN, HOLD, LAST, NOISE, RATE, UNITS, G
from tests.spicegen.lint.near_misses import FIRST_POINT, NEAR_MISSES
from tests.spicegen.printers.verilog_a import CLEAN, declaring, spoiled

RENDERED = sorted((Path(__file__).parents[3] / "models_va" / "rendered").glob("*.va"))


@pytest.mark.parametrize("path", RENDERED, ids=lambda p: p.name)
def test_generated_files_are_silent(path):
    assert lint_file(path) == []


def test_the_clean_file_is_silent_and_compiles(need_engine):
    assert lint_text(CLEAN) == []
    need_engine("vacask")
    assert compile_warnings(CLEAN, "dut") == []


@pytest.mark.parametrize("first", ["$abstime == 0", FIRST_POINT, "!(0 < $abstime)"])
def test_time_may_be_compared_with_zero_to_hold_a_state(first):
    """Simulators differ in what analysis they call the first point of a transient."""
    assert lint_text(spoiled((HOLD, f'if (analysis("static") || analysis("ac") || {first}) begin'))) == []


def test_every_rule_has_a_file_that_breaks_it_and_one_that_nearly_does():
    assert BROKEN.keys() | {"switch-branch"} == NEAR_MISSES.keys() == RULES.keys()


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in NEAR_MISSES.items() for text in texts])
def test_nothing_is_said_of_what_only_looks_like_a_broken_rule(rule, text):
    assert lint_text(text) == []


@pytest.mark.parametrize(("rule", "marked"), [(rule, text) for rule, texts in BROKEN.items() for text in texts])
def test_a_broken_rule_is_found_at_its_place_and_nothing_else(rule, marked):
    before, after = marked.split("¦")
    findings = lint_text(before + after)
    assert {f.rule for f in findings} == {rule}
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert (line, column) in {(f.line, f.column) for f in findings}


MENDED_IN_PLACE = """analysis-list array attribute-place bad-range conditional-ddt constant description domain
integer-division integer-quotient log10 multiplicity noise-name old-include overflow range state-scale step-control"""


@pytest.mark.parametrize(("rule", "marked"), [(rule, t) for rule in MENDED_IN_PLACE.split() for t in BROKEN[rule]])
def test_the_line_mended_is_right(rule, marked):
    text = marked.replace("¦", "")
    finding = next(f for f in lint_text(text) if f.rule == rule)
    lines = text.split("\n")
    lines[finding.line - 1] = finding.mended
    assert lint_text("\n".join(lines)) == []


@pytest.mark.parametrize(
    ("changes", "mended"),
    [
        (("x = V(nx);", "x = V(nx)  // state"), "x = V(nx);"),
        (("x = V(nx);", "x = V(nx;"), "x = V(nx) ;"),
        (("inout te, be;", "inout te, be"), "inout te, be;"),
    ],
)
def test_what_is_missing_is_put_in(changes, mended):
    assert [(f.rule, f.mended) for f in lint_text(spoiled(changes)) if f.rule == "syntax"] == [("syntax", mended)]


def test_a_description_is_taken_from_the_comment():
    changed = (f"{UNITS} parameter real k = 1.0 from (0:inf);", 'parameter real k = 1.0 from (0:inf); // "slow" rate')
    (finding,) = lint_text(spoiled(changed))
    assert finding.mended == """(* desc="'slow' rate", units="..." *) parameter real k = 1.0 from (0:inf);"""


def test_switch_branch():
    text = spoiled((LAST, "if (vbr > 1) V(te, nx) <+ 0; else I(te, nx) <+ 1e-3*V(te, nx);"))
    assert {f.rule for f in lint_text(text)} >= {"switch-branch", "voltage-contribution"}
    text = spoiled((LAST, "if (k > 1) V(te, nx) <+ 0; else I(te, nx) <+ 1e-3*V(te, nx);"))
    assert {f.rule for f in lint_text(text)} == {"voltage-contribution"}  # collapsed once, by a parameter


FINE = {
    "complementary conditions": "if (vbr >= v0) w = 1; if (vbr <= -v0) w = 2; if ((-v0 < vbr) && (vbr < v0)) w = 3;",
    "else": "if (vbr > 1) w = 1; else if (vbr > 0) w = 2; else w = 3;",
    "default": "case (k) 1, 2: w = 1; default: w = 2; endcase",
    "counting loop": "for (i = 0; i < 3; i = i + 1) w = x*i;",
    "repeat": "repeat (3) begin w = x; end",
    "not": "if (!(vbr > 1)) w = 1; else w = 2;",
    "or": "if (vbr > 1 || x > 1) w = 1; if (vbr <= 1 && x <= 1) w = 2;",
    "function output": "split(x, w);",
    "ternary": "w = vbr > 0 ? 1 : -1;",
}  # fmt: skip


@pytest.mark.parametrize("body", FINE.values(), ids=FINE.keys())
def test_what_is_assigned_on_every_path_is_no_hidden_state(body):
    function = "analog function real split; input a; output b; real a, b; begin b = a; split = a; end endfunction"
    text = spoiled(("// more", f"real w; integer i;\n{function}"), (G, f"{body}\n    g = g0*w;"))
    assert {f.rule for f in lint_text(text)} <= {"partly-assigned", "jump"}
    assert not [f for f in lint_text(text) if f.message.startswith("w ")]


def test_the_same_selector_twice_is_followed():
    body = "if (k == 2) w = vbr;\n    if (k == 2) g = g0*w; else g = g0*x;"
    assert {f.rule for f in lint_text(declaring("w", (G, body)))} == {"partly-assigned"}
    changed = body.replace("w = vbr;", "w = vbr;\n    y = 3;").replace("k", "y")
    rules = {f.rule for f in lint_text(declaring("w, y", (G, "y = vbr;\n    " + changed)))}
    assert "hidden-state" in rules  # y is another y the second time


PROTECTED = {
    "limexp": "limexp(vbr/v0)",
    "min": "exp(min(vbr/v0, 80))",
    "parameters only": "exp(k/v0)",
    "temperature": "exp(-k/$vt)",
    "bias divides": "exp(-k/(1 + vbr*vbr))",
    "minus a modulus": "exp(-abs(vbr)/v0)",
    "guard": "vbr < 10 ? exp(vbr) : 1",
    "guard turned round": "vbr > 10 ? 1 : exp(vbr)",
}  # fmt: skip


@pytest.mark.parametrize("value", PROTECTED.values(), ids=PROTECTED.keys())
def test_bounded_exponentials_are_fine(value):
    assert {f.rule for f in lint_text(spoiled((RATE, f"rate = k*({value});")))} <= {"drift"}


def test_a_clamped_argument_is_bounded():
    text = declaring("y", (RATE, "y = vbr/v0;\n    if (y > 80) y = 80;\n    rate = exp(y) - 1.0;"))
    assert lint_text(text) == []


PUBLIC_SYNTAX = """
`timescale 1ns / 1ps
`define AREA(w, l) ((w)*(l)) \\
  * 1.0
`define TWICE(a) `AREA(a, 2.0)
`ifdef NOT_DEFINED
  this is not even ( Verilog
`elsif __VAMS_COMPACT_MODELING__
`include "constants.vams"
`else
  nor this
`endif
`include "disciplines.vams"
nature Width access = Metr; units = "m"; abstol = 0.01n; endnature
discipline distance potential Width; enddiscipline
(* ignore="yes" *) module dut(p, n, w);
  inout p; inout n; output w;
  electrical p, n, gnd; electrical [0:1] bus;
  distance w;
  ground gnd;
  branch (p, n) pn, again;
  parameter real a = 1 from (0:inf) exclude 2 exclude (3:4], b = 2K from [-1.5:`TWICE(2)];
  parameter integer select = 1 from '{1, 2, 3};
  parameter string kind = "x" from '{"x", "y"};
  localparam real c = a*`M_PI;
  parameter real list[0:2] = '{1.0, 2.0, 3.0};
  aliasparam aa = a;
  real x[0:3], y = 1.5, z;
  integer i;
  genvar k;
  analog function real sq(input real u);
    sq = u**2;
  endfunction
  analog initial begin z = 2*a; end
  analog begin : main
    real inner;
    integer count;
    (* note *) inner = sq(V(pn)) + I(<p>) + y + z + list[1];
    for (i = 0; i < 4; i = i + 1) x[i] = inner ? -i : ~i;
    count = 0;
    while (count < 3) count = count + 1;
    repeat (2) begin : twice inner = inner - 1; end
    case (select)
      1, 2: inner = x[0];
      default inner = {1, 2} == 3;
    endcase
    @(initial_step("static", "tran") or final_step) $strobe("%g\\n", inner, $abstime);
    if (!$param_given(a) && $port_connected(w) || inner !== 1) ; else $warning("odd");
    Metr(w) <+ inner*1n;
    I(p, n) <+ `TWICE(V(p, n)) + c*V(gnd) + \\escaped+name .5 ;
    V(n) : V(n) == 0;
  end
  analog I(pn) <+ ddt(1p*V(again)) + flicker_noise(1e-9, 1, "f") + (select == 1 ? 1e-3 : 2e-3)*V(pn);
endmodule
"""


def test_the_syntax_of_public_files_is_understood():
    text = PUBLIC_SYNTAX.replace("\\escaped+name .5", "0")
    assert [f for f in lint_text(text) if f.rule in ("not-understood", "undeclared", "hidden-state")] == []


def test_what_is_not_understood_is_said_once_and_the_rest_is_judged():
    findings = lint_text(declaring("w", (G, "w ??= 3;\n    w = w + 1;\n    g = w;")))
    assert [f.rule for f in findings] == ["syntax"]  # the skipped words may have assigned w
    findings = lint_text(declaring("w, y", (G, "y ??= 3;\n    w = w + 1;\n    g = w;")))
    assert sorted(f.rule for f in findings) == ["hidden-state", "syntax"]


HOSTILE = {
    "nothing": "",
    "parentheses": "module m; analog x = " + "(" * 50_000,
    "operators": "module m; analog x = " + "-" * 50_000 + "1;endmodule",
    "ladder": "module m; analog x = " + "(1||1&&1|1^1&1==1<1<<1+1*1**" * 300 + "1",
    "blocks": "module m; analog " + "begin " * 20_000,
    "ifs": "module m; real x; analog begin " + "if (x) " * 20_000 + "x = 1; end endmodule",
    "else ifs": "module m; real x; analog if (x) x = 1; " + "else if (x) x = 2; " * 3_000 + "endmodule",
    "sum": "module m; real x; analog x = 1" + "+ x" * 20_000 + "; endmodule",
    "choices": "module m; real x; analog x = " + "x ? 1 : " * 5_000 + "2; endmodule",
    "macro bomb": "".join(f"`define a{n} `a{n + 1} `a{n + 1}\n" for n in range(29)) + "`define a29 1\n`a0 module m;",
    "empty macro bomb": "".join(f"`define a{n} `a{n + 1} `a{n + 1}\n" for n in range(29)) + "`define a29\n`a0",
    "macro of itself": "`define a `a\n`a module m; endmodule",
    "unfinished": 'module m; /* "',
    "directives": "`include\n`undef\n`define\n`ifdef\n`elsif\n`else\n`endif\n`endif `timescale",
    "control characters": "module \x1b[31m; endmodule\x00\x07",
    "many conditions": "module m; real x, y; analog begin "
    + "".join(f"if (x > {n}) y = {n};\n" for n in range(500))
    + "x = y; end endmodule",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_end_in_findings_or_one_error(text):
    harmless(text)


def harmless(text):
    try:
        findings = lint_text(text)
    except InputError:
        return
    assert all(f.rule in RULES for f in findings)


_WORDS = r"""
module m ( ) ; endmodule analog begin end if else case endcase for while repeat @ initial_step = <+ + - * / ? : < > ==
&& ! real x y parameter p from [ ] inf function endfunction input V I ddt exp , . 1 2.5e-3 "s" `A `define `ifdef `endif
(* *) branch electrical nature access endnature discipline { } '{ $abstime default \ /* // ' #
"""
WORDS = st.sampled_from([*_WORDS.split(), "\n"])


@given(st.one_of(st.text(), st.lists(WORDS).map(" ".join)))
@example('"')
@settings(max_examples=300)
def test_any_text_is_harmless(text):
    harmless(text)
    harmless("module m;" + text)
    harmless("module m; real x, y; analog begin " + text + " end endmodule")


@given(st.data())
@settings(max_examples=150)
def test_damaged_files_are_harmless(data):
    words = (CLEAN + PUBLIC_SYNTAX).split(" ")
    for _ in range(data.draw(st.integers(1, 4))):
        n = data.draw(st.integers(0, len(words) - 1))
        words[n] = data.draw(st.one_of(WORDS, st.just(""), st.sampled_from(words)))
    harmless(" ".join(words))


def test_files_that_cannot_be_judged(tmp_path):
    bad = {
        "utf_16.va": CLEAN.encode("utf-16"),
        "binary.va": b"module\0",
        "words.va": b"nothing of the kind",
        "large.va": b" " * 2_000_001,
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "good.va").write_text(spoiled((NOISE, "")), encoding="latin-1")
    paths = [*(tmp_path / name for name in bad), tmp_path, tmp_path / "missing.va", tmp_path / "good.va"]
    report = lint_files(paths)
    assert len(report.unreadable) == 6
    assert "save it as UTF-8" in str(report.unreadable[0])
    assert all(str(p) in str(e) for p, e in zip(paths, report.unreadable, strict=False))
    assert [(path.name, f.rule) for path, f in report.findings] == [("good.va", "thermal-noise")]
    assert report.summary() == "1 file: 0 errors, 1 warning (1 thermal-noise), 6 files not judged"
    assert report.errors().findings == ()
    assert lint_files(paths[-1:], ["thermal-noise"]).findings == ()
    with pytest.raises(UnknownNameError, match="known are absolute-time, analysis-list"):
        lint_files(paths, ["nonsense"])


def test_old_encodings_and_line_ends_are_read(tmp_path):
    (tmp_path / "old.va").write_bytes(CLEAN.replace("// last", "// 27 °C").replace("\n", "\r\n").encode("latin-1"))
    assert lint_file(tmp_path / "old.va") == []


def test_what_is_printed_cannot_steer_a_terminal():
    findings = lint_text(spoiled(("// more", "\\\x1b[2J\u202e[bold] ;")))
    line = describe(Path("a\x07b.va"), findings[0])
    assert line.isprintable()
    assert line.startswith("a?b.va:14:")
    assert "[not-understood]" in line


NOISELESS = spoiled((NOISE, ""))


@pytest.mark.parametrize(
    ("text", "options", "code", "summary"),
    [
        (CLEAN, [], 0, "1 file: 0 errors, 0 warnings"),
        (NOISELESS, [], 1, "1 file: 0 errors, 1 warning (1 thermal-noise)"),
        (NOISELESS, ["--ignore", "thermal-noise"], 0, "1 file: 0 errors, 0 warnings"),
        (NOISELESS, ["--errors-only"], 0, "1 file: 0 errors, 0 warnings"),
        (declaring("y", (LAST, "y = $random;")), ["--errors-only"], 1, "1 file: 1 error, 0 warnings (1 random)"),
    ],
    ids=["clean", "warning", "ignored", "no error", "error"],
)
def test_the_command_ends_with_1_only_if_something_is_found(tmp_path, text, options, code, summary):
    (tmp_path / "m.va").write_text(text)
    done = CliRunner().invoke(app, ["lint", str(tmp_path / "m.va"), *options])
    assert done.exit_code == code
    *findings, last = done.stdout.splitlines()
    assert last == summary
    assert bool(findings) == bool(code)
    assert all(line.startswith(str(tmp_path / "m.va")) for line in findings[::2])
    assert all(line.startswith("    ") for line in findings[1::2])  # the line mended


@pytest.mark.parametrize("names", [["missing.va"], ["m.va", "missing.va"], ["m.va", "--ignore", "nonsense"]])
def test_the_command_refuses_bad_input_in_one_line(tmp_path, monkeypatch, capsys, names):
    monkeypatch.chdir(tmp_path)
    Path("m.va").write_text(spoiled((NOISE, "")))
    monkeypatch.setattr("sys.argv", ["spicegen", "lint", *names])
    with pytest.raises(SystemExit) as caught:
        main()
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert err.count("\n") == 1
    assert ("thermal-noise" in out) == (names == ["m.va", "missing.va"])  # what was found is not lost


def test_one_bad_file_does_not_keep_the_findings_in_others_back(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.va").write_text("no module")
    Path("b.va").write_text(NOISELESS)
    Path("c.va").write_bytes(b"\0")
    monkeypatch.setattr("sys.argv", ["spicegen", "lint", "a.va", "b.va", "c.va"])
    with pytest.raises(SystemExit) as caught:
        main()
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert [line.split(":")[1].strip() for line in err.splitlines()] == ["a.va", "c.va"]
    assert "b.va:3:8: warning[thermal-noise]" in out
    assert out.splitlines()[-1] == "1 file: 0 errors, 1 warning (1 thermal-noise), 2 files not judged"


@pytest.mark.parametrize("options", [[], ["--errors-only"]])
def test_a_file_that_does_not_parse_is_bad_input_and_the_others_are_judged(tmp_path, options):
    (tmp_path / "a.va").write_text(spoiled((G, "g = g0*x")))
    (tmp_path / "b.va").write_text(declaring("y", (LAST, "y = $random;")))
    done = CliRunner().invoke(app, ["lint", str(tmp_path / "a.va"), str(tmp_path / "b.va"), *options])
    assert done.exit_code == 2
    assert [line.split(" ")[1] for line in done.stdout.splitlines()[:-1:2]] == ["error[syntax]", "error[random]"]
    assert f"{tmp_path / 'a.va'}:24:5: error[syntax] ';' is missing before 'rate'" in done.stdout


def test_a_fault_of_the_linter_is_a_line_as_well(tmp_path, monkeypatch):
    (tmp_path / "m.va").write_text(CLEAN)
    monkeypatch.setattr("spicegen.lint._lint.preprocess", lambda *_: 1 / 0)
    (error,) = lint_files([tmp_path / "m.va"]).unreadable
    assert str(error) == f"{tmp_path / 'm.va'}: the linter failed: ZeroDivisionError: division by zero"
