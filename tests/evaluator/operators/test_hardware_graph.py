"""Arrays, converters and partial sums as standard operators, against emulations written here in plain numpy."""

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from scipy.special import lambertw

from evaluator import evaluate
from evaluator.circuit import logits
from evaluator.evaluation_setup import EvaluationInputs, prepare
from evaluator.hardware.calibration import best_range, clipping_beyond
from evaluator.hardware.programmed import Hardware
from evaluator.network.onnx_model import save_network
from tests.evaluator import networks
from tests.evaluator.circuit.kirchhoff import nodal_operator
from tests.evaluator.setups import CARD, IDEAL, config, setup_of, trial_logits

NEWEST = onnx.defs.onnx_opset_version()
FINE = {"converters.adc_bits": 16, "converters.adc_range": "full", "converters.dac_bits": 16}
SMALL = {"array.rows": 7, "array.columns": 6}
"""Tiles of few channels, cut within kernels where these have more than 7 places, and within groups of outputs."""
MODES = {
    "bipolar": {},
    "two-phase": {"converters.negative_inputs": "two-phase"},
    "bit-serial": {"converters.bit_serial": True},
    "bit-serial two-phase": {"converters.bit_serial": True, "converters.negative_inputs": "two-phase"},
    "reference": {"mapping.scheme": "reference"},
    "bit-sliced": {"mapping.scheme": "bit-sliced", "mapping.slices": 3, "mapping.bits_per_slice": 6},
}


def setup(tmp_path, form, *settings, opset=None, images=12):
    path = networks.FORMS[form](tmp_path / "n.onnx")
    if opset:
        networks.in_opset(path, opset)
    (info,) = [i for i in onnx.load(path).graph.input if i.name == "x"]
    image = [d.dim_value for d in info.type.tensor_type.shape.dim[1:]]
    rng = np.random.default_rng(3)
    x = rng.uniform(-0.7, 1, (images, *image)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x_test=x, y_test=rng.integers(0, 3, images))
    np.savez(tmp_path / "other.npz", x_test=x * np.float32(1 - 1e-6), y_test=np.zeros(images, int))  # of this range
    return setup_of(path, tmp_path / "d.npz", *settings, calibration=tmp_path / "other.npz")


