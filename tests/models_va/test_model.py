from dataclasses import replace

import pytest
import sympy

from models_va import VOLTAGE, Definition, Param, State, load_model, model_names, state_symbol
from models_va.errors import InputError, ModelDefinitionError, UnknownNameError

LINEAR = load_model("linear")
LI = load_model("li_intercalation")
STRANGER = sympy.Symbol("stranger", real=True)
TAU = Param("tau", "decay time", "s", 1.0, 0.0, lower_open=True)


def start(**changes):
    return replace(Param("x_init", "initial state", "1", 0.0, 0.0, 1.0, per_instance=True), **changes)


def with_state(*params, **changes):
    state = replace(State("x", "a state", -state_symbol("x") / TAU.symbol, "x_init"), **changes)
    return replace(LINEAR, params=(*LINEAR.params, TAU, *params), states=(state,))


def test_every_model_that_ships_loads_under_its_own_name():
    assert {"linear", "li_intercalation"} <= set(model_names())
    assert [load_model(n).name for n in model_names()] == model_names()


@pytest.mark.parametrize("name", ["", "lineer", "../models", "linear.py", "__init__"])
def test_an_unknown_model_lists_the_known(name):
    with pytest.raises(UnknownNameError, match=r"known are .*li_intercalation, linear"):
        load_model(name)


def test_a_whole_model_is_accepted():
    model = with_state(start())
    assert model.state_names == ("x",)
    assert model.param["x_init"].per_instance


def test_the_memory_is_a_state():
    assert LI.memory == "x"
    assert LINEAR.memory is None
    with pytest.raises(ModelDefinitionError, match="model li_intercalation: no state 'g' to be its memory"):
        replace(LI, memory="g")


def test_what_is_in_order_are_parameters():
    with pytest.raises(ModelDefinitionError, match="model li_intercalation: no parameter 'g' to be in order"):
        replace(LI, ordered=(("g0", "g"),))


@pytest.mark.parametrize("name", ["g0", "x_init", "g"])
def test_clashing_names(name):
    with pytest.raises(ModelDefinitionError, match=f"model linear: defined twice: {name}$"):
        with_state(start(), name=name)


@pytest.mark.parametrize("rate", [None, sympy.Integer(0), state_symbol("x") * 0])
def test_a_state_without_a_rate(rate):
    with pytest.raises(ModelDefinitionError, match="model linear: state x has no rate"):
        with_state(start(), rate=rate)


@pytest.mark.parametrize(
    ("rate", "bound"),
    [
        (1 / TAU.symbol, "x = 1"),
        (-1 / TAU.symbol, "x = 0"),
        (-sympy.Abs(1 - state_symbol("x")) / TAU.symbol, "x = 0"),
    ],
)
def test_a_rate_that_leaves_the_bounds(rate, bound):
    with pytest.raises(ModelDefinitionError, match=f"model linear: dx/dt leads out of the bounds of x: .* at {bound}"):
        with_state(start(), rate=rate)


def test_a_rate_through_definitions_that_leaves_the_bounds():
    push = next(d for d in LI.definitions if d.name == "transfer")
    broken = replace(push, expression=push.expression.subs(1 - state_symbol("x"), sympy.Rational(11, 10)))
    definitions = tuple(broken if d is push else d for d in LI.definitions)
    with pytest.raises(ModelDefinitionError, match="model li_intercalation: dx/dt leads out of the bounds of x"):
        replace(LI, definitions=definitions)


@pytest.mark.parametrize(
    ("name", "extra", "bound"),
    [("h", 1e-3 / LI.param["tau_h"].symbol, 1), ("act", -1e-3 * LI.param["k_ds"].symbol, 0)],
)
def test_a_rate_that_leaves_the_bounds_only_where_other_states_have_theirs(name, extra, bound):
    """Small against all other terms, and outwards only where these vanish."""
    states = tuple(replace(s, rate=s.rate + extra) if s.name == name else s for s in LI.states)
    with pytest.raises(ModelDefinitionError, match=rf"d{name}/dt leads out .* at {name} = {bound} and \S+ V: let"):
        replace(LI, states=states)


