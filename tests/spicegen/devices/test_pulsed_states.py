"""Devices that write pulses left: the engine's own runs of train and rest, order, exactness, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from models_va import DeviceCard, Quantity, card_names, load_card
from models_va.errors import CardError, InputError
from netlists import PulseProgram
from spicegen.devices import pulsed_states as trains
from spicegen.devices.drift import relaxed
from spicegen.devices.memory_state import reach
from spicegen.devices.pulsed_states import pulsed_states
from spicegen.devices.read_curve import read_curve
from spicegen.devices.source_meter import run_program
from spicegen.devices.write_pulses import card_pulses
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate import simulator
from spicegen.simulate.native import single_device

CARDS = [name for name in card_names() if load_card(name).write_pulse is not None]
ONE_STATE = [name for name in CARDS if len(load_card(name).device_model.states) == 1]
CARD = load_card("au-lixcoo2-pt")
INITIAL = [state.initial for state in CARD.device_model.states]
ROOM_K = 300.15


def conductances(card, states):
    return numpy_model(card.device_model).conductance(states, dict(card.values), ROOM_K)


def spread_parameters(card):
    """Instance parameters that the conductance alone depends on."""
    model = card.device_model
    known = {s.name for state in model.states for s in model.expanded(state.rate).free_symbols}
    initial = {state.initial for state in model.states}
    return [p.name for p in model.params if p.per_instance and p.name not in known | initial]


def in_the_engine(card, pulses_before, time_s, temperature_k):
    """Conductances that a source meter reads in the middle of a train's last read and after a rest from there, S."""
    pulses = card_pulses(card)
    program = PulseProgram(pulses.edge_s, 0.1, pulses.settle_s, pulses.read_width_s)
    program.train((pulses.up_volt,) * (pulses_before - 1), pulses.width_s, pulses.width_s + pulses.gap_s)
    program.spike(pulses.up_volt, pulses.width_s)
    program.hold(program.read_delay_s)
    program.ramp(program.v_read_volt, program.edge_s)
    program.hold(program.read_width_s / 2)
    program.sample()
    program.ramp(0.0, 1e-4 * program.edge_s)  # so short that the rest begins at the sample
    program.end_stage(pulses.width_s / 20)
    program.v_read_volt = 1e-4  # so low that the I-V curve is straight
    program.relax([time_s + program.read_width_s / 2 + program.edge_s], temperature_k)
    begin, end = run_program(card, program, simulator("native")).conductance_siemens[-2:]
    return begin / read_curve(card, 0.1).gain, end


@pytest.mark.parametrize("name", CARDS)
def test_a_train_rises_from_the_pristine_device(name):
    card = load_card(name)
    train, (_, top) = pulsed_states(card), card.window()
    g = conductances(card, train.states)
    assert train.numbers[0] == 0
    assert np.array_equal(train.states[0], [card.values[s.initial] for s in card.device_model.states])
    assert (np.diff(g) > 0).all()
    assert (np.diff(train.numbers) >= 1).all()
    assert train.reach() == pytest.approx((g[0], g[-1]), rel=1e-12)
    assert g[-1] > 0.95 * top


@pytest.mark.parametrize("name", CARDS)
def test_more_pulses_are_a_higher_conductance(name):
    """Between whole pulses, too, where several states are interpolated."""
    card = load_card(name)
    train = pulsed_states(card)
    numbers = np.linspace(0, train.numbers[-1], 5001)
    low, high = train.reach()
    found = train.numbers_of(np.linspace(low, high, 5001))
    assert (np.diff(found) > 0).all()
    g = conductances(card, train.interpolated(train.states)(numbers))
    assert (np.diff(g) >= -1e-15 * g[1:]).all()
    again = conductances(card, train.interpolated(train.states)(train.numbers_of(g)))
    assert again == pytest.approx(g, rel=1e-12)


@pytest.mark.parametrize("temperature_k", [ROOM_K, 340.0])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.9])
@pytest.mark.parametrize("widths", [1.0, 100.0, 1e5])
def test_whole_pulses_and_a_rest_are_those_of_the_engine(share, widths, temperature_k, monkeypatch):
    monkeypatch.setattr(single_device, "_REL_TOL", 1e-9)
    train, time_s = pulsed_states(CARD), widths * card_pulses(CARD).width_s
    place = max(1, round(share * len(train.numbers)))
    begin, end = in_the_engine(CARD, int(train.numbers[place]), time_s, temperature_k)
    g = conductances(CARD, train.states[place][None])
    assert g == pytest.approx(begin, rel=2e-7)
    assert relaxed(CARD, g, time_s, temperature_k, after="pulses") == pytest.approx(end, rel=2e-7)


