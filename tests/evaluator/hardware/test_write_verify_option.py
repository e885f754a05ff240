"""Programming of sampled tiles by the array's own pulses, and what it tells of all devices."""

from dataclasses import replace

import numpy as np
import pytest

from evaluator import evaluate
from evaluator.hardware import random_keys as streams
from evaluator.hardware import write_verify
from evaluator.hardware.write_verify import Misfits, WriteVerifySampler
from evaluator.mapping.plan import LayerPlan
from evaluator.mapping.tiles import tiles_of
from evaluator.mapping.weights import map_weights
from evaluator.network.layer import MappedLayer
from evaluator.settings import MappingConfig
from models_va import DeviceCard, load_card
from models_va.errors import CardError, InputError
from netlists import ArrayConfig
from spicegen.arrays.write_verify import write_verify as directly
from spicegen.devices.programming import program_devices, stream
from spicegen.simulate import Native
from tests.evaluator.setups import config, hardware, setup_of

CARD = load_card("au-lixcoo2-pt")
SMALL = ArrayConfig(rows=2, columns=2)
TILES = [np.array([[1.5e-5, 1e-5], [1e-5, 1.2e-5]]), np.array([[1e-5, 1.3e-5]])]


def track(items, label, total=None):
    yield from items


def quiet(text):
    pass


def never(*_):
    raise AssertionError("programmed again")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "write-verify"


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def found(folder, said):
    """Two layers, the second of which has a tile of the first again."""
    return WriteVerifySampler(CARD, SMALL, cache=folder).misfits([TILES, TILES[1:]], said.append, track)


# sampled tiles


def test_the_sample_is_what_write_verify_leaves(found):
    targets, misfits = [], []
    for target in TILES:
        erased = np.full(target.shape, 1e-5)
        fresh = program_devices(CARD, erased, 0, programming_error=False).devices
        sigma = CARD.programming_error.sigma_siemens(target)
        done = directly(SMALL.crossbar(erased), fresh, target, sigma, WriteVerifySampler(CARD, SMALL).plan, Native())
        targets.extend(target.ravel())
        misfits.extend((done.g_siemens - target).ravel())
    order = np.argsort(targets, kind="stable")
    assert np.array_equal(found[0].target_siemens, np.array(targets)[order])
    assert np.array_equal(found[0].misfit_siemens, np.array(misfits)[order])
    assert found[0].unverified == 0
    assert np.all(
        np.abs(found[0].misfit_siemens) < 1.2 * CARD.programming_error.sigma_siemens(np.array(targets)[order])
    )
    assert len(found[1].target_siemens) == 2


def test_the_cost_is_said_first(found, said):
    assert said == [
        "write-verify: 2 sampled tiles are programmed pulse by pulse: about 1 min (0 more are kept from before)"
    ]


def test_what_is_kept_is_not_programmed_again(found, folder, monkeypatch):
    monkeypatch.setattr(write_verify, "write_verify", never)
    texts = []
    again = WriteVerifySampler(CARD, SMALL, seed=5, cache=folder).misfits([TILES[1:], TILES], texts.append, track)
    assert np.array_equal(again[1].misfit_siemens, found[0].misfit_siemens)
    assert texts == []


@pytest.mark.parametrize(
    "other",
    [
        {"array": ArrayConfig(rows=2, columns=2, r_row_ohm=2.0)},
        {"array": ArrayConfig(rows=2, columns=2, v_read_volt=0.2)},
        {"card": CARD.with_values({"k_d": 0.014})},
        {"device_to_device": True},
    ],
)
def test_all_that_matters_is_in_the_key(found, folder, monkeypatch, other):
    monkeypatch.setattr(write_verify, "write_verify", never)
    card = DeviceCard.model_validate(
        CARD.model_dump() | {"device_to_device": {"g0": {"value": 0.05, "provenance": "assumed"}}}
    )
    asked = {"card": card if "device_to_device" in other else CARD, "array": SMALL, "cache": folder} | other
    with pytest.raises(AssertionError, match="programmed again"):
        WriteVerifySampler(**asked).misfits([TILES], quiet, track)


