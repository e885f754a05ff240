"""Tiles of a network in circuit simulators: linear ones change nothing, others what a computation by hand says."""

import csv
import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import evaluator.circuit._run as circuit_run
from evaluator import evaluate
from evaluator.circuit import (
    CircuitRequest,
    CircuitTile,
    circuit_tile,
    matching,
    rough_seconds,
    select_tiles,
    tile_currents,
)
from evaluator.circuit.tile_export import TileExport
from evaluator.evaluation_setup import Circuits
from evaluator.hardware.activations import activations_of
from evaluator.hardware.row_voltages import row_voltages
from evaluator.mapping.tiles import labelled_tiles
from evaluator.reports.evaluation_page import evaluation_page
from models_va import Quantity, load_card
from models_va.errors import InputError
from netlists import Crossbar
from spicegen.devices.memory_state import reach
from spicegen.devices.programming import conductances
from spicegen.progress import track
from spicegen.simulate import SimulationError, read_operator, simulator
from spicegen.simulate.base import Availability
from tests.evaluator import networks
from tests.evaluator.setups import CARD, config, setup_of, trial_logits

SMALL = {"array.rows": 6, "array.columns": 8, "array.r_row_ohm": 30, "array.r_col_ohm": 20, "array.r_sense_ohm": 40}
TINY = {"array.v_read_volt": 1e-3}
HIGH = {"array.v_read_volt": 0.6}
CONVERTED = {"converters.adc_bits": 11, "converters.dac_bits": 8}
ADC = {"converters.adc_bits": 11}
REFERENCE = {"mapping.scheme": "reference"}
BENT = {"errors.nonlinearity": True}
SERIAL = CONVERTED | {"converters.bit_serial": True}
PHASES = {"converters.adc_bits": 11, "converters.negative_inputs": "two-phase"}
BITS = {"converters.dac_bits": 8, "converters.bit_serial": True}
PHASES_ALONE = {"converters.negative_inputs": "two-phase"}
"""Without converters of the currents nothing but the circuits tells reads apart."""
NOISY = CONVERTED | {"errors.read_noise": 0.1, "errors.nonlinearity": True}
SLICED = CONVERTED | {"mapping.scheme": "bit-sliced", "mapping.slices": 2, "mapping.bits_per_slice": 4}
FITTED = {"compensate": "columns", "converters.dac_bits": 6}
IMAGES = 5


@pytest.fixture
def network(tmp_path):
    """A convolution of stride 2, a ReLU, a Gemm; images with negative values."""
    nodes = [
        networks.node("Conv", "x w b", "c", "first", strides=[2, 1], pads=[1, 0, 0, 1]),
        networks.node("Relu", "c", "r"),
        networks.node("Flatten", "r", "f"),
        networks.node("Gemm", "f v", "y", "second"),
    ]
    tensors = {"w": networks.random((4, 3, 2, 2)), "b": networks.random(4, 1), "v": networks.random((24, 3), 2)}
    path = networks.save(tmp_path / "n.onnx", nodes, tensors, ("batch", 3, 3, 3))
    x = np.random.default_rng(3).uniform(-0.6, 1, (IMAGES, 3, 3, 3)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.arange(IMAGES) % 3)
    np.savez(tmp_path / "c.npz", x_test=x * np.float32(1.01), y_test=np.zeros(IMAGES, int))
    return path, tmp_path / "d.npz", tmp_path / "c.npz"


def setup_for(network, *settings, **more):
    return setup_of(*network[:2], SMALL, *settings, calibration=network[2], calibrated=True, **more)


def with_tiles(made, *labels, engine="native", cache=None):
    return replace(made, inputs=replace(made.inputs, circuits=Circuits(engine, frozenset(labels), cache)))


def labels(made):
    return [c.label for c in select_tiles(made, made.parts(0), "all", 0.01, track)]


def relative(found, wanted):
    return np.abs(found - wanted).max() / np.abs(wanted).max()


# the linear limit


@pytest.mark.parametrize(
    ("engine", "settings"),
    [
        ("ngspice", REFERENCE),
        ("vacask", PHASES),
        *(("native", s) for s in ({}, REFERENCE, SERIAL, PHASES, NOISY, SLICED, FITTED)),
    ],
)
def test_at_tiny_voltages_circuits_are_the_operator(network, need_engine, engine, settings):
    need_engine(engine)
    made = setup_for(network, TINY, settings)
    made = replace(made, network=replace(made.network, batch=4))  # two batches
    tiles = labels(made)
    assert len(tiles) > 4
    assert relative(trial_logits(with_tiles(made, *tiles, engine=engine)), trial_logits(made)) < 1e-5


