"""Sharing rearranges equations: written out again, they are the model's; and nothing is left to share or repeat."""

import numpy as np
import pytest
import sympy

from models_va import BOLTZMANN, CONSTANTS, TEMPERATURE, VOLTAGE, load_model, model_names
from models_va.functions import pos, sinh_lim
from spicegen.printers.helper_nodes import Equations, share
from spicegen.printers.ngspice import NGSPICE
from spicegen.printers.numpy_model import NAMESPACE, NumpyPrinter

MODELS = model_names()
STATES = {state.name for name in MODELS for state in load_model(name).states}
repeats_argument = NGSPICE.repeats_argument


def value(expression, equations, point):
    """In numpy, every helper and constant evaluated on the way."""
    known = equations.helpers | equations.constants
    for symbol in expression.free_symbols & known.keys() - point.keys():
        point[symbol] = value(known[symbol], equations, point)
    names = {s: f"x{k}" for k, s in enumerate(point)}
    return eval(NumpyPrinter(names)(expression), NAMESPACE | dict(zip(names.values(), point.values(), strict=True)))


def points(model):
    rng = np.random.default_rng(3)
    for _ in range(20):
        values = {p.symbol: rng.uniform(0.3, 1.5) for p in model.params}
        states = {s.symbol: rng.uniform(-0.1, 1.1) for s in model.states}
        rest = {VOLTAGE: rng.uniform(-2, 2), TEMPERATURE: 300.0} | {s: v for s, (_, v) in CONSTANTS.items()}
        yield {s: np.float64(v) for s, v in (values | states | rest).items()}


@pytest.mark.parametrize("name", MODELS)
def test_written_out_again_the_equations_are_the_models(name):
    model = load_model(name)
    equations = share(model, repeats_argument)
    plain = Equations({}, {d.symbol: d.expression for d in model.definitions}, {}, sympy.S.Zero, sympy.S.Zero, ())
    noise = sympy.sqrt(pos(model.noise_psd / (4 * BOLTZMANN * TEMPERATURE)))
    theirs = [model.current, noise, *(s.rate for s in model.states)]
    for point in points(model):
        for ours, expected in zip((equations.current, equations.noise, *equations.rates), theirs, strict=True):
            wanted = value(expected, plain, dict(point))
            assert value(ours, equations, dict(point)) == pytest.approx(wanted, rel=1e-9, abs=1e-30)


def varying_factors(function, equations):
    """How many factors of the function's argument depend on the voltage or a state, itself or by helpers."""
    count = 0
    for factor in sympy.Mul.make_args(function.args[0]):
        while factor.free_symbols & equations.helpers.keys():
            factor = factor.xreplace(equations.helpers)
        count += VOLTAGE in factor.free_symbols or any(s.name in STATES for s in factor.free_symbols)
    return count


@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_left_to_share(name):
    model = load_model(name)
    equations = share(model, repeats_argument)
    parameters = {p.symbol for p in model.params} | set(CONSTANTS)
    everything = [*equations.helpers.values(), equations.current, *equations.rates]
    shared, _ = sympy.cse(everything)
    assert all(e.count_ops() < 2 for _, e in shared)
    for e in everything:
        for function in e.atoms(sympy.Function):
            repeated = repeats_argument(function) and function.args[0].args
            assert not repeated or varying_factors(function, equations) > 1
        for part in sympy.preorder_traversal(e):
            assert not (part.args and part.free_symbols and part.free_symbols <= parameters), part


@pytest.mark.parametrize("name", MODELS)
def test_every_helper_is_used_and_none_waits_for_itself(name):
    equations = share(load_model(name), repeats_argument)
    used = set().union(
        equations.current.free_symbols, equations.noise.free_symbols,
        *(e.free_symbols for e in (*equations.helpers.values(), *equations.rates)),
    )  # fmt: skip
    assert equations.helpers.keys() <= used
    done = set()
    while waiting := equations.helpers.keys() - done:
        ready = {s for s in waiting if not equations.helpers[s].free_symbols & (waiting)}
        assert ready, waiting
        done |= ready


def test_a_product_stays_in_its_exponential_function():
    """A helper for it would be linear in both factors: it would not keep the sign of the field of a gap."""
    model = load_model("stanford_pku")
    equations = share(model, repeats_argument)
    symbols = {d.name: d.symbol for d in model.definitions}
    (hop,) = equations.helpers[symbols["drive"]].atoms(sinh_lim)
    assert {symbols["field"], symbols["coldness"]} <= hop.args[0].free_symbols


def test_one_model_is_always_shared_alike():
    model = load_model("li_intercalation")
    assert share(model, repeats_argument) == share(model, repeats_argument)
