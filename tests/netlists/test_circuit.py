import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_va import DeviceCard, Quantity, load_card
from models_va.errors import InputError
from netlists import Capacitor, Cell, Circuit, Job, ReadVectors, Resistor, Source, Transient, Waveform

CARD = load_card("au-lixcoo2-pt")
ZERO = Waveform.constant(0.0)
DRIVE = Source("v1", "a", ZERO)
INJECTIONS = ["", "A", "1a", "a b", "a\n", "a\n.control\nshell id", "a\r\n.include /etc/passwd", "a;shell id", "$x",
              "a'b", 'a"b', "a)", "a#", "../a", "µ", "a\0"]  # fmt: skip


def linear(name, siemens):
    g0 = Quantity(value=siemens, provenance="assumed")
    return DeviceCard(name=name, title="t", model="linear", source="s", parameters={"g0": g0})


def circuit(*elements):
    def of(kind):
        return tuple(e for e in elements if isinstance(e, kind))

    return Circuit(of(Resistor), of(Source), of(Cell), of(Capacitor))


def test_nodes_in_order_of_first_use():
    found = circuit(DRIVE, Resistor("r1", "a", "b", 1.0), Cell("d1", "b", "0", CARD, {"g0": 1e-6}))
    assert found.nodes == ("a", "b")
    assert found.floating == ()
    assert found.cards == (CARD,)


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize(
    "element",
    [
        lambda t: Resistor(t, "a", "0", 1.0),
        lambda t: Resistor("r1", t, "a", 1.0),
        lambda t: Resistor("r1", "a", t, 1.0),
        lambda t: Source(t, "b", ZERO),
        lambda t: Source("v2", t, ZERO),
        lambda t: Capacitor(t, "b", 1e-15),
        lambda t: Capacitor("c1", t, 1e-15),
        lambda t: Cell(t, "a", "0", CARD),
        lambda t: Cell("d1", t, "0", CARD),
        lambda t: Cell("d1", "a", t, CARD),
    ],
)
def test_no_text_from_outside_reaches_a_netlist(element, text):
    with pytest.raises(InputError, match="use lower-case letters, digits and _") as caught:
        circuit(DRIVE, element(text))
    assert repr(text) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("elements", "told"),
    [
        ({"resistors": (Resistor("c1", "a", "0", 1.0),)}, "'c1': names of Resistors start with 'r'"),
        ({"sources": (Source("i1", "a", Waveform.constant(0.0)),)}, "'i1': names of Sources start with 'v'"),
        ({"resistors": (Resistor("r1", "a", "gnd", 1.0),)}, "ground is '0'"),
    ],
)
def test_names_that_spice_reads_as_something_else(elements, told):
    with pytest.raises(InputError, match=told):
        Circuit(**elements)


def test_read_vectors_fit_the_sources():
    circuit = Circuit(sources=(Source("v1", "a", Waveform.constant(0.0)),))
    with pytest.raises(InputError, match="2 voltages for a circuit of 1 sources"):
        Job(circuit, ReadVectors(np.zeros((3, 2))))


def test_ground_cannot_be_driven():
    with pytest.raises(InputError, match="name '0'"):
        circuit(Source("v1", "0", ZERO), Resistor("r1", "a", "0", 1.0))


@pytest.mark.parametrize("title", ["", "a\n.control", "a\nb", "a;b", "x\n", "$(id)", '"'])
def test_titles_are_plain(title):
    with pytest.raises(InputError, match="job: title"):
        Job(circuit(DRIVE), Transient(1.0, 0.1), title)


def test_floating_nodes_are_named():
    island = [Resistor("r1", "x", "y", 1.0), Resistor("r2", "y", "z", 1.0)]
    with pytest.raises(InputError, match="source: x, y, z: connect them"):
        circuit(DRIVE, Resistor("r0", "a", "0", 1.0), *island)


