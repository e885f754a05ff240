import math
from dataclasses import FrozenInstanceError

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from models_va import Param
from models_va._param import nonnegative, positive
from models_va.errors import InputError, ModelDefinitionError


def test_a_whole_number_is_one():
    p = Param("frozen", "a", "1", 0.0, 0.0, 1.0, integer=True)
    assert p.check(1.0) == 1.0
    with pytest.raises(InputError, match=r"parameter frozen = 0\.5 must be a whole number"):
        p.check(0.5)


@pytest.mark.parametrize("name", ["g0", "tau_m", "a1_b2"])
def test_legal_names(name):
    assert Param(name, "a", "1", 0.0).symbol.name == name


@pytest.mark.parametrize(
    "name",
    ["", "G0", "0g", "_g", "g-0", "g 0", "g\n", "g\n.control", 'g"', "g$", "µ",
     "temper", "time", "above", "exp", "analog", "module", "te", "vbr", "gmin", "temperature_k"],
)  # fmt: skip
def test_illegal_and_reserved_names(name):
    with pytest.raises(ModelDefinitionError, match="lower-case letters") as caught:
        Param(name, "a", "1", 0.0)
    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("description", ["", 'say "x"', "two\nlines"])
def test_description_goes_into_a_quoted_attribute(description):
    with pytest.raises(ModelDefinitionError, match="parameter g0: needs a one-line description"):
        Param("g0", description, "S", 1.0)


@pytest.mark.parametrize("unit", ["", " "])
def test_a_parameter_without_a_unit(unit):
    with pytest.raises(ModelDefinitionError, match="parameter g0: needs a unit"):
        Param("g0", "conductance", unit, 1.0)


def test_frozen():
    with pytest.raises(FrozenInstanceError):
        positive("g0", "a", "S", 1.0).default = 2.0


def test_default_out_of_range():
    with pytest.raises(InputError, match=r"parameter g0 = 0 S is outside its range \(0, inf\)"):
        positive("g0", "a", "S", 0.0)


@pytest.mark.parametrize(
    ("param", "text"),
    [
        (positive("a", "a", "1", 1.0), "(0, inf)"),
        (nonnegative("a", "a", "1"), "[0, inf)"),
        (Param("a", "a", "1", 0.0), "(-inf, inf)"),
        (Param("a", "a", "1", 0.0, -1.0, 1.0), "[-1, 1]"),
        (Param("a", "a", "1", 0.0, -1.0, 1.0, True, True), "(-1, 1)"),
        (Param("a", "a", "1", 0.0, -1.0, 1.0, False, True), "[-1, 1)"),
    ],
)
def test_range_text(param, text):
    assert param.range_text == text


@pytest.mark.parametrize(
    ("param", "is_positive", "is_nonnegative"),
    [
        (positive("a", "a", "1", 1.0), True, True),
        (nonnegative("a", "a", "1"), None, True),
        (Param("a", "a", "1", 0.0, -1.0, 1.0), None, None),
    ],
)
def test_symbol_knows_the_sign(param, is_positive, is_nonnegative):
    assert param.symbol.is_real
    assert (param.symbol.is_positive, param.symbol.is_nonnegative) == (is_positive, is_nonnegative)
    assert isinstance(param.symbol, sympy.Symbol)


def test_the_message_names_parameter_value_unit_and_range():
    with pytest.raises(InputError) as caught:
        Param("tau", "time constant", "s", 1.0, 0.5, 2.0, True).check(3.0)
    assert str(caught.value) == "parameter tau = 3 s is outside its range (0.5, 2]"


@given(st.floats(-10, 10), st.floats(0, 10), st.booleans(), st.booleans(), st.floats())
def test_check_is_membership_of_the_interval(lower, width, lower_open, upper_open, value):
    upper = lower + width + 1
    param = Param("a", "a", "1", lower + 0.5, lower, upper, lower_open, upper_open)
    inside = lower <= value <= upper and not (lower_open and value == lower) and not (upper_open and value == upper)
    if inside:
        assert param.check(value) == value
    else:
        with pytest.raises(InputError, match="outside its range"):
            param.check(value)


@pytest.mark.parametrize("lower_open", [False, True])
@pytest.mark.parametrize("upper_open", [False, True])
def test_the_bounds_themselves(lower_open, upper_open):
    param = Param("a", "a", "1", 0.5, 0.0, 1.0, lower_open, upper_open)
    for bound, is_open in ((0.0, lower_open), (1.0, upper_open)):
        if is_open:
            with pytest.raises(InputError):
                param.check(bound)
        else:
            assert param.check(bound) == bound


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_not_finite_is_refused_even_without_bounds(value):
    with pytest.raises(InputError, match="outside its range"):
        Param("a", "a", "1", 0.0).check(value)