# by hand


def ranges(length, most):
    count = -(-length // most)
    return [slice(a, b) for a, b in pairwise([length * k // count for k in range(count + 1)])]


def reads_by_hand(made, part, vectors):
    """What rows are driven with, over the read voltage, and the factor of each read."""
    c, plan = part.converters, part.plan
    relative_inputs, levels = vectors / plan.largest_input, 127 if plan.signed else 255
    if c.dac_bits:
        relative_inputs = np.clip(np.rint(relative_inputs * levels), -levels if plan.signed else 0, levels) / levels
    elif part.curve is not None:
        relative_inputs = np.clip(relative_inputs, -1, 1)
    phases = [(relative_inputs, 1.0)]
    if c.negative_inputs == "two-phase" and plan.signed:
        phases = [(np.maximum(relative_inputs, 0), 1.0), (np.maximum(-relative_inputs, 0), -1.0)]
    if not c.bit_serial:
        return phases
    found = []
    for phase, sign in phases:
        codes = np.rint(phase * levels).astype(int)
        bits = [np.sign(codes) * (np.abs(codes) >> k & 1) for k in range(7 if plan.signed else 8)]
        found += [(b, sign * 2.0**k / levels) for k, b in enumerate(bits)]
    return found


def tiles_by_hand(part):
    """Labels, inputs, outputs and conductances of the tiles of a layer without groups."""
    g, block, reference = part.conductances.g_siemens[0], part.plan.layer.block, part.conductances.reference_siemens
    for down, r in enumerate(ranges(g.shape[0] // block, 6 // block)):
        inputs = slice(r.start * block, r.stop * block)
        for across, outputs in enumerate(ranges(g.shape[1], part.plan.target.layout.outputs_in(8))):
            own = g[inputs, outputs].reshape(inputs.stop - inputs.start, -1)
            if reference is not None:
                own = np.insert(own, own.shape[1] // 2, reference[0, inputs, across], axis=1)
            yield f"{part.plan.layer.name}:{down},{across}", inputs, outputs, Crossbar(own, 30, 20, r_sense_ohm=40)


def current_by_hand(part, crossbar, volts, in_circuit):
    """Of the tile's outputs, over the window's span: in the nonlinear circuit, or by the operator alone."""
    if in_circuit:
        current = tile_currents(CircuitTile(load_card(CARD), crossbar), volts, simulator("native"))
    else:
        current = (volts if part.curve is None else np.sinh(volts)) @ read_operator(crossbar).T  # v_io = 1 V
    if part.conductances.reference_siemens is None:
        return (current[:, 0::2] - current[:, 1::2]) / 3e-5
    middle = (current.shape[1] - 1) // 2
    return (np.delete(current, middle, axis=1) - current[:, [middle]]) / 1.5e-5


def product_by_hand(made, part, vectors, in_circuit):
    """A layer's product from its tiles' currents."""
    plan, v_read, adc = part.plan, made.hardware.config.array.v_read_volt, 2**10 - 1
    product = np.zeros((len(vectors), part.conductances.g_siemens.shape[2]))
    for label, inputs, outputs, crossbar in tiles_by_hand(part):
        for read, factor in reads_by_hand(made, part, vectors):
            found = current_by_hand(part, crossbar, read[:, inputs] * v_read, label in in_circuit) / v_read
            if part.converters.adc_bits:
                end = plan.adc_range[0]
                found = np.clip(np.rint(found / end * adc), -adc, adc) / adc * end
            product[:, outputs] += found * factor
    return product * plan.target.full_scale[0] * plan.largest_input


def logits_by_hand(made, in_circuit):
    first, second = made.parts(0)
    x = np.pad(made.images.astype(float), ((0, 0), (0, 0), (1, 0), (0, 1)))
    places = [(i, j) for i in (0, 2) for j in range(3)]
    vectors = np.stack([x[:, :, i : i + 2, j : j + 2].reshape(IMAGES, -1) for i, j in places], axis=1)
    hidden = product_by_hand(made, first, vectors.reshape(-1, 12), in_circuit) + networks.random(4, 1)
    hidden = np.maximum(hidden.reshape(IMAGES, 6, 4).transpose(0, 2, 1).reshape(IMAGES, 24), 0)
    return product_by_hand(made, second, hidden, in_circuit)


CASES = {
    "plain": {}, "adc": ADC, "dac and adc": CONVERTED, "bit-serial": SERIAL, "two-phase": PHASES,
    "reference": REFERENCE, "reference, adc": REFERENCE | ADC, "bent": BENT, "bent, adc": BENT | ADC,
    "bits alone": BITS, "phases alone": PHASES_ALONE,
}  # fmt: skip


@pytest.mark.parametrize(
    "chosen",
    [
        lambda all_tiles: all_tiles,
        lambda all_tiles: [t for t in all_tiles if t in ("first:1,0", "second:2,0")],  # in layers one after another
        lambda all_tiles: ["first:0,0"],
        lambda all_tiles: ["second:3,0"],
    ],
)
@pytest.mark.parametrize("case", CASES)
def test_promoted_tiles_are_what_the_nonlinear_circuit_gives(network, case, chosen):
    made = setup_for(network, HIGH, CASES[case])
    tiles = chosen(labels(made))
    found = trial_logits(with_tiles(made, *tiles))
    assert relative(found, logits_by_hand(made, set(tiles))) < 2e-5
    assert relative(trial_logits(made), logits_by_hand(made, set())) < 2e-5
    assert relative(found, trial_logits(made)) > 1e-4  # it matters


def test_the_second_layer_sees_what_circuits_made_of_the_first(network):
    """What two tiles change is not the sum of what each changes."""
    made = setup_for(network, {"array.v_read_volt": 1.0})
    none = trial_logits(made)
    one, other, both = (
        trial_logits(with_tiles(made, *tiles)) - none
        for tiles in (["first:0,0"], ["second:0,0"], ["first:0,0", "second:0,0"])
    )
    assert np.abs(both - one - other).max() > 1e-3 * np.abs(both).max()


def test_groups_have_labels_of_their_own(tmp_path):
    path = networks.FORMS["conv_groups"](tmp_path / "n.onnx")
    networks.data(tmp_path / "d.npz", (4, 4, 5, 5))
    made = setup_of(path, tmp_path / "d.npz", {"array.rows": 9, "array.columns": 8}, HIGH, calibrated=True)
    name = made.plans[0].layer.name
    assert labels(made) == [f"{name}:{r},0,{g}" for g in range(2) for r in range(2)]
    changed = trial_logits(with_tiles(made, f"{name}:0,0,1")) - trial_logits(made)
    by_channel = np.abs(changed.reshape(len(changed), 6, -1)).max(axis=(0, 2))
    assert np.all(by_channel[:3] == 0)
    assert np.all(by_channel[3:] > 0)


# which tiles


def test_auto_takes_exactly_the_tiles_beyond_the_tolerance(network):
    made = setup_for(network, HIGH)
    parts = made.parts(0)
    looked_at = select_tiles(made, parts, "auto", 0.5, track)
    errors = {c.label: c.operator_error for c in looked_at}
    assert not any(c.in_circuit for c in looked_at)
    for tolerance in sorted(errors.values()):
        chosen = {c.label for c in select_tiles(made, parts, "auto", tolerance, track) if c.in_circuit}
        assert chosen == {label for label, error in errors.items() if error > tolerance}
    bent = setup_for(network, HIGH, BENT)
    bent = select_tiles(bent, bent.parts(0), "auto", 0.5, track)
    assert max(c.operator_error for c in bent) < min(errors.values())  # the curve is in the operator's inputs


def test_auto_looks_at_real_activations(network):
    """The error of a tile of the first layer, from all of its vectors in order of size."""
    made = setup_for(network, HIGH)
    part = made.parts(0)[0]
    errors = {c.label: c.operator_error for c in select_tiles(made, made.parts(0), "auto", 0.5, track)}
    x = np.pad(made.images.astype(float), ((0, 0), (0, 0), (1, 0), (0, 1)))
    vectors = np.concatenate(
        [x[k, :, i : i + 2, j : j + 2].reshape(1, -1) for k in range(5) for i in (0, 2) for j in range(3)]
    )
    volts = vectors[:, :4] / part.plan.largest_input * 0.6
    largest = volts[np.argsort(-np.sum(volts**2, axis=1), kind="stable")[:8]]
    crossbar = Crossbar(part.conductances.g_siemens[0, :4].reshape(4, -1), 30, 20, r_sense_ohm=40)
    circuit, operator = (current_by_hand(part, crossbar, largest, in_circuit) for in_circuit in (True, False))
    expected = np.linalg.norm(circuit - operator) / np.linalg.norm(operator)
    assert errors["first:0,0"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("scheme", [{}, REFERENCE])
def test_the_devices_of_a_tile_are_those_that_were_drawn(network, scheme):
    """Each as far as its own g0 (the low end of its reach) lets it go, in its place; stuck ones are fixed."""
    card = load_card(CARD).model_copy(update={"device_to_device": {"g0": Quantity(value=0.8, provenance="assumed")}})
    differing = {"errors.programming": "exact", "errors.device_to_device": True}
    made = setup_for(network, differing, {"array.stuck_low": 0.1, "array.stuck_high": 0.1}, scheme, card=card)
    target, part = made.plans[1].target, made.parts(0)[1]
    (low, high), stuck, scales = map(float, reach(card)), [], []
    for label, tile in labelled_tiles(part.plan, made.hardware.config.array):
        devices = circuit_tile(part, tile, label, made).devices
        alive, scale = devices.alive, devices.instance["g0"] / card.values["g0"]
        expected = np.clip(tile.conductances(target), scale * low, scale * high)
        assert conductances(devices)[alive] == pytest.approx(expected[alive], rel=1e-6)
        assert set(devices.stuck_siemens[~alive]) <= {1e-5, 4e-5}
        assert conductances(devices) == pytest.approx(tile.conductances(part.conductances), rel=1e-6)
        stuck.append(~alive.ravel())
        scales.append(scale.ravel())
    assert 0.1 < np.mean(np.concatenate(stuck)) < 0.3
    assert np.max(np.concatenate(scales)) * low > 2e-5  # the window's lower half is out of its reach


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("first:*", ["first:0,0", "first:1,0", "first:2,0"]),
        ("*:0,0", ["first:0,0", "second:0,0"]),
        ("second:1,0; first:?,0", ["first:0,0", "first:1,0", "first:2,0", "second:1,0"]),
        ("all", None),
        ("none", []),
    ],
)
def test_patterns_choose_tiles(network, pattern, expected):
    made = setup_for(network)
    found = [c.label for c in select_tiles(made, made.parts(0), pattern, 0.01, track) if c.in_circuit]
    assert found == (labels(made) if expected is None else expected)


def test_brackets_in_names_are_no_sets_of_characters(tmp_path):
    nodes = [networks.node("Gemm", "x w", "y", "block[0]/fc")]
    path = networks.save(tmp_path / "n.onnx", nodes, {"w": networks.random((6, 3))})
    made = setup_of(path, networks.data(tmp_path / "d.npz"), calibrated=True)
    assert [c.in_circuit for c in select_tiles(made, made.parts(0), "block[0]/fc:*", 0.01, track)] == [True]


def test_no_two_tiles_have_one_label(tmp_path):
    """A node without a name is called as another may be; so is one that has another's."""
    names = ["", "Gemm_0", "Gemm_0_1"]
    nodes = [networks.node("Gemm", f"{a} w", b, name) for a, b, name in zip("xab", "aby", names, strict=True)]
    path = networks.save(tmp_path / "n.onnx", nodes, {"w": networks.random((6, 6))}, classes=6)
    made = setup_of(path, networks.data(tmp_path / "d.npz"), calibrated=True)
    assert labels(made) == ["Gemm_0:0,0", "Gemm_0_1:0,0", "Gemm_0_1_2:0,0"]


ODD = ["a;b:0,0", " c:0,0", "d*:0,0", "dd:0,0", "e[0]:0,0"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("a;b:0,0", {"a;b:0,0"}),
        (" c:0,0", {" c:0,0"}),
        ("d*:0,0", {"d*:0,0"}),
        ("d?:0,0", {"d*:0,0", "dd:0,0"}),
        ("dd:0,0; d*:0,0", {"d*:0,0", "dd:0,0"}),
        ("a?b:0,0; c:0,0;e[0]:*", {"a;b:0,0", " c:0,0", "e[0]:0,0"}),
    ],
)
def test_a_label_stands_for_itself_whatever_is_in_it(wanted, expected):
    assert matching(wanted, ODD) == expected


@pytest.mark.parametrize(("wanted", "named"), [("dd:*;f:*;d?:*", "f:*"), ("dd:*;", ""), ("A*", "A*")])
def test_the_pattern_that_matches_nothing_is_named(wanted, named):
    with pytest.raises(InputError, match=rf"circuit tiles: {re.escape(repr(named))} matches none of 5 tiles"):
        matching(wanted, ODD)


def test_circuits_are_as_warm_as_the_arrays(network):
    made = setup_for(network, {"errors.temperature_k": 350})
    part = made.parts(0)[0]
    label, tile = next(labelled_tiles(part.plan, made.hardware.config.array))
    assert circuit_tile(part, tile, label, made).temperature_k == 350


def evaluated(network, request, *settings, **options):
    return evaluate(
        network[0], network[1], CARD, hardware=config(SMALL, HIGH, *settings), calibration=network[2], trials=2,
        circuits=request, **options,
    )  # fmt: skip


def test_a_pattern_that_matches_nothing_is_told_the_labels(network):
    with pytest.raises(InputError, match=r"'third:\*' matches none of 7 tiles; labels are 'first:0,0'") as caught:
        evaluated(network, CircuitRequest("third:*", engine="native"))
    assert "\n" not in str(caught.value)


def test_bad_requests_are_said():
    with pytest.raises(InputError, match="tolerance = 2: give a relative error between 0 and 1"):
        CircuitRequest("auto", tolerance=2)
    with pytest.raises(InputError, match="circuit engine 'spectre': valid are"):
        CircuitRequest("auto", engine="spectre")


def test_an_engine_that_is_not_here_is_said(network, monkeypatch):
    monkeypatch.setattr("spicegen.simulate.Ngspice.available", lambda _: Availability(False, "not found"))
    with pytest.raises(SimulationError, match="ngspice: not here: not found: native is always") as caught:
        evaluated(network, CircuitRequest("all", engine="ngspice"))
    assert "\n" not in str(caught.value)


# the evaluation


def test_what_it_costs_is_said_before_and_what_came_of_it_reported(network):
    said = []
    report = evaluated(network, CircuitRequest("first:*;second:0,0", engine="native"), say=said.append)
    (line,) = said
    vectors = 2 * (3 * 6 + 1) * IMAGES
    assert line.startswith(f"circuit tiles: 4 of 7 in native, {vectors} vectors in 2 trials: about ")
    found = report.to_json()["circuits"]
    rough = 3 * rough_seconds(4, 8, 6 * IMAGES, "native") + rough_seconds(6, 6, IMAGES, "native")
    assert found["estimate_s"] == pytest.approx(2 * rough)
    assert found["largest_operator_error"] is None  # nothing was measured
    assert (found["engine"], found["looked_at"]) == ("native", 7)
    assert [t["tile"] for t in found["in_circuit"]] == ["first:0,0", "first:1,0", "first:2,0", "second:0,0"]
    plain = evaluated(network, CircuitRequest(), calibrated=True)
    assert found["accuracy_operator_trials"] == list(plain.accuracy_trials)
    assert "first:*" in found["reason"]
    json.dumps(found, allow_nan=False)
    assert plain.circuits is None
    assert [x["circuit_tiles"] for x in report.to_json()["layers"]] == [3, 1]
    sentence = "errors of layers above, corrections by compensation, and hardware.onnx are the operator's"
    assert [any(sentence in b.text for b in evaluation_page(r)._blocks) for r in (report, plain)] == [True, False]
    assert tuple(replace(x, circuit_tiles=0) for x in report.layers) == plain.layers  # errors are the operators'


def test_auto_that_finds_nothing_says_so(network):
    said = []
    report = evaluated(network, CircuitRequest("auto", 0.9, "native"), say=said.append)
    assert "0 of 7" in said[0]
    assert report.circuits.in_circuit == ()
    assert report.to_json()["circuits"]["largest_operator_error"] > 0.01


def test_more_than_a_day_is_refused(network, monkeypatch):
    monkeypatch.setattr("evaluator.circuit._choice._LONGEST_S", 0.0)
    with pytest.raises(InputError, match="give fewer images"):
        evaluated(network, CircuitRequest("all", engine="native"))


def test_a_tile_is_timed_at_the_read_voltage(network, monkeypatch):
    """A transparent stand-in for the timing: what it is asked, and that the estimate rests on its answer."""
    asked = []
    monkeypatch.setattr("evaluator.circuit._choice._TIMED_S", 0.0)
    monkeypatch.setattr("evaluator.circuit._choice.REFERENCE", "none")
    monkeypatch.setattr("evaluator.circuit._choice.estimate_seconds", lambda *a: asked.append(a[1:]) or 7.0)
    report = evaluated(network, CircuitRequest("second:0,0", engine="native"))
    ((vectors, _, v_read_volt),) = asked
    assert (vectors, v_read_volt) == (IMAGES, 0.6)
    assert report.circuits.estimate_s == pytest.approx(2 * 7.0)


def test_what_was_simulated_is_kept(network, tmp_path, monkeypatch):
    request = CircuitRequest("all", engine="native")
    first = evaluated(network, request, folder=tmp_path)
    (tmp_path / "trials.jsonl").unlink()
    real, simulated = circuit_run._simulated, []
    monkeypatch.setattr(circuit_run, "_simulated", lambda *a: simulated.append(a[0].name) or real(*a))
    again = evaluated(network, request, folder=tmp_path)
    assert again.accuracy_trials == first.accuracy_trials
    assert simulated == []
    evaluated(network, request, {"array.v_read_volt": 0.5}, folder=tmp_path)
    assert len(simulated) == 2 * 7


def test_trials_with_and_without_circuits_are_not_confused(network):
    made = setup_for(network)
    keys = {made.key, with_tiles(made, "first:0,0").key, with_tiles(made, "first:1,0").key,
            with_tiles(made, "first:0,0", engine="vacask").key}  # fmt: skip
    assert len(keys) == 4
    assert with_tiles(made, "first:0,0", cache=made.inputs.model).key in keys  # where results are kept says nothing


# decks


def test_a_tile_leaves_with_real_activations(network, tmp_path):
    folder = tmp_path / "deep" / "decks"
    evaluated(network, CircuitRequest(), export=TileExport("second:1,0", folder))
    assert (folder / "ngspice" / "deck.cir").is_file()
    assert (folder / "vacask" / "deck.sim").is_file()
    made = setup_for(network, HIGH)
    part = made.parts(0)[1]
    (seen,) = made.network.opened(["f"])(made.images)
    volts = seen[:, 6:12] / part.plan.largest_input * 0.6
    crossbar = Crossbar(part.conductances.g_siemens[0, 6:12].reshape(6, -1), 30, 20, r_sense_ohm=40)
    with (folder / "expected_currents.csv").open() as file:
        rows = list(csv.DictReader(file))
    for column, expected in (
        ("i_operator_amp", volts @ read_operator(crossbar).T),
        ("i_native_amp", tile_currents(CircuitTile(load_card(CARD), crossbar), volts, simulator("native"))),
    ):
        found = np.array([float(r[column]) for r in rows]).reshape(expected.shape)
        assert relative(found, expected) < 1e-6


@pytest.mark.parametrize(("settings", "reads"), [(BITS, 7), (PHASES_ALONE, 2), (BITS | PHASES_ALONE, 14)])
def test_every_read_is_looked_at_by_itself(network, settings, reads):
    made = setup_for(network, HIGH, settings)
    signed = made.plans[0].signed, made.plans[1].signed
    assert signed == (True, False)  # behind the ReLU a bit more is left
    found = {c.label: c.reads for c in select_tiles(made, made.parts(0), "all", 0.01, track)}
    assert found["first:0,0"] == 6 * reads
    assert found["second:0,0"] == (8 if settings.get("converters.bit_serial") else 1)
    part = made.parts(0)[0]
    (seen,) = activations_of(made.network, [part.plan], made.images)
    rows = row_voltages(made.network.graph, part, seen, made.hardware.config.array.v_read_volt, 10_000)
    x = np.pad(made.images.astype(float), ((0, 0), (0, 0), (1, 0), (0, 1)))
    vectors = [x[n, :, i : i + 2, j : j + 2].ravel() for n in range(IMAGES) for i in (0, 2) for j in range(3)]
    expected = [read for read, _ in reads_by_hand(made, part, np.array(vectors))]
    assert rows.reads == 6 * reads
    assert rows.volts[0] == pytest.approx(0.6 * np.concatenate(expected), rel=1e-6, abs=1e-12)


def test_a_tile_that_is_not_there_is_told_which_are(network, tmp_path):
    with pytest.raises(InputError, match=r"no tile 'third:0,0'; .* first:2,0, second:3,0$"):
        evaluated(network, CircuitRequest(), export=TileExport("third:0,0", tmp_path / "decks"))