# devices of a layer


def sample(targets, misfits):
    return Misfits(np.array(targets), np.array(misfits), 0.0)


def test_devices_miss_what_sampled_ones_near_them_missed():
    targets = np.linspace(1e-5, 4e-5, 400)
    known = sample(targets, 0.01 * targets)
    g = np.random.default_rng(0).uniform(1e-5, 4e-5, (30, 5, 2))
    off = known.apply(g, stream(1)) - g
    step = targets[1] - targets[0]
    assert np.abs(off - 0.01 * g).max() <= 0.01 * 16 * step  # at the ends; 8 elsewhere
    assert len(np.unique(off)) > 150


def test_equal_targets_are_drawn_from_all_that_are_equal():
    known = sample([1e-5] * 100 + [2e-5] * 100, [*range(1, 101), *range(-100, 0)])
    low, high = (known.apply(np.full(5000, g), stream(2)) - g for g in (1e-5, 2e-5))
    assert set(np.rint(low)) == set(range(1, 101))
    assert (known.apply(np.full(100, 2e-5), stream(2)) == 0).all()  # no conductance is negative
    assert high.max() <= 0
    assert low.mean() == pytest.approx(50.5, abs=2)


@pytest.mark.parametrize("count", [1, 3, 15, 16, 17])
def test_small_samples(count):
    known = sample(np.linspace(1e-5, 2e-5, count), np.arange(1.0, count + 1))
    drawn = known.apply(np.repeat([0.0, 1e-5, 1.5e-5, 2e-5, 1.0], 1000), stream(0)).reshape(5, -1)
    assert [len(np.unique(row)) for row in drawn] == [min(count, 16)] * 5


