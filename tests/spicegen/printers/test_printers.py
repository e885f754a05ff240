"""Every printer on one list of expressions: numpy against sympy, the others through their simulators."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy

from models_va.errors import UnsupportedExpressionError
from spicegen.printers import LtspicePrinter, NgspicePrinter, VerilogAPrinter, XycePrinter
from spicegen.printers.numpy_model import NAMESPACE, NumpyPrinter, built_once
from spicegen.printers.verilog_a import ANALOG_FUNCTIONS
from spicegen.simulate.vacask import Vacask, read_raw
from tests.spicegen.printers.expressions import ARGUMENTS, EXPRESSIONS, A, B, N, truth

PRINTERS = (NumpyPrinter, NgspicePrinter, VerilogAPrinter, XycePrinter, LtspicePrinter)
SYMBOLS = {A: "a", B: "b", N: "n"}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_numpy_equals_sympy(name):
    code = compile(NumpyPrinter(SYMBOLS)(EXPRESSIONS[name]), name, "eval")
    for arguments in ARGUMENTS:
        values = dict(zip("abn", map(np.float64, arguments), strict=True))
        assert eval(code, dict(NAMESPACE) | values) == pytest.approx(
            truth(EXPRESSIONS[name], arguments), rel=1e-12, abs=1e-300
        )


def run_ngspice(folder, lines, vectors):
    """Everything that the real library finds at all arguments, an operating point each."""
    options = [".options reltol=1e-9 vntol=1e-15 abstol=1e-18", ".save all", ".op", ".end", ""]
    for k, (a, b, n) in enumerate(vectors):
        head = ["expressions", f"va na 0 {a}", f"vb nb 0 {b}", f"vn nn 0 {n}"]
        (folder / f"{k}.cir").write_text("\n".join([*head, *lines, *options]))
    script = (
        "import os, sys, numpy as np; os.chdir(sys.argv[1])\n"
        "from spicegen.simulate._ngspice_worker import _load_library, _vectors\n"
        "s = _load_library()\n"
        f"for k in range({len(vectors)}):\n"
        "    s.load_circuit(open(f'{k}.cir').read()); s.run()\n"
        "    np.savez(str(k), **_vectors(s))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    points = [np.load(folder / f"{k}.npz") for k in range(len(vectors))]
    return {name: np.concatenate([p[name] for p in points]) for name in points[0].files}


@pytest.fixture(scope="module")
def ngspice_values(tmp_path_factory):
    """Each expression as a B source of three voltages."""
    show = NgspicePrinter({A: "V(na)", B: "V(nb)", N: "V(nn)"})
    lines = [
        line
        for k, expression in enumerate(EXPRESSIONS.values())
        for line in (f"b{k} 0 o{k} i={show(expression)}", f"r{k} o{k} 0 1")
    ]
    found = run_ngspice(tmp_path_factory.mktemp("ngspice"), lines, ARGUMENTS)
    return {name: found[f"o{k}"] for k, name in enumerate(EXPRESSIONS)}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_ngspice_equals_sympy(name, need_engine, request):
    need_engine("ngspice")
    found = request.getfixturevalue("ngspice_values")[name]
    expected = [truth(EXPRESSIONS[name], a) for a in ARGUMENTS]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-24)


def test_ngspice_differentiates_what_it_is_given(tmp_path, need_engine):
    """Small-signal gains from a are the derivatives, beyond the limits and at negative values too."""
    need_engine("ngspice")
    smooth = {n: e for n, e in EXPRESSIONS.items() if A in e.free_symbols and not e.has(sympy.Max, sympy.Min)}
    show = NgspicePrinter({A: "V(na)", B: "V(nb)", N: "V(nn)"})
    sources = [f"b{k} 0 o{k} i={show(e)}\nr{k} o{k} 0 1" for k, e in enumerate(smooth.values())]
    for j, (a, b, n) in enumerate(ARGUMENTS):
        head = ["derivatives", f"va na 0 dc {a} ac 1", f"vb nb 0 {b}", f"vn nn 0 {n}"]
        (tmp_path / f"{j}.cir").write_text("\n".join([*head, *sources, ".end", ""]))
    script = (
        "import os, sys, numpy as np; os.chdir(sys.argv[1])\n"
        "from spicegen.simulate._ngspice_worker import _load_library\n"
        "s = _load_library()\n"
        f"for j in range({len(ARGUMENTS)}):\n"
        "    s.load_circuit(open(f'{j}.cir').read()); s.exec_command('ac lin 1 1 1')\n"
        "    plot = s.plot(None, s.last_plot)\n"
        f"    np.save(str(j), [plot[f'o{{k}}']._data[0].real for k in range({len(smooth)})])\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for j, arguments in enumerate(ARGUMENTS):
        expected = [truth(e.diff(A), arguments) for e in smooth.values()]
        for name, found, value in zip(smooth, np.load(tmp_path / f"{j}.npy"), expected, strict=True):
            assert found == pytest.approx(value, rel=1e-8, abs=1e-12), name


@pytest.fixture(scope="module")
def parameter_values(tmp_path_factory):
    """Each expression as a parameter of a subcircuit, which has a, b and n as its own, at all arguments."""
    show = NgspicePrinter(SYMBOLS)
    ports = " ".join(f"o{k}" for k in range(len(EXPRESSIONS)))
    lines = [f".subckt parameters {ports} a=1 b=1 n=1"]
    for k, expression in enumerate(EXPRESSIONS.values()):
        lines += [f".param p{k}={{{show(expression)}}}", f"b{k} 0 o{k} i=({{p{k}}})*1.0", f"r{k} o{k} 0 1"]
    lines += [".ends"]
    for j, (a, b, n) in enumerate(ARGUMENTS):
        lines += [f"x{j} {' '.join(f'o{k}_{j}' for k in range(len(EXPRESSIONS)))} parameters a={a} b={b} n={n}"]
    found = run_ngspice(tmp_path_factory.mktemp("parameters"), lines, [(0.0, 1.0, 0.0)])
    return {name: [found[f"o{k}_{j}"][0] for j in range(len(ARGUMENTS))] for k, name in enumerate(EXPRESSIONS)}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_ngspices_parameters_equal_sympy(name, need_engine, request):
    need_engine("ngspice")
    found = request.getfixturevalue("parameter_values")[name]
    expected = [truth(EXPRESSIONS[name], a) for a in ARGUMENTS]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-24)


@pytest.fixture(scope="module")
def vacask_values(tmp_path_factory):
    """Each expression as a current out of a compiled Verilog-A module; its arguments are parameters."""
    folder = tmp_path_factory.mktemp("vacask")
    show = VerilogAPrinter(SYMBOLS)
    outputs = [f"o{k}" for k in range(len(EXPRESSIONS))]
    ports = ", ".join(outputs)
    lines = ['`include "disciplines.vams"', f"module expressions({ports});", f"inout {ports};", f"electrical {ports};"]
    lines += [f'(* type="instance" *) parameter real {n} = 1;' for n in "abn"]
    for function, body in ANALOG_FUNCTIONS.items():
        lines += [f"analog function real {function};", "input x; real x;", f"{function} = {body};", "endfunction"]
    lines += ["analog begin"]
    lines += [f"I(o{k}) <+ -({show(e)});" for k, e in enumerate(EXPRESSIONS.values())]
    lines += ["end", "endmodule", ""]
    (folder / "expressions.va").write_text("\n".join(lines))
    deck = ["expressions", 'load "expressions.osdi"', 'load "resistor.osdi"', "model r resistor"]
    deck += ["model expressions expressions"]
    deck += [f"r{o} ({o} 0) r r=1" for o in outputs]
    deck += [f"x1 ({' '.join(outputs)}) expressions", "control", "options reltol=1e-9 vntol=1e-15 abstol=1e-18"]
    for k, values in enumerate(ARGUMENTS):
        deck += [f'alter instance("x1") {n}={v}' for n, v in zip("abn", values, strict=True)] + [f"analysis op{k} op"]
    (folder / "deck.sim").write_text("\n".join([*deck, "endc", ""]))
    engine = Vacask()
    simulator, compiler = engine.commands
    engine.call([compiler, "-o", "expressions.osdi", "expressions.va"], folder)
    engine.call([simulator, "-qp", "-sp", "deck.sim"], folder)
    points = [read_raw(folder / f"op{k}.raw") for k in range(len(ARGUMENTS))]
    return {name: np.array([p[f"o{k}"][0] for p in points]) for k, name in enumerate(EXPRESSIONS)}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_verilog_a_equals_sympy(name, need_engine, request):
    need_engine("vacask")
    found = request.getfixturevalue("vacask_values")[name]
    expected = [truth(EXPRESSIONS[name], a) for a in ARGUMENTS]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-24)


@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize(
    "expression",
    [sympy.gamma(A), sympy.sin(A), sympy.Piecewise((A, A > 0), (0, True)), sympy.I * A, A**N, A**1.5, sympy.oo * A],
    ids=str,
)
def test_what_cannot_be_said_exactly_is_refused(printer, expression):
    with pytest.raises(UnsupportedExpressionError, match=printer.language):
        printer(SYMBOLS)(expression)


@pytest.mark.parametrize("printer", PRINTERS)
def test_unknown_symbols_are_refused(printer):
    with pytest.raises(UnsupportedExpressionError, match="symbol z"):
        printer(SYMBOLS)(sympy.Symbol("z") + A)


def test_threads_that_want_a_model_wait_for_the_one_that_builds_it():
    """Side by side, sympy would call a sign unknown in one that the other is just finding out."""
    inside, most, built = 0, 0, []

    def build(name):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.02)
        inside -= 1
        built.append(name)
        return name

    wanted = ["a", "a", "b", "b"]
    with ThreadPoolExecutor(len(wanted)) as pool:
        assert list(pool.map(built_once(build), wanted)) == wanted
    assert most == 1
    assert sorted(built) == ["a", "b"]