@given(st.integers(1, 12), st.data())
def test_a_broken_chain_floats_from_the_break_on(length, data):
    cut = data.draw(st.integers(0, length - 1))
    chain = [Resistor(f"r{k}", f"n{k}", f"n{k + 1}", 1.0) for k in range(length)]
    source = Source("v1", "n0", ZERO)
    assert circuit(source, *chain).nodes == tuple(f"n{k}" for k in range(length + 1))
    kept = [r for k, r in enumerate(chain) if k != cut]
    if cut == length - 1:
        assert circuit(source, *kept).floating == ()
    else:
        shown = ", ".join(f"n{k}" for k in range(cut + 1, length + 1)[:5])
        with pytest.raises(InputError, match=rf"source: {shown}: "):
            circuit(source, *kept)


@pytest.mark.parametrize("second", [Resistor("x", "a", "0", 1.0), Source("x", "b", ZERO), Cell("x", "a", "0", CARD)])
def test_double_names(second):
    with pytest.raises(InputError, match="element 'x' is there twice"):
        circuit(DRIVE, Resistor("x", "a", "0", 2.0), second)


def test_two_sources_on_one_node():
    with pytest.raises(InputError, match="driven node 'a' is there twice"):
        circuit(DRIVE, Source("v2", "a", ZERO))


@pytest.mark.parametrize("ohm", [0.0, -1.0, math.inf, math.nan])
def test_resistances_are_positive_and_finite(ohm):
    with pytest.raises(InputError, match=r"circuit: r1 = .* ohm: must be positive and finite"):
        circuit(DRIVE, Resistor("r1", "a", "0", ohm))


@pytest.mark.parametrize("name", ["tau_m", "nope", "g0\n.control"])
def test_only_instance_parameters_can_be_overridden(name):
    with pytest.raises(InputError, match=r"is not an instance parameter: these are g0, act_init, s_init") as caught:
        circuit(DRIVE, Cell("d1", "a", "0", CARD, {name: 1.0}))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("g0", 0.0), ("g0", math.nan), ("x_init", 1.5), ("x_init", -0.1)])
def test_overrides_are_within_range(name, value):
    with pytest.raises(InputError, match=f"parameter {name} = .* is outside its range"):
        circuit(DRIVE, Cell("d1", "a", "0", CARD, {name: value}))


def test_different_cards_in_order():
    low, high = linear("low", 1e-6), linear("high", 1e-3)
    cells = [Cell("d1", "a", "0", low), Cell("d2", "a", "0", high), Cell("d3", "a", "0", low)]
    assert circuit(DRIVE, *cells).cards == (low, high)


@pytest.mark.parametrize("names", [("dev-a", "dev.a"), ("dev", "dev")])
def test_different_cards_of_one_identifier_do_not_replace_each_other(names):
    cards = linear(names[0], 1e-6), linear(names[1], 1e-3)
    cells = [Cell(f"d{k}", "a", "0", card) for k, card in enumerate(cards)]
    try:
        found = circuit(DRIVE, *cells).cards
    except InputError:
        return
    assert found == cards


@pytest.mark.parametrize("farad", [0.0, -1e-15, math.nan, math.inf])
def test_a_capacitance_is_positive(farad):
    with pytest.raises(InputError, match=r"c1 = .* F: must be positive and finite"):
        circuit(DRIVE, Resistor("r1", "a", "b", 1.0), Capacitor("c1", "b", farad))


@pytest.mark.parametrize("node", ["a", "0"])
def test_a_capacitor_where_the_voltage_is_given(node):
    with pytest.raises(InputError, match=f"c1 on node '{node}', whose voltage is given"):
        circuit(DRIVE, Resistor("r1", "a", "0", 1.0), Capacitor("c1", node, 1e-15))


def test_a_node_with_nothing_but_a_capacitor_floats():
    with pytest.raises(InputError, match="without a path to ground or a source: lost"):
        circuit(DRIVE, Capacitor("c1", "lost", 1e-15))
