from dataclasses import replace

import pytest
import sympy

from models_va import TEMPERATURE, VOLTAGE, Definition, Param, State, load_model, state_symbol
from models_va._dimensions import check_dimensions, dimensionality
from models_va.errors import ModelDefinitionError
from models_va.functions import exp_lim, pos, sinh_lim, step

LINEAR = load_model("linear")
G = LINEAR.definitions[0].symbol
V, T = VOLTAGE, TEMPERATURE
TAU = sympy.Symbol("tau", positive=True)
X = sympy.Symbol("x", real=True)
UNITS = {V: "V", T: "K", TAU: "s", G: "S", X: "1"}


@pytest.mark.parametrize(
    ("unit", "powers"),
    [
        ("1", {}),
        ("V/V", {}),
        ("1/s", {"[time]": -1}),
        ("s", {"[time]": 1}),
        ("S", {"[mass]": -1, "[length]": -2, "[time]": 3, "[current]": 2}),
        ("A**2/Hz", {"[current]": 2, "[time]": 1}),
        ("J/K", {"[mass]": 1, "[length]": 2, "[time]": -2, "[temperature]": -1}),
    ],
)
def test_units_as_powers_of_base_dimensions(unit, powers):
    assert dict(dimensionality(unit)) == powers


@pytest.mark.parametrize("unit", ["furlongs_per_jiffy", "V/"])
def test_unknown_unit_is_named(unit):
    with pytest.raises(ModelDefinitionError, match="is not understood") as caught:
        dimensionality(unit)
    assert repr(unit) in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "unit"),
    [
        (G * V, "A"),
        (1 / TAU, "1/s"),
        (sympy.sqrt(V**2), "V"),
        (V**2 * G, "W"),
        (sinh_lim(X) / TAU, "Hz"),
        (pos(V) + sympy.Abs(V) + sympy.Max(V, 0), "V"),
        (step(V) * TAU, "s"),
        (X**2 + 1, "1"),
        (sympy.Integer(0), "A"),
    ],
)
def test_right_dimensions_pass(expression, unit):
    check_dimensions(UNITS, [("here", expression, unit)])


@pytest.mark.parametrize(
    ("expression", "unit", "reason"),
    [
        (V + T, "V", "adds unlike dimensions"),
        (V + 1, "V", "adds unlike dimensions"),
        (sympy.Max(V, TAU), "V", "adds unlike dimensions"),
        (exp_lim(V), "1", "argument of .* has a dimension"),
        (sympy.sin(TAU), "1", "argument of .* has a dimension"),
        (X**V, "1", "exponent .* has a dimension"),
        (V**X, "V", "its exponent must be a number"),
        (G * V, "V", "should be V"),
        (pos(V), "1", "should be 1"),
        (step(V), "V", "should be V"),
        (X * (1 + V), "1", "adds unlike dimensions"),
    ],
)
def test_wrong_dimensions_name_the_place(expression, unit, reason):
    with pytest.raises(ModelDefinitionError, match=f"here: .*{reason}"):
        check_dimensions(UNITS, [("fine", V, "V"), ("here", expression, unit)])


def test_a_wrong_current_is_refused_when_the_model_is_made():
    with pytest.raises(ModelDefinitionError, match=r"model linear, current: .*should be A"):
        replace(LINEAR, current=G)


def test_a_wrong_noise_is_refused():
    with pytest.raises(ModelDefinitionError, match=r"model linear, noise: .*should be A\*\*2/Hz"):
        replace(LINEAR, noise_psd=G * T)


def test_a_wrong_definition_is_refused():
    wrong = Definition("heat", G * V, "W", "power")
    with pytest.raises(ModelDefinitionError, match="model linear, heat: "):
        replace(LINEAR, definitions=(*LINEAR.definitions, wrong))


@pytest.mark.parametrize(("unit", "works"), [("s", True), ("V", False)])
def test_a_rate_is_per_second(unit, works):
    tau = Param("tau", "decay time", unit, 1.0, 0.0, lower_open=True)
    start = Param("x_init", "initial state", "1", 0.0, 0.0, 1.0, per_instance=True)
    state = State("x", "a state", -state_symbol("x") / tau.symbol, "x_init")
    parts = {"params": (*LINEAR.params, tau, start), "states": (state,)}
    if works:
        assert replace(LINEAR, **parts).state_names == ("x",)
    else:
        with pytest.raises(ModelDefinitionError, match="model linear, dx/dt: "):
            replace(LINEAR, **parts)