def test_one_seed_one_programming(found):
    g = np.random.default_rng(0).uniform(1e-5, 4e-5, (3, 4))
    one, again, other = (found[0].apply(g, stream(seed, 1)) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


# the tiles of a layer


def plan(number=0, outputs=6, inputs=5):
    weights = np.random.default_rng(number).normal(size=(1, outputs, inputs))
    target = map_weights(weights, MappingConfig(), CARD.window())
    layer = MappedLayer(
        "l", "Gemm", 0, 1, 0, weights, np.dtype("float32"), block=1, to_node=lambda w: w, product=None,
        to_vectors=lambda a, most: a, vectors_in=lambda shape: 1, from_vectors=lambda v, s: v,
    )  # fmt: skip
    return LayerPlan(number, layer, target, rows=(), outputs=())


def test_sampled_tiles_are_tiles_of_the_layer():
    layer, programmer = plan(), WriteVerifySampler(CARD, SMALL, tiles_a_layer=4)
    tiles = [t.conductances(layer.target) for t in tiles_of((1, 6, 5), SMALL, layer.target.layout)]
    chosen = programmer.sampled_tiles(layer)
    assert len(chosen) == 4
    places = [next(k for k, t in enumerate(tiles) if np.array_equal(t, c)) for c in chosen]
    assert len(set(places)) == 4
    other = replace(programmer, seed=1).sampled_tiles(layer)
    assert not all(np.array_equal(a, b) for a, b in zip(chosen, other, strict=True))
    assert len(replace(programmer, tiles_a_layer=100).sampled_tiles(layer)) == len(tiles)


# what is refused


def test_large_arrays_are_refused():
    why = r"disturbed faster than .* \(see spicegen study programming\)"
    with pytest.raises(InputError, match=rf"array: 128 x 128: .* {why}: give array.rows=8 and .*, or errors.prog"):
        WriteVerifySampler(CARD, ArrayConfig(rows=128, columns=128))


def test_the_tolerance_and_the_pulses_are_the_cards():
    quantity = {"value": 1.0, "provenance": "assumed"}
    with pytest.raises(CardError, match=r"card a: has no programming_error: .* it is the tolerance of write-verify"):
        WriteVerifySampler(
            DeviceCard.model_validate(CARD.model_dump() | {"name": "a", "programming_error": None}), SMALL
        )
    pulse = {"amplitude_p_volt": quantity, "amplitude_d_volt": {**quantity, "value": -1.0}}
    own = {"write_pulse": {**pulse, "width_s": {**quantity, "value": 1e-8}}, "programming_pulse": None}
    plan = WriteVerifySampler(DeviceCard.model_validate(CARD.model_dump() | own), SMALL).plan
    assert plan.v_down_volt == -1.0
    assert plan.edge_s < plan.width_down_s / 100


# a setup


SETTINGS = {"array.rows": 2, "array.columns": 2, "errors.programming": "write-verify"}


@pytest.fixture
def programmed(monkeypatch):
    """Tiles are programmed to 1 uS beside the target without being simulated; the targets of each setup."""
    seen = []
    monkeypatch.setattr(
        WriteVerifySampler, "_program", lambda self, s: np.stack([s.target_siemens + 1e-6, s.target_siemens])
    )
    real = WriteVerifySampler.misfits
    monkeypatch.setattr(
        WriteVerifySampler, "misfits", lambda self, layers, *a: seen.append(layers) or real(self, layers, *a)
    )
    return seen


def test_misfits_are_part_of_the_key(digits, programmed):
    setup = setup_of(*digits, SETTINGS, limit=3)
    assert len(setup.inputs.misfits) == len(setup.plans) == 2
    other = [replace(m, misfit_siemens=2 * m.misfit_siemens) for m in setup.inputs.misfits]
    assert replace(setup, inputs=replace(setup.inputs, misfits=tuple(other))).key != setup.key
    assert setup_of(*digits, SETTINGS, limit=3).key == setup.key


@pytest.mark.parametrize(("compensate", "sampled"), [("conductances", 2), ("columns", 1)])
def test_tiles_of_other_targets_are_sampled_again(digits, programmed, compensate, sampled):
    """Trials without compensation are programmed to other targets where conductances are corrected, and only there."""
    wires = {"array.r_row_ohm": 100, "array.r_col_ohm": 100, "compensate": compensate}
    report = evaluate(*digits, "au-lixcoo2-pt", hardware=config(SETTINGS, wires), limit=20, trials=1)
    assert len(report.uncompensated) == 1
    assert len(programmed) == sampled
    plain = setup_of(*digits, SETTINGS, wires, {"compensate": "none"}, limit=20)
    for found, expected in zip(programmed[sampled - 1], programmed[-1], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    assert len(plain.plans) == len(programmed[-1])


def test_write_verify_is_random_whatever_its_tolerance():
    sigma = CARD.programming_error.model_copy(
        update={k: getattr(CARD.programming_error, k).model_copy(update={"value": 0.0}) for k in ("slope", "offset")}
    )
    exact = CARD.model_copy(update={"programming_error": sigma})
    assert not hardware(card=exact).is_random
    assert hardware(SETTINGS, card=exact).is_random


def test_nothing_is_drawn_from_the_stream_of_a_trial(digits, programmed, monkeypatch):
    """Neither the choice of tiles nor what differs between their devices nor seeds of read noise."""
    keys = []

    class Spied(np.random.SeedSequence):
        def __init__(self, entropy=None, *, spawn_key=()):
            if spawn_key:
                keys.append(tuple(spawn_key))
            super().__init__(entropy, spawn_key=spawn_key)

    monkeypatch.setattr(np.random, "SeedSequence", Spied)
    setup = setup_of(*digits, SETTINGS, {"errors.read_noise": 0.1}, limit=3)
    assert {k[0] for k in keys} == {streams.SAMPLED_TILES, streams.SAMPLED_DEVICES}
    assert min(k[0] for k in keys) > streams.MOST_TRIALS
    keys.clear()
    setup.parts(7)
    assert {k[0] for k in keys} == {7, streams.READ_NOISE}
    assert len(set(keys)) == 3  # two layers, and one seed for the noise of both