@pytest.mark.parametrize("name", CARDS)
def test_no_time_is_exact_and_little_time_does_little(name):
    card = load_card(name)
    low, high = pulsed_states(card).reach()
    g = np.array([[low / 2, low, high], [0.7 * low + 0.3 * high, 0.1 * low + 0.9 * high, 2 * high]])
    clipped = np.clip(g, low, high)
    assert np.array_equal(relaxed(card, g, 0.0, after="pulses"), clipped)
    assert np.array_equal(relaxed(card, g, 1.0, after="pulses"), relaxed(card, clipped, 1.0, after="pulses"))
    short = 1e-9 * card_pulses(card).width_s
    assert relaxed(card, g, short, after="pulses") == pytest.approx(clipped, rel=1e-7)


@pytest.mark.parametrize("name", ONE_STATE)
def test_one_state_is_the_same_however_it_was_written(name):
    card = load_card(name)
    (low, high), (lowest, highest) = pulsed_states(card).reach(), reach(card)
    g = np.linspace(max(low, lowest), min(high, highest), 200)
    for time_s in (1.0, 1e6):
        assert relaxed(card, g, time_s, after="pulses") == pytest.approx(relaxed(card, g, time_s), rel=1e-9)


def test_the_volatile_part_is_lost_and_the_order_kept():
    g = np.linspace(*CARD.window(), 3000)
    rests = np.array([1.0, 10.0, 1e3, 1e5]) * card_pulses(CARD).width_s
    found = [relaxed(CARD, g, t, after="pulses") for t in rests]
    for early, late in zip([g, *found], found, strict=False):
        assert (late < early).all()
        assert (np.diff(late) > 0).all()
    assert (found[-1] < 0.95 * relaxed(CARD, g, rests[-1]))[len(g) // 2 :].all()


def test_a_spread_that_the_rates_do_not_know():
    rng = np.random.default_rng(0)
    (name, *_), (low, top) = spread_parameters(CARD), CARD.window()
    g = rng.uniform(1.3 * low, top, (2, 2))
    own = CARD.values[name] * rng.uniform(0.95, 1.05, g.shape)
    found = relaxed(CARD, g, 3.0, 310.0, {name: own}, "pulses")
    for where in np.ndindex(g.shape):
        alone = relaxed(CARD.with_values({name: own[where]}), g[where], 3.0, 310.0, after="pulses")
        assert found[where] == pytest.approx(alone, rel=1e-8)
    ends = pulsed_states(CARD).reach({name: own})
    assert relaxed(CARD, np.full(g.shape, 0.0), 0.0, instance={name: own}, after="pulses") == pytest.approx(ends[0])
    assert relaxed(CARD, np.full(g.shape, 1.0), 0.0, instance={name: own}, after="pulses") == pytest.approx(ends[1])


def test_devices_whose_states_differ_are_refused():
    with pytest.raises(InputError, match=f"card {CARD.name}: devices differ in {INITIAL[0]}, .* leave out that spread"):
        relaxed(CARD, np.full(2, 2e-5), 1.0, instance={INITIAL[0]: np.array([0.0, 0.1])}, after="pulses")


def test_a_memory_is_not_needed():
    bare = load_card(CARD.name)
    bare.__dict__["device_model"] = replace(CARD.device_model, memory=None)
    g = np.linspace(*CARD.window(), 10)
    assert np.array_equal(relaxed(bare, g, 1.0, after="pulses"), relaxed(CARD, g, 1.0, after="pulses"))
    with pytest.raises(CardError, match="nothing to program"):
        relaxed(bare, g, 1.0)


def test_what_no_pulse_raises_is_refused():
    wrong = CARD.write_pulse.amplitude_d_volt
    turned = CARD.model_copy(update={"write_pulse": CARD.write_pulse.model_copy(update={"amplitude_p_volt": wrong})})
    g0 = Quantity(value=1e-5, provenance="assumed")
    fixed = DeviceCard(name="a", title="t", model="linear", source="s", parameters={"g0": g0},
                       write_pulse=CARD.write_pulse, conductance_window=CARD.conductance_window)  # fmt: skip
    for card in (turned, fixed):
        with pytest.raises(InputError, match=f"card {card.name}: its write pulses of .* do not raise the conductance"):
            relaxed(card, np.array([1e-5]), 1.0, after="pulses")


def test_what_a_card_lacks_is_said():
    for lacking, words in (("write_pulse", "has no write_pulse: add"), ("conductance_window", "has no conductance_w")):
        with pytest.raises(CardError, match=words):
            relaxed(CARD.model_copy(update={lacking: None}), np.array([1e-5]), 1.0, after="pulses")
    with pytest.raises(InputError, match="after 'soon': give one of verified, pulses"):
        relaxed(CARD, np.array([1e-5]), 1.0, after="soon")


def test_a_train_of_few_pulses_ends(monkeypatch):
    """Conductances beyond it are at its end."""
    trains._train.cache_clear()
    monkeypatch.setattr(trains, "_MOST_PULSES", 3)
    train = pulsed_states(CARD)
    assert train.numbers.tolist() == [0, 1, 2, 3]
    assert relaxed(CARD, np.array([1.0]), 0.0, after="pulses") == train.reach()[1]
    trains._train.cache_clear()
