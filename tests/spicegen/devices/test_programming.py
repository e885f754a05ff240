"""Programming errors, and the devices that have them: laws, seeds, states."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models_va import DeviceCard, ProgrammingError, Quantity, card_names, load_card
from models_va.errors import CardError, InputError
from spicegen.devices.memory_state import memory_state, reach
from spicegen.devices.programming import conductances, nearest_levels, program, program_devices, stream
from spicegen.printers.numpy_model import initial_conductances

CARD = load_card("au-lixcoo2-pt")
TARGET = np.linspace(*CARD.window(), 10_000).reshape(100, 100)


def error(slope, offset):
    q = lambda v: Quantity(value=v, provenance="assumed")
    return ProgrammingError(slope=q(slope), offset=q(offset), unit_siemens=q(1e-6))


@pytest.mark.parametrize("g_microsiemens", [10.0, 25.0, 40.0])
def test_statistics_are_the_cards(g_microsiemens):
    n = 200_000
    drawn = program(np.full(n, g_microsiemens * 1e-6), CARD.programming_error, stream(0, 0, 0))
    sigma = (0.0161 * g_microsiemens + 0.08264) * 1e-6  # the paper's line, by hand
    assert drawn.mean() == pytest.approx(g_microsiemens * 1e-6, abs=4 * sigma / np.sqrt(n))
    assert drawn.std() == pytest.approx(sigma, rel=4 / np.sqrt(2 * n))
    assert np.mean(np.abs(drawn - g_microsiemens * 1e-6) < sigma) == pytest.approx(0.6827, abs=0.005)  # normal


def test_no_conductance_is_negative():
    drawn = program(np.full(10_000, 1e-6), error(1.0, 1.0), stream(0, 0, 0))
    assert drawn.min() == 0
    assert np.mean(drawn == 0) == pytest.approx(0.3085, abs=0.02)  # P(N(1, 2) < 0)


def test_no_error_is_exact():
    g = np.array([1e-6, 2e-6])
    assert np.array_equal(program(g, None, stream(0, 0, 0)), g)
    assert np.array_equal(program(g, error(0, 0), stream(0, 0, 0)), g)


def test_error_scales_with_sigma():
    g = np.full(100, 2e-5)
    big, small = (program(g, error(s, 0), stream(3, 1, 2)) - g for s in (1e-2, 1e-5))
    assert small == pytest.approx(big / 1000, rel=1e-6)


def test_any_spread_will_do():
    class Tenth:
        def sigma_siemens(self, g):
            return g / 10

    g = np.full(100, 2e-5)
    assert np.array_equal(program(g, Tenth(), stream(1)), program(g, error(0.1, 0), stream(1)))


@given(
    st.lists(st.floats(-1e-5, 1e-4), min_size=1, max_size=20), st.floats(1e-7, 1e-5), st.floats(1e-7, 1e-4),
    st.integers(2, 300),
)  # fmt: skip
def test_levels_are_the_nearest_there_are(g, low, span, levels):
    g, places = np.array(g), np.linspace(low, low + span, levels)
    found = nearest_levels(g, low, low + span, levels)
    assert np.isin(found, places).all()
    assert np.abs(found - g) == pytest.approx(np.abs(places - g[:, None]).min(axis=1), rel=1e-12, abs=1e-18)
    assert np.array_equal(nearest_levels(found, low, low + span, levels), found)


@pytest.mark.parametrize(("low", "high", "levels"), [(1e-6, 1e-5, 1), (1e-5, 1e-5, 4), (1e-5, 1e-6, 4)])
def test_levels_that_are_none_are_refused(low, high, levels):
    with pytest.raises(InputError, match="give two or more, and ends in rising order"):
        nearest_levels(np.array([2e-5]), low, high, levels)


def test_streams_are_reproducible_and_apart():
    draws = {
        key: tuple(stream(*key).standard_normal(3)) for key in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1)]
    }
    assert len(set(draws.values())) == len(draws)
    assert tuple(stream(0, 1, 1).standard_normal(3)) == draws[0, 1, 1]
    child = np.random.SeedSequence(0).spawn(2)[1].spawn(2)[1]  # a grandchild, whoever spawns it
    assert tuple(np.random.default_rng(child).standard_normal(3)) == draws[0, 1, 1]


# --- from a conductance to a state and back


def with_section(name="au-lixcoo2-pt", **sections):
    return DeviceCard.model_validate({**load_card(name).model_dump(), **sections})


def quantity(value):
    return {"value": value, "provenance": "assumed"}


SPREAD = with_section(device_to_device={"g0": quantity(0.05)})


def conductance(card, state, **instance):
    memory = next(s for s in card.device_model.states if s.name == card.device_model.memory)
    return initial_conductances(card, {memory.initial: state, **instance})


@pytest.mark.parametrize("name", card_names())
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_state_to_conductance_and_back(name, states):
    card = load_card(name)
    memory = next(s for s in card.device_model.states if s.name == card.device_model.memory)
    states = memory.lower + np.array(states) * (memory.upper - memory.lower)
    g = conductance(card, states)
    rounding = 1e-15 * reach(card)[1]
    assert conductance(card, memory_state(card, g)) == pytest.approx(g, rel=1e-13, abs=rounding)


@given(st.floats(0, 1), st.floats(-0.3, 0.3))
def test_the_state_is_solved_for_each_devices_own_parameters(position, log_factor):
    g0 = np.array([CARD.values["g0"] * np.exp(log_factor)])
    low, high = reach(CARD, {"g0": g0})
    g = np.clip(low * (high / low) ** position, low, high)
    assert conductance(CARD, memory_state(CARD, g, {"g0": g0}), g0=g0) == pytest.approx(g, rel=1e-13)


@pytest.mark.parametrize("name", ["magic-vteam", "rram-stanford-pku", "wse2-liclo4", "ag-chalcogenide-yakopcic"])
def test_maps_that_fall_and_exponential_ones_are_inverted_too(name):
    card = load_card(name)
    low, high = reach(card)
    g = np.concatenate([np.linspace(low, high, 100), low + (high - low) * np.geomspace(1e-9, 1, 100)])
    g = np.append(g, np.maximum(low, 1e-3 * high) * np.geomspace(1, 999, 100)).clip(low, high)
    assert conductance(card, memory_state(card, g)) == pytest.approx(g, rel=1e-13, abs=1e-15 * high)


def test_devices_are_the_same_however_many_there_are():
    """More than are worked on at a time, each with its own parameters."""
    rng = np.random.default_rng(0)
    g, g0 = rng.uniform(2e-5, 4e-5, (150, 200)), CARD.values["g0"] * rng.uniform(0.9, 1.1, (150, 200))
    x = memory_state(CARD, g, {"g0": g0})
    assert conductance(CARD, x, g0=g0) == pytest.approx(g, rel=2e-15)
    few = memory_state(CARD, g[-2:, ::7], {"g0": g0[-2:, ::7]})
    assert few == pytest.approx(x[-2:, ::7], rel=1e-13)


def test_the_ends_of_the_reach_are_the_bounds_of_the_state():
    low, high = reach(CARD)
    assert low == CARD.values["g0"]
    assert memory_state(CARD, np.array([[low, high]])) == pytest.approx(np.array([[0, 1]]), abs=1e-15)
    assert memory_state(CARD, np.array([low * (1 - 1e-7)])) == 0  # rounding


@pytest.mark.parametrize("wrong", [7e-6, 1e-2, np.nan, -1e-5, 0.0])
def test_out_of_reach_names_value_and_range(wrong):
    with pytest.raises(
        InputError, match=r"card au-lixcoo2-pt: a conductance of .* S is out of .* reach, 8e-06 to"
    ) as e:
        memory_state(CARD, np.array([2e-5, wrong]))
    assert f"{wrong:g} S" in str(e.value)
    with pytest.raises(InputError, match="out of the device's reach"):
        program_devices(CARD, np.array([[2e-5, wrong]]), 0)


def test_what_is_missing_is_named():
    target = np.full((2, 2), 2e-5)
    linear = DeviceCard(name="a", title="t", model="linear", source="s", parameters={"g0": quantity(1e-5)})
    with pytest.raises(CardError, match="card a: nothing to program: model linear names no memory state"):
        program_devices(linear, target, 0)
    with pytest.raises(CardError, match="has no device_to_device: add"):
        program_devices(CARD, target, 0, device_to_device=True)
    with pytest.raises(CardError, match="has no programming_error: add"):
        program_devices(with_section(programming_error=None), target, 0)


@pytest.mark.parametrize("name", card_names())
def test_devices_of_every_card_can_be_programmed(name):
    card = load_card(name)
    target = np.linspace(*card.window(), 12).reshape(3, 4)
    found = program_devices(card, target, 0, programming_error=False)
    assert conductances(found.devices) == pytest.approx(target, rel=1e-5)


# --- arrays drawn from a seed


def drawn(seed, card=SPREAD, target=TARGET, **switches):
    return program_devices(card, target, seed, **{"device_to_device": True, **switches})


def test_one_seed_one_array():
    for seed in (5, np.random.SeedSequence(5)):
        again = drawn(seed)  # a SeedSequence is not used up
        for name, values in drawn(5).devices.instance.items():
            assert np.array_equal(values, again.devices.instance[name])
    for name, values in drawn(6).devices.instance.items():
        assert (np.abs(values / again.devices.instance[name] - 1) > 1e-9).all()


def test_each_quantity_has_its_own_random_numbers():
    """Programming errors are the same whether or not the devices differ, and the other way round."""
    both, error_only = drawn(5), drawn(5, device_to_device=False)
    spread_only = drawn(5, programming_error=False)
    assert np.array_equal(both.g_siemens, error_only.g_siemens)
    assert np.array_equal(both.devices.instance["g0"], spread_only.devices.instance["g0"])
    assert np.array_equal(spread_only.g_siemens, TARGET)
    assert spread_only.error_over_sigma == 0
    off = (both.g_siemens - TARGET).ravel()
    correlation = np.corrcoef(off, both.devices.instance["g0"].ravel())[0, 1]
    assert abs(correlation) < 5 / np.sqrt(off.size)


def test_devices_have_the_conductances_they_were_programmed_to():
    found = drawn(7)
    assert initial_conductances(SPREAD, found.devices.instance) == pytest.approx(found.g_siemens, rel=1e-13)
    assert found.limited == 0


@pytest.mark.parametrize("seed", range(3))
def test_statistics_are_the_cards_to_chi_square(seed):
    found, n = drawn(seed), TARGET.size
    low, high = np.sqrt(stats.chi2.ppf([1e-6, 1 - 1e-6], n) / n)
    assert low < found.error_over_sigma < high
    variance = np.log1p(0.05**2)
    z = (np.log(found.devices.instance["g0"] / SPREAD.values["g0"]) + variance / 2) / np.sqrt(variance)
    assert low < np.sqrt(np.mean(z**2)) < high
    assert abs(z.mean()) < 5 / np.sqrt(n)
    # of a sample's standard deviation over its mean, its distribution nearly normal at 5 %
    assert found.realised_spread == {"g0": pytest.approx(0.05, rel=6 / np.sqrt(2 * n))}


def test_no_spread_at_all():
    card = with_section(device_to_device={"g0": quantity(0.0)})
    found = drawn(0, card)
    assert (found.devices.instance["g0"] == card.values["g0"]).all()
    assert found.realised_spread == {"g0": 0.0}


def test_devices_that_cannot_follow_stand_at_the_end_of_their_reach():
    """A target at the very end: half of the errors lead beyond it."""
    target = np.full((50, 80), CARD.values["g0"])
    found = drawn(1, CARD, target, device_to_device=False)
    assert abs(found.limited - 2000) < 5 * np.sqrt(4000 / 4)
    assert found.g_siemens.min() == CARD.values["g0"]
    assert (found.devices.instance["x_init"] == 0).sum() == found.limited
