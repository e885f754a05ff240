"""The functions against textbook forms in 30 digits, written here a second time."""

import mpmath
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from models_va import functions
from models_va.functions import LIMIT

X = sympy.Symbol("x", real=True)
DIGITS = 30
EDGE = 80


def clip(x):
    return max(-mpf(EDGE), min(mpf(EDGE), x))


TEXTBOOK = {
    "pos": lambda x: max(x, mpf(0)),
    "step": lambda x: mpf(x > 0),
    "exp_lim": lambda x: mp.exp(x) if x < EDGE else mp.exp(EDGE) * (x - (EDGE - 1)),
    "exp_sat": lambda x: mp.exp(min(x, mpf(EDGE))),
    "sinh_lim": lambda x: mp.sinh(clip(x)) + mp.cosh(EDGE) * (x - clip(x)),
    "cosh_lim": lambda x: mp.cosh(clip(x)) + mp.sinh(EDGE) * max(abs(x) - EDGE, mpf(0)),
    "sinh_sat": lambda x: mp.sinh(clip(x)),
    "cosh_sat": lambda x: mp.cosh(clip(x)),
}
KINKS = {"pos": (0,), "step": (0,), "exp_sat": (EDGE,), "sinh_sat": (-EDGE, EDGE), "cosh_sat": (-EDGE, EDGE)}
SMOOTH = ("exp_lim", "sinh_lim", "cosh_lim")
NUMBERS = st.one_of(st.floats(-300, 300), st.floats(-1e-6, 1e-6), st.sampled_from([-80.0, 80.0, 0.0, 79.999, 80.001]))


def compiled(expression):
    return sympy.lambdify(X, expression.rewrite(sympy.Piecewise), "mpmath")


PRINTED = {name: compiled(getattr(functions, name)(X)) for name in TEXTBOOK}
SLOPES = {name: compiled(getattr(functions, name)(X).fdiff(1)) for name in TEXTBOOK}


def close(a, b, tolerance=1e-25):
    return abs(a - b) <= tolerance * max(abs(a), abs(b), mpf(10) ** -300)


def test_every_function_of_the_module_is_tested():
    public = {n for n, f in vars(functions).items() if isinstance(f, type) and issubclass(f, functions._Smooth)}
    assert public - {"_Smooth"} == set(TEXTBOOK)
    assert LIMIT == EDGE


@pytest.mark.parametrize("name", TEXTBOOK)
@given(x=NUMBERS)
def test_value(name, x):
    with mpmath.workdps(DIGITS):
        assert close(PRINTED[name](mpf(x)), TEXTBOOK[name](mpf(x)))


@pytest.mark.parametrize("name", TEXTBOOK)
@given(x=NUMBERS)
def test_fdiff_is_the_numeric_derivative(name, x):
    if any(abs(x - kink) < 1e-6 for kink in (*KINKS.get(name, ()), -EDGE, EDGE)):
        return
    with mpmath.workdps(60):
        h, x = mpf(10) ** -18, mpf(x)
        numeric = (TEXTBOOK[name](x + h) - TEXTBOOK[name](x - h)) / (2 * h)
        slope = SLOPES[name](x)
        assert abs(numeric - slope) <= mpf(10) ** -20 * max(abs(slope), 1)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("edge", [-EDGE, EDGE])
def test_value_and_slope_are_continuous_at_the_edges(name, edge):
    with mpmath.workdps(60):
        h, edge = mpf(10) ** -20, mpf(edge)
        f = PRINTED[name]
        left, right = (f(edge) - f(edge - h)) / h, (f(edge + h) - f(edge)) / h
        assert close(left, right, mpf(10) ** -18)
        assert close(SLOPES[name](edge), left, mpf(10) ** -18)
        assert close(f(edge - h), f(edge + h), mpf(10) ** -18)


@pytest.mark.parametrize("name", SMOOTH)
def test_no_overflow_where_a_newton_iterate_may_stray(name):
    for x in (-1e6, 1e6):
        assert abs(float(PRINTED[name](mpf(x)))) < 1e42


@given(st.floats(-1e-9, 1e-9))
def test_sinh_has_no_cancellation_near_zero(x):
    with mpmath.workdps(DIGITS):
        assert close(PRINTED["sinh_lim"](mpf(x)), mpf(x) * (1 + mpf(x) ** 2 / 6), mpf(10) ** -25)


@pytest.mark.parametrize(("x", "value", "slope"), [(-3, 0, 0), (0, 0, 0), (5, 5, 1)])
def test_pos_and_step_of_numbers(x, value, slope):
    assert functions.pos(x) == value
    assert functions.step(x) == slope


@pytest.mark.parametrize("name", TEXTBOOK)
@given(x=NUMBERS)
def test_claimed_signs_are_true(name, x):
    value, f = TEXTBOOK[name](mpf(x)), getattr(functions, name)(X)
    assert f.is_real
    assert value >= 0 or not f.is_nonnegative
    assert value > 0 or not f.is_positive


def test_chain_rule_goes_through_them():
    k = sympy.Symbol("k", positive=True)
    assert functions.sinh_lim(k * X).diff(X) == k * functions.cosh_sat(k * X)
    assert functions.pos(X).diff(X) == functions.step(X)
