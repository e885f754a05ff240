"""What layers take, against sums by hand over every device, read and image."""

import numpy as np
import pytest

from evaluator.evaluation.diagnosis import inspect_layers
from models_va import load_card
from spicegen.progress import track
from tests.evaluator import networks
from tests.evaluator.setups import CARD, IDEAL, setup_of

W = np.array([[1.0, -0.5], [0.25, 2.0], [-2.0, 0.0]])
X = np.array([[0.5, -1.5, 0.25], [-0.125, 0.5, 1.0], [0.0, 0.75, -0.5], [1.0, -0.25, -1.0]])
VOLT, SECONDS = 0.2, 30e-9
COSTS = {"costs.t_read_s": SECONDS, "costs.dac_joule": 2e-13, "costs.adc_joule_per_level": 3e-14}
DAC = {"converters.dac_bits": 5}
TWO_PHASE = {"converters.negative_inputs": "two-phase"}
SERIAL = {**DAC, "converters.bit_serial": True}


def layer(tmp_path, *settings, x=X):
    nodes = [networks.node("MatMul", "x w", "h"), networks.node("Flatten", "h", "y")]
    path = networks.save(tmp_path / "n.onnx", nodes, {"w": W}, ("batch", *x.shape[1:]), 2, kind=networks.DOUBLE)
    for name, images in (("d", x), ("c", 2 * x)):  # the range is that of other images
        np.savez(tmp_path / f"{name}.npz", x_test=images, y_test=np.zeros(len(x), int))
    made = setup_of(path, tmp_path / "d.npz", IDEAL, COSTS, {"array.v_read_volt": VOLT}, *settings,
                    calibration=tmp_path / "c.npz")  # fmt: skip
    (report,) = inspect_layers(made, made.parts(0), track)
    return report, made.plans[0].largest_input


def devices():
    """Conductances of pairs, each output's largest weight at the window's end, shape (rows, columns), S."""
    low, high = load_card(CARD).window()
    relative = W / np.abs(W).max(axis=0)
    return np.hstack([low + (high - low) * np.maximum(sign * relative, 0) for sign in (1, -1)])


def joule(volts):
    """Of one read after another, shape (reads, rows), V."""
    return sum(SECONDS * (v[:, None] ** 2 * devices()).sum() for v in volts)


def bits(code):
    return [np.sign(code) * (np.abs(code).astype(int) >> k & 1) for k in range(4)]


def reads(image, settings, largest):
    """Row voltages of every read of an image, V."""
    if "converters.dac_bits" not in settings:
        relative = [image / largest]
    else:
        code = np.clip(np.rint(image / largest * 15), -15, 15)
        relative = [code / 15]
    if "converters.negative_inputs" in settings:
        relative = [np.maximum(relative[0], 0), np.maximum(-relative[0], 0)]
    if "converters.bit_serial" in settings:
        relative = [b for r in relative for b in bits(np.rint(r * 15))]
    return [VOLT * r for r in relative]


@pytest.mark.parametrize("adc", [{}, {"converters.adc_bits": 6}])
@pytest.mark.parametrize("settings", [{}, DAC, TWO_PHASE, DAC | TWO_PHASE, SERIAL, SERIAL | TWO_PHASE])
def test_energies_of_a_layer(tmp_path, settings, adc):
    report, largest = layer(tmp_path, settings, adc)
    if not adc and settings in ({}, TWO_PHASE):
        largest = 1.5  # nothing asked for a range: it is that of the images
    by_image = [reads(image, settings, largest) for image in X]
    found, count = report.costs, len(by_image[0])
    assert found.reads == count
    assert found.array_joule == pytest.approx(np.mean([joule(volts) for volts in by_image]))
    assert (found.dacs, found.adcs) == (3, 2)
    assert found.dac_joule == pytest.approx(count * 3 * 2e-13)
    assert found.adc_joule == pytest.approx(count * 2 * 3e-14 * 2 ** (6 if adc else 8))


def test_two_phases_take_what_one_read_of_both_signs_takes(tmp_path):
    one, two = (layer(tmp_path, DAC, settings)[0].costs for settings in ({}, TWO_PHASE))
    assert two.reads == 2 * one.reads
    assert two.array_joule == pytest.approx(one.array_joule)


def test_every_vector_of_an_image_is_read(tmp_path):
    one, five = (layer(tmp_path, DAC, x=x)[0].costs for x in (X, np.tile(X[:, None], (1, 5, 1))))
    assert (one.reads, five.reads) == (1, 5)
    assert five.array_joule == pytest.approx(5 * one.array_joule)


def test_tiles_have_converters_of_their_own(tmp_path):
    report, _ = layer(tmp_path, {"array.rows": 2, "array.columns": 2})
    found = report.costs
    assert report.tiles == 4  # two ranges of rows, two of columns
    assert (found.dacs, found.adcs) == (3 * 2, 2 * 2)
    assert found.utilisation == 12 / 16