def plain_run(path, images):
    """Anybody's onnxruntime, as it comes."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0].reshape(len(images), -1)


def relative(found, wanted):
    return np.abs(found - wanted).max() / np.abs(wanted).max()


def assert_near(form, logits, exact):
    """Not the same: converters are there. (The layer of zeros behind ``negated`` hides its error.)"""
    off = relative(logits, exact)
    assert off < 1e-3
    assert off > 0 or form == "negated"


# every form


@pytest.mark.parametrize("opset", [7, 10, 17, NEWEST])
@pytest.mark.parametrize("form", networks.FORMS)
def test_fine_converters_on_small_tiles_change_little(tmp_path, form, opset):
    if (
        form == "quantized_weights"
    ):  # DequantizeLinear came with opset 10; onnxruntime 1.32 has that of opset 28 not yet
        opset = min(max(opset, 10), 25)
    made = setup(tmp_path, form, IDEAL, FINE, SMALL, opset=opset)
    assert any(len(p.rows) > 1 for p in made.plans) or all(p.layer.shape[1] <= 7 for p in made.plans)
    logits, exact = trial_logits(made), made.network.logits(made.images)
    assert_near(form, logits, exact)
    save_network(made.on_arrays(made.parts(0)), tmp_path / "hardware.onnx")
    onnx.checker.check_model(onnx.load(tmp_path / "hardware.onnx"), full_check=True)
    assert np.array_equal(plain_run(tmp_path / "hardware.onnx", made.images), logits)


@pytest.mark.parametrize("mode", ["bit-serial two-phase", "reference", "bit-sliced"])
@pytest.mark.parametrize("form", networks.FORMS)
def test_every_way_to_convert_every_form(tmp_path, form, mode):
    made = setup(tmp_path, form, IDEAL, FINE, SMALL, MODES[mode])
    assert_near(form, trial_logits(made), made.network.logits(made.images))


@pytest.mark.parametrize("kind", ["float16", "float64"])
@pytest.mark.parametrize("opset", [7, 8, 10, 11, 12])
def test_other_widths_in_old_opsets(tmp_path, opset, kind):
    """onnxruntime clips doubles from opset 12 on."""
    x = np.random.default_rng(3).uniform(-0.7, 1, (12, 6)).astype(kind)
    codes = {"converters.dac_bits": 6, "converters.adc_bits": 8}
    curved = {"errors.nonlinearity": True, "array.v_read_volt": 0.4}
    logits = []
    for version in (opset, 17):
        nodes, weights = [networks.node("MatMul", "x w", "y")], {"w": networks.random((6, 3)).astype(kind)}
        of_kind = onnx.helper.np_dtype_to_tensor_dtype(x.dtype)
        path = networks.save(tmp_path / "n.onnx", nodes, weights, opset=version, kind=of_kind)
        for name, images in (("d", x), ("c", x / 2)):
            np.savez(tmp_path / f"{name}.npz", x_test=images, y_test=np.zeros(12, int))
        logits.append([
            trial_logits(setup_of(path, tmp_path / "d.npz", IDEAL, some, calibration=tmp_path / "c.npz"))
            for some in (codes, codes | MODES["bit-serial"], curved)
        ])  # fmt: skip
    for found, expected in zip(*logits, strict=True):
        assert relative(found, expected) < (1e-12 if kind == "float64" else 0.05)


@pytest.mark.parametrize("settings", [FINE, FINE | {"converters.adc_range": "calibrated"}])
def test_codes_beyond_half_precision(tmp_path, settings):
    """It counts to 2,048 and ends at 65,504: arrays of such a network compute in single precision."""
    w, x = networks.random((6, 3)).astype("float16"), np.random.default_rng(3).uniform(-0.7, 1, (12, 6))
    path = networks.save(
        tmp_path / "n.onnx", [networks.node("MatMul", "x w", "y")], {"w": w}, kind=onnx.TensorProto.FLOAT16
    )
    for name, images in (("d", x), ("c", x * 1.25)):
        np.savez(tmp_path / f"{name}.npz", x_test=images.astype("float16"), y_test=np.zeros(12, int))
    made = setup_of(path, tmp_path / "d.npz", IDEAL, settings, SMALL, calibration=tmp_path / "c.npz")
    assert relative(trial_logits(made), x @ w) < 2e-3


# the same numbers, computed here


def quantized(values, end, levels):
    return np.clip(np.rint(values / end * levels), -levels, levels)


def phases(codes, mode):
    """The reads of integer codes, each with its factor."""
    signed = [(np.maximum(codes, 0), 1), (np.maximum(-codes, 0), -1)] if "two-phase" in mode else [(codes, 1)]
    if "serial" not in mode:
        return signed
    bits = lambda c, k: np.sign(c) * (np.abs(c).astype(int) >> k & 1)
    return [(bits(c, k), sign * 2**k) for c, sign in signed for k in range(16)]


def emulated(part, config, rows, columns, vectors, dac, adc, mode):
    """Product of a layer's arrays, shape (vectors, outputs): codes, tiles by Kirchhoff, converters, digital sums.

    ``rows`` and ``columns`` are the ranges of inputs and of outputs of the tiles, each tile ``dac`` and ``adc`` bits.
    """
    g, reference, plan = part.conductances.g_siemens[0], part.conductances.reference_siemens, part.plan
    window, full_scale = 3e-5, plan.target.full_scale[0]
    dac_levels, adc_levels = 2 ** (dac - 1) - 1, 2 ** (adc - 1) - 1
    codes = quantized(vectors, plan.largest_input, dac_levels)
    count = len(plan.adc_range)  # slices
    factors = np.array([2.0 ** (config.mapping.bits_per_slice * s) for s in range(count)])
    factors /= factors.sum()
    product, clipped = np.zeros((len(vectors), g.shape[1])), 0
    for inputs in rows:
        for number, outputs in enumerate(columns):
            own = g[inputs, outputs]  # (inputs, outputs, columns of one)
            flat = own.reshape(len(own), -1)
            if reference is not None:
                middle = own.shape[1] // 2
                flat = np.insert(flat, middle, reference[0, inputs, number], axis=1)
            t = nodal_operator(flat, config.array) if config.array.r_row_ohm else flat.T
            for read, weight in phases(codes[:, inputs], mode):
                current = (read if "serial" in mode else read / dac_levels) @ t.T  # amperes per read voltage
                for s in range(count):
                    if reference is not None:
                        found = (np.delete(current, middle, axis=1) - current[:, [middle]]) / (window / 2)
                    else:
                        of = current.reshape(len(vectors), -1, 2 * count)
                        found = (of[..., 2 * s] - of[..., 2 * s + 1]) / window
                    last_bit = plan.adc_range[s] / adc_levels
                    clipped += np.count_nonzero(np.abs(found) > plan.adc_range[s])
                    digital = weight / dac_levels if "serial" in mode else weight
                    product[:, outputs] += (
                        quantized(found, plan.adc_range[s], adc_levels) * last_bit * digital * factors[s]
                    )
    return product * full_scale * plan.largest_input, clipped


def converters(dac, adc, mode, adc_range="calibrated"):
    return {"converters.dac_bits": dac, "converters.adc_bits": adc, "converters.adc_range": adc_range} | MODES[mode]


WIRES = {"array.r_row_ohm": 30, "array.r_col_ohm": 20, "array.r_source_ohm": 50}


def gemm_study(tmp_path, *settings):
    """10 -> 5 in double precision, so that no code is rounded another way."""
    rng = np.random.default_rng(8)
    w, b, x = rng.normal(size=(10, 5)), rng.normal(size=5), rng.uniform(-0.8, 1, (40, 10))
    path = networks.save(tmp_path / "n.onnx", [networks.node("Gemm", "x w b", "y", alpha=0.75, beta=-2.0)],
                         {"w": w, "b": b}, ("batch", 10), 5, kind=networks.DOUBLE)  # fmt: skip
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.zeros(40, int))
    np.savez(tmp_path / "other.npz", x_test=0.7 * x[:20], y_test=np.zeros(20, int))
    return setup_of(path, tmp_path / "d.npz", *settings, calibration=tmp_path / "other.npz"), w, b


@pytest.mark.parametrize("wires", [{}, WIRES])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("dac", "adc", "adc_range"), [(8, 6, "calibrated"), (3, 10, "full"), (16, 16, "calibrated")])
def test_a_gemm_is_the_emulated_one(tmp_path, mode, dac, adc, adc_range, wires):
    tiles = {"array.rows": 4, "array.columns": 18 if mode == "bit-sliced" else 7}
    exact = {"array.r_row_ohm": 0, "array.r_col_ohm": 0}
    made, _, b = gemm_study(tmp_path, exact, wires, tiles, converters(dac, adc, mode, adc_range))
    (part,), config = made.parts(0), made.hardware.config
    rows = [slice(0, 3), slice(3, 6), slice(6, 10)]
    columns = [slice(0, 5)] if mode == "reference" else [slice(0, 2), slice(2, 5)]
    assert part.conductances is not part.plan.target  # with programming errors
    if adc_range == "full":
        assert part.plan.adc_range == pytest.approx(np.full(len(part.plan.adc_range), 4))
    product, clipped = emulated(part, config, rows, columns, made.images, dac, adc, mode)
    expected = 0.75 * product - 2.0 * b
    assert relative(trial_logits(made), expected) < 1e-12
    assert adc_range == "calibrated" or clipped == 0


@pytest.mark.parametrize(
    ("mode", "dac"), [("bipolar", None), ("two-phase", None), *((mode, 6) for mode in list(MODES)[:4])]
)
def test_currents_that_differ_with_the_sign(tmp_path, mode, dac):
    """A device that conducts better one way: phases are read at positive voltage both, bipolar inputs are not."""
    of_dac = {} if dac is None else {"converters.dac_bits": dac}
    made, w, b = gemm_study(tmp_path, IDEAL, of_dac, MODES[mode], {"errors.nonlinearity": True})
    phi = lambda u: u * (1 + 0.3 * u + 0.1 * u**2)
    (part,) = made.parts(0)
    bent = replace(part, curve=replace(part.curve, coefficients=(1.0, 0.3, 0.1), odd=False))
    u = np.clip(made.images / part.plan.largest_input, -1, 1)
    reads = [(np.maximum(u, 0), 1), (np.maximum(-u, 0), -1)] if "two-phase" in mode else [(u, 1)]
    if dac is not None:
        levels = 2 ** (dac - 1) - 1
        codes = quantized(made.images, part.plan.largest_input, levels)
        read = (lambda c: c) if "serial" in mode else (lambda c: c / levels)
        reads = [(read(c), f / (levels if "serial" in mode else 1)) for c, f in phases(codes, mode)]
    seen = sum(f * phi(read) for read, f in reads) * part.plan.largest_input
    assert relative(logits(made, [bent]), 0.75 * seen @ w - 2.0 * b) < 1e-12


def test_phases_and_bits_change_nothing_that_fine_converters_show(tmp_path):
    """All ways to drive the same codes of few bits; the codes themselves are coarse."""
    coarse = {"converters.dac_bits": 5, "converters.adc_bits": 16, "converters.adc_range": "full"}
    settings = (IDEAL, {"array.rows": 4, "array.columns": 7}, coarse)
    found = {mode: gemm_study(tmp_path, *settings, MODES[mode])[0] for mode in list(MODES)[:4]}
    bipolar = trial_logits(found.pop("bipolar"))
    assert relative(bipolar, (setup := found["two-phase"]).network.logits(setup.images)) > 5e-3
    assert all(relative(trial_logits(other), bipolar) < 4e-4 for other in found.values())


@pytest.mark.parametrize("mode", MODES)
def test_converters_end_at_their_range(tmp_path, mode):
    made, _, b = gemm_study(tmp_path, IDEAL, {"array.rows": 4, "array.columns": 18}, converters(9, 9, mode))
    (part,) = made.parts(0)
    tight = replace(part, plan=replace(part.plan, adc_range=0.1 * np.ones(len(part.plan.adc_range))))
    rows = [slice(0, 3), slice(3, 6), slice(6, 10)]
    columns = [slice(0, 2), slice(2, 5)] if mode == "bit-sliced" else [slice(0, 5)]
    product, clipped = emulated(tight, made.hardware.config, rows, columns, made.images, 9, 9, mode)
    assert clipped > 100
    assert relative(logits(made, [tight]), 0.75 * product - 2.0 * b) < 1e-12


def windows(x, kernel, strides, pads):
    """What kernels see, shape (images, places, channels x kernel), place by place."""
    padded = np.pad(x.astype(float), ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    (m, n), (down, right) = kernel, strides
    tops = range(0, padded.shape[2] - m + 1, down)
    lefts = range(0, padded.shape[3] - n + 1, right)
    seen = [padded[:, :, i : i + m, j : j + n].reshape(len(x), -1) for i in tops for j in lefts]
    return np.stack(seen, axis=1), len(tops), len(lefts)


@pytest.mark.parametrize(
    ("height", "rows"),
    [
        (8, [slice(0, 6), slice(6, 12), slice(12, 18)]),  # two channels a tile
        (2, [slice(k, k + 2) for k in range(0, 18, 2)]),  # cut within kernels
        (100, [slice(0, 18)]),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_a_convolution_is_the_emulated_one(tmp_path, mode, height, rows):
    rng = np.random.default_rng(8)
    w, b, x = rng.normal(size=(4, 6, 3, 1)), rng.normal(size=4), rng.uniform(-0.8, 1, (6, 6, 5, 6))
    how = {"strides": [2, 1], "pads": [1, 0, 2, 1]}
    nodes = [networks.node("Conv", "x w b", "h", **how), networks.node("Flatten", "h", "y")]
    path = networks.save(tmp_path / "n.onnx", nodes, {"w": w.astype(np.float32), "b": b.astype(np.float32)},
                         ("batch", 6, 5, 6), "classes")  # fmt: skip
    np.savez(tmp_path / "d.npz", x_test=x.astype(np.float32), y_test=np.zeros(6, int))
    np.savez(tmp_path / "other.npz", x_test=0.99 * x[:3].astype(np.float32), y_test=np.zeros(3, int))
    columns = {"array.rows": height, "array.columns": 12 if mode == "bit-sliced" else 4}
    made = setup_of(path, tmp_path / "d.npz", columns, {"array.r_row_ohm": 20, "array.r_col_ohm": 20},
                    converters(7, 7, mode), calibration=tmp_path / "other.npz")  # fmt: skip
    (part,) = made.parts(0)
    across = [slice(0, 2), slice(2, 4)]
    vectors, down, right = windows(x.astype(np.float32), (3, 1), how["strides"], how["pads"])
    product, _ = emulated(part, made.hardware.config, rows, across, vectors.reshape(-1, 18), 7, 7, mode)
    expected = (product + b).reshape(6, down, right, 4).transpose(0, 3, 1, 2).reshape(6, -1)
    assert relative(trial_logits(made), expected) < 1e-5


def test_the_best_range_has_the_smallest_error():
    samples = np.random.default_rng(0).laplace(size=5000)
    found = best_range(samples, 7)
    error = lambda end: np.mean((quantized(samples, end, 7) * end / 7 - samples) ** 2)
    tried = np.linspace(0.02, 1, 300) * np.abs(samples).max()
    assert found < 0.7 * np.abs(samples).max()  # a few large values are worth clipping
    assert error(found) < 1.03 * min(map(error, tried))
    assert best_range(np.zeros(4), 7) == 1


@pytest.mark.parametrize("end", [-2.0, -0.5, 0.0, 0.5, 3.0])
def test_clipping_beyond_is_that_of_an_exponential_tail(end):
    excess = np.random.default_rng(1).exponential(0.7, 1_000_000)
    squares = np.maximum(excess - end, 0) ** 2
    sampled, scatter = squares.mean(), squares.std() / 1000
    assert clipping_beyond(np.array([end]), 0.7) == pytest.approx([sampled], abs=4 * scatter)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_the_best_range_of_an_exponential_distribution_is_the_known_one(bits):
    """Range c of L steps: c^2 / (12 L^2) + 2 exp(-c) is least where c exp(c) = 12 L^2, far beyond 10 000 values."""
    levels = 2**bits - 1
    found = best_range(np.random.default_rng(2).exponential(size=10_000), levels)
    assert found == pytest.approx(lambertw(12 * levels**2).real, rel=0.15)


def test_a_bound_is_not_exceeded():
    """Pixels, white ones among them; an even distribution ends, too, though no value is reached twice."""
    rng = np.random.default_rng(3)
    assert best_range(np.clip(rng.normal(0.2, 0.3, 10_000), 0, 1), 65535) == 1
    assert 1 <= best_range(rng.uniform(size=10_000), 65535) < 1.05


# hardware.onnx


NOISY = {"errors.read_noise": 0.1}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        NOISY,
        {"converters.adc_bits": 7, "converters.dac_bits": 6, **NOISY},
        {"mapping.scheme": "reference", "errors.nonlinearity": True, "array.v_read_volt": 0.4, **NOISY},
        {"converters.adc_bits": 7, "converters.dac_bits": 6, "converters.bit_serial": True, **NOISY},
        {"compensate": "columns", "converters.adc_bits": 6},
    ],
)
def test_the_saved_network_is_the_evaluated_one(digits, tmp_path, settings):
    made = config({"array.rows": 40, "array.columns": 40}, settings)
    report = evaluate(*digits, CARD, hardware=made, trials=1, limit=150, folder=tmp_path)
    onnx.checker.check_model(onnx.load(tmp_path / "hardware.onnx"), full_check=True)
    again = prepare(EvaluationInputs(*digits, Hardware.of(CARD, made, 0), 150))
    logits = plain_run(tmp_path / "hardware.onnx", again.images)
    assert len(again.images) == report.n_images
    assert np.array_equal(logits, trial_logits(again))
    assert np.mean(logits.argmax(axis=1) == again.labels) == report.accuracy_trials[0]
    assert {n.domain for n in onnx.load(tmp_path / "hardware.onnx").graph.node} == {""}