def test_the_same_parameter_twice():
    with pytest.raises(ModelDefinitionError, match="defined twice: g0"):
        replace(LINEAR, params=LINEAR.params * 2)


@pytest.mark.parametrize("name", ["X", "te", "a b", "x\n"])
def test_illegal_state_and_definition_names(name):
    with pytest.raises(ModelDefinitionError, match="state name"):
        with_state(start(), name=name)
    with pytest.raises(ModelDefinitionError, match="definition name"):
        replace(LINEAR, definitions=(*LINEAR.definitions, Definition(name, VOLTAGE, "V", "a")))


def test_missing_initial_parameter():
    with pytest.raises(ModelDefinitionError, match="state x needs a per-instance parameter 'x_init'"):
        with_state()


def test_initial_parameter_must_be_per_instance():
    with pytest.raises(ModelDefinitionError, match="state x needs a per-instance parameter 'x_init'"):
        with_state(start(per_instance=False))


def test_unknown_conductance():
    with pytest.raises(ModelDefinitionError, match="no definition 'h'"):
        replace(LINEAR, conductance="h")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"current": LINEAR.current * STRANGER}, "current"),
        ({"noise_psd": LINEAR.noise_psd * STRANGER}, "noise"),
        ({"definitions": (Definition("g", STRANGER, "S", "a"),)}, "g"),
    ],
)
def test_unknown_symbols_are_named_with_their_place(change, place):
    with pytest.raises(ModelDefinitionError, match=f"model linear, {place}: unknown symbols stranger"):
        replace(LINEAR, **change)


def test_unknown_symbol_in_a_rate():
    with pytest.raises(ModelDefinitionError, match="model linear, dx/dt: unknown symbols stranger"):
        with_state(start(), rate=STRANGER / TAU.symbol)


def test_a_definition_cannot_use_a_later_one():
    late = Definition("late", LINEAR.params[0].symbol, "S", "a")
    early = Definition("early", late.symbol, "S", "a")
    with pytest.raises(ModelDefinitionError, match="early: unknown symbols late"):
        replace(LINEAR, definitions=(*LINEAR.definitions, early, late))


def test_a_symbol_of_other_assumptions_is_another_symbol():
    with pytest.raises(ModelDefinitionError, match="unknown symbols vbr"):
        replace(LINEAR, current=LINEAR.definitions[0].symbol * sympy.Symbol("vbr"))


STATED = {p.name: 1.7 for p in LI.params if p.default is None}


def test_values_fills_in_defaults_of_what_varies_per_device():
    values = LI.values(STATED | {"x_init": 0.2})
    assert values == {p.name: p.default for p in LI.params} | STATED | {"x_init": 0.2}
    assert values["s_init"] == 0.0


@pytest.mark.parametrize("name", ["order_p", "order_d", "order_c"])
def test_powers_of_states_below_one_are_refused(name):
    """Their slope at a state of 0, where every device begins, is infinite."""
    assert LI.values(STATED | {name: 1.0})[name] == 1.0
    with pytest.raises(InputError, match=rf"{name} = 0.5 is outside its range \[1, inf\)"):
        LI.values(STATED | {name: 0.5})


def test_values_that_no_one_stated_are_missing():
    with pytest.raises(InputError, match="missing v_t, tau_m: state each value with its provenance") as caught:
        LI.values({k: v for k, v in STATED.items() if k not in ("tau_m", "v_t")})
    assert "g0" not in str(caught.value)


def test_values_of_an_unknown_name_lists_every_known_one():
    with pytest.raises(InputError, match="model li_intercalation has no parameter 'tau_n'") as caught:
        LI.values({"tau_n": 1.0})
    known = str(caught.value).partition("known are ")[2].split(", ")
    assert known == sorted(p.name for p in LI.params)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_values_out_of_range(value):
    with pytest.raises(InputError, match=r"parameter tau_m = .* s is outside its range \(0, inf\)"):
        LI.values(STATED | {"tau_m": value})


def test_expanded_leaves_no_definition():
    left = LI.expanded(LI.current).free_symbols
    assert not left & {d.symbol for d in LI.definitions}
    assert {VOLTAGE, *(state_symbol(n) for n in "sxr")} <= left
