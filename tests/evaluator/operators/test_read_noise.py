"""Read noise in law: what the graph draws against devices that are perturbed one by one and read again."""

import numpy as np
import onnx
import pytest
from scipy import sparse
from scipy.sparse.linalg import splu

from evaluator.mapping.read_noise import noise_power
from evaluator.mapping.tiles import read_layer, slices_of, tiles_of
from evaluator.mapping.weights import map_weights, weight_layout
from netlists import ArrayConfig
from spicegen.simulate import read_operators
from tests.evaluator import networks
from tests.evaluator.circuit.kirchhoff import nodal_operator
from tests.evaluator.mapping.test_tiles import ENDS
from tests.evaluator.mapping.test_tiles import SCHEMES as TILE_SCHEMES
from tests.evaluator.setups import setup_of, trial_logits

DRAWS, PERTURBED, IMAGES = 20_000, 4000, 3
NOISE = 0.08
ARRAY = {"array.rows": 5, "array.columns": 9, "array.r_row_ohm": 2, "array.r_col_ohm": 3, "array.r_source_ohm": 20}
SCHEMES = {
    "differential": {},
    "reference": {"mapping.scheme": "reference", "mapping.scale": "per-channel"},
    "bit-sliced": {"mapping.scheme": "bit-sliced", "mapping.slices": 2, "mapping.bits_per_slice": 4},
}
FINE = {"converters.adc_bits": 16, "converters.adc_range": "full"}


def noisy_setup(tmp_path, *settings, noise=NOISE):
    """9 -> 6, on 2 x 2 tiles; each of a few images many times over: every one is a read of its own."""
    rng = np.random.default_rng(2)
    w, x = rng.normal(size=(9, 6)), rng.uniform(-1, 1, (IMAGES, 9))
    nodes = [networks.node("MatMul", "x w", "y")]
    path = networks.save(tmp_path / "n.onnx", nodes, {"w": w}, ("batch", 9), 6, kind=networks.DOUBLE)
    np.savez(tmp_path / "d.npz", x_test=np.tile(x, (DRAWS, 1)), y_test=np.zeros(len(x) * DRAWS, int))
    np.savez(tmp_path / "c.npz", x_test=1.01 * x, y_test=np.zeros(len(x), int))
    settings = (ARRAY, *settings, {"errors.read_noise": noise})
    return setup_of(path, tmp_path / "d.npz", *settings, calibration=tmp_path / "c.npz")


def drawn(setup, trial=0):
    """Logits of every image, shape (images, draws, outputs)."""
    return trial_logits(setup, trial).reshape(DRAWS, IMAGES, -1).swapaxes(0, 1)


def perturbed(setup):
    """The same from arrays in which every device is off by itself, and whose operators are extracted again."""
    (part,), array, rng = setup.parts(0), setup.hardware.config.array, np.random.default_rng(7)
    target, layout = part.plan.target, part.plan.target.layout
    x, found = setup.images[:IMAGES].astype(float), np.zeros((PERTURBED, IMAGES, 6))
    for tile in tiles_of(part.plan.layer.weights.shape, array, layout):
        g = tile.conductances(part.conductances)
        off = g * (1 + NOISE * rng.normal(size=(PERTURBED, *g.shape)))
        operators = np.array(read_operators([array.crossbar(some) for some in off])) / target.span_siemens
        slices = np.array([slices_of(t, layout) for t in operators])
        weights = np.einsum("s,dsoi->doi", layout.factors, slices) * target.full_scale[0, tile.outputs, None]
        found[:, :, tile.outputs] += np.einsum("doi,ni->dno", weights, x[:, tile.inputs])
    return found.swapaxes(0, 1)


def covariances(samples):
    return np.array([np.cov(image, rowvar=False) for image in samples])


def deviation(a, b):
    """Largest difference of two covariance matrices, in units of their statistical error."""
    scale = np.sqrt(np.einsum("nii,njj->nij", b, b) + b**2)  # variance of an estimate from n draws, times n
    return np.abs((a - b) / scale).max() / (1 / PERTURBED + 1 / DRAWS) ** 0.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ends", ["plain", "uneven", "both", "terminated"])
def test_what_each_device_adds_is_its_derivative(scheme, ends):
    """Of a nodal analysis with the conductance a little higher, at inputs of which the second moments are a ReLU's."""
    config, array = TILE_SCHEMES[scheme], ArrayConfig(rows=4, columns=12, **ENDS[ends])
    layout, rng = weight_layout(config), np.random.default_rng(1)
    layer = map_weights(rng.normal(size=(1, 2, 4)), config, (1e-5, 4e-5), 1)
    (tile,) = tiles_of((1, 2, 4), array, layout)
    g, read = tile.conductances(layer) / layer.span_siemens, read_layer(layer, array, powers=True)
    base, adds = nodal_operator(g * layer.span_siemens, array), np.zeros(g.shape)
    for cell in np.ndindex(g.shape):
        more = g * layer.span_siemens
        more[cell] *= 1 + 1e-4
        by_row = (nodal_operator(more, array) - base)[cell[1]] / 1e-4 / layer.span_siemens
        adds[cell] = by_row.sum() ** 2 / np.pi + (1 - 1 / np.pi) * np.sum(by_row**2)
    if layout.has_reference:
        assert read.reference_power[0, 0] == pytest.approx(adds[:, 1], rel=0.01)
        adds = np.delete(adds, 1, axis=1)
    power = adds.reshape(4, 2, len(layout.factors), -1).sum(axis=-1)  # (rows, outputs, slices)
    assert read.power[:, 0] == pytest.approx(power.transpose(2, 1, 0), rel=0.01)


def exact_deviation(g, ohm, x):
    """Of each column's current over relative noise: sparse nodal analysis, solved for inputs and for columns' ends."""
    (m, n), cells = g.shape, g.size
    rows, columns = np.arange(cells).reshape(m, n), np.arange(cells, 2 * cells).reshape(m, n)
    pairs = [(rows, columns, g), (rows[:, :-1], rows[:, 1:], 1 / ohm), (columns[:-1], columns[1:], 1 / ohm)]
    a = sparse.coo_array((2 * cells, 2 * cells))
    for one, other, s in pairs:
        p, q, s = one.ravel(), other.ravel(), np.broadcast_to(s, one.shape).ravel()
        places = np.concatenate([p, q, p, q]), np.concatenate([p, q, q, p])
        a = a + sparse.coo_array((np.concatenate([s, s, -s, -s]), places), a.shape)
    held = np.concatenate([rows[:, 0], columns[-1]])
    a = a + sparse.coo_array((np.full(m + n, 1 / ohm), (held, held)), a.shape)
    ends = np.zeros((2 * cells, 1 + n))
    ends[rows[:, 0], 0] = x / ohm
    ends[columns[-1], np.arange(1, n + 1)] = 1 / ohm
    v = splu(a.tocsc()).solve(ends)
    across = v[rows.ravel()] - v[columns.ravel()]
    return np.sqrt((g.ravel() * across[:, 0]) ** 2 @ across[:, 1:] ** 2)


@pytest.mark.parametrize(
    ("ohm", "inputs", "off", "plain"),
    [
        (1.0, "relu", 0.003, 1.012), (1.0, "equal", 0.025, 1.035), (1.0, "signed", 0.012, 1.003),
        (5.0, "relu", 0.02, 1.07), (5.0, "equal", 0.11, 1.155), (5.0, "signed", 0.025, 1.022),
    ],
)  # fmt: skip
def test_noise_of_large_tiles_is_nearly_exact(ohm, inputs, off, plain):
    """64 x 64 devices: how far noise is off behind a ReLU, and at inputs that it is not made for; and by T alone."""
    rng, array = np.random.default_rng(5), ArrayConfig(rows=64, columns=64, r_row_ohm=ohm, r_col_ohm=ohm)
    g, normal = rng.uniform(1e-5, 4e-5, (64, 64)), rng.normal(size=64)
    x = {"equal": np.ones(64), "relu": np.maximum(normal, 0), "signed": normal}[inputs]
    operator = read_operators([array.crossbar(g)])[0]
    exact = exact_deviation(g, ohm, x)
    found, by_operator = (np.mean(np.sqrt(p @ x**2) / exact) for p in (noise_power(operator, array), operator**2))
    assert found == pytest.approx(1, abs=off)
    assert by_operator == pytest.approx(plain, abs=0.01)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("line", ["r_row_ohm", "r_col_ohm", "r_source_ohm", "r_sense_ohm"])
def test_noise_over_wires_that_nothing_gets_through(line):
    """What arrives is rounding: it never adds more than its row's operator."""
    for ohm in 10.0 ** np.arange(4, 13):
        array = ArrayConfig(rows=32, columns=128, **{line: ohm})
        g = np.random.default_rng(3).uniform(1e-5, 4e-5, (32, 128))
        operator = read_operators([array.crossbar(g)])[0]
        assert np.all(noise_power(operator, array) <= operator**2 * 1.001 + (1e-9 * g.T) ** 2)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("converters", [{}, FINE])
def test_noise_is_that_of_perturbed_devices(tmp_path, scheme, converters):
    setup = noisy_setup(tmp_path, SCHEMES[scheme], converters)
    graph, devices = drawn(setup), perturbed(setup)
    assert deviation(covariances(devices), covariances(graph)) < 5
    error = np.std(graph, axis=1) / DRAWS**0.5 + np.std(devices, axis=1) / PERTURBED**0.5
    assert np.all(np.abs(graph.mean(axis=1) - devices.mean(axis=1)) < 5 * error + 1e-3)
    if not converters:
        z = (graph - graph.mean(axis=1, keepdims=True)) / graph.std(axis=1, keepdims=True)
        assert np.abs(np.mean(z**3, axis=1)).max() < 5 * (6 / DRAWS) ** 0.5
        assert np.abs(np.mean(z**4, axis=1) - 3).max() < 5 * (24 / DRAWS) ** 0.5  # normal


def test_outputs_of_a_tile_share_the_noise_of_their_reference(tmp_path):
    """6 outputs on one range of a reference column, and none between ranges; differential pairs share nothing."""
    for scheme, settings, ranges in (
        ("differential", {}, [range(6)]),
        ("reference", {}, [range(6)]),
        ("reference", {"array.columns": 4}, [range(3), range(3, 6)]),
    ):
        setup = noisy_setup(tmp_path, SCHEMES[scheme], settings)
        correlation = np.array([np.corrcoef(image, rowvar=False) for image in drawn(setup)])
        together = np.zeros((6, 6), bool)
        for r in ranges:
            together[np.ix_(r, r)] = scheme == "reference"
        np.fill_diagonal(together, True)
        assert np.abs(correlation[:, ~together]).max(initial=0) < 5 / DRAWS**0.5
        others = together & ~np.eye(6, dtype=bool)
        assert not others.any() or correlation[:, others].min() > 0.2


def test_noise_is_in_proportion_and_fresh(tmp_path):
    small, large = (drawn(noisy_setup(tmp_path, noise=n)) for n in (0.01, 0.1))
    assert large.std(axis=1) == pytest.approx(10 * small.std(axis=1), rel=0.05)
    setup = noisy_setup(tmp_path)
    first, again, other = drawn(setup), drawn(setup), drawn(setup, trial=1)
    assert np.array_equal(first, again)
    for image in range(IMAGES):
        together = np.corrcoef(np.concatenate([first[image], other[image]], axis=1), rowvar=False)[:6, 6:]
        assert np.abs(together).max() < 5 / DRAWS**0.5  # trials have nothing in common
        serial = [np.corrcoef(first[image, :-1, k], first[image, 1:, k])[0, 1] for k in range(6)]
        assert np.abs(serial).max() < 5 / DRAWS**0.5  # nor reads


@pytest.mark.parametrize("converters", [{}, FINE])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_bit_is_a_read_with_noise_of_its_own(tmp_path, scheme, converters):
    serial = {"converters.dac_bits": 6, "converters.bit_serial": True, **converters}
    setup = noisy_setup(tmp_path, SCHEMES[scheme], serial)
    ((part,), graph) = setup.parts(0), drawn(setup)
    levels, largest, factors = 31, part.plan.largest_input, part.plan.target.layout.factors
    codes = np.clip(np.rint(setup.images[:IMAGES] / largest * levels), -levels, levels)
    bits = np.array([(np.abs(codes).astype(int) >> k & 1) * 2**k for k in range(5)]) * largest / levels
    squares = np.sum(bits**2, axis=0)  # of what each row is driven with, over the reads
    variance = np.einsum("s,soi,ni->no", factors**2, part.read.power[:, 0], squares)
    if part.read.reference_power is not None:
        of = np.arange(6) * part.read.reference_power.shape[1] // 6
        variance += (part.read.reference_power[0] @ squares.T).T[:, of]
    expected = NOISE * np.sqrt(variance) * part.plan.target.full_scale[0]
    assert graph.std(axis=1) == pytest.approx(expected, rel=5 / (2 * DRAWS) ** 0.5)


@pytest.mark.parametrize("form", ["conv_groups", "conv_strided", "conv_transpose", "matmul_weights_first"])
@pytest.mark.parametrize("scheme", ["differential", "reference"])
def test_noise_of_every_place_of_other_forms(tmp_path, form, scheme):
    """Each place of a kernel is a read of its own; the exact variance is a sum over what the arrays see."""
    path, count = networks.FORMS[form](tmp_path / "n.onnx"), 8000
    image = {"conv_groups": (4, 5, 5), "conv_strided": (2, 7, 6), "conv_transpose": (4, 3, 3)}.get(form, (6,))
    x = np.random.default_rng(3).uniform(-1, 1, image).astype(np.float32)
    np.savez(tmp_path / "d.npz", x_test=np.tile(x, (count, *[1] * len(image))), y_test=np.zeros(count, int))
    small = {"array.rows": 7, "array.columns": 5, "errors.read_noise": NOISE}
    setup = setup_of(path, tmp_path / "d.npz", SCHEMES[scheme], small)
    (part,), layout = setup.parts(0), weight_layout(setup.hardware.config.mapping)
    layer, scale = part.plan.layer, part.plan.target.full_scale
    power = part.read.power[0]
    if layout.has_reference:
        ranges = part.read.reference_power.shape[1]
        edges = [layer.shape[0] * k // ranges for k in range(ranges + 1)]
        power = power + np.repeat(part.read.reference_power, np.diff(edges), axis=1)
    activation = x[None] if form != "matmul_weights_first" else x[None, :, None]
    variance = NOISE**2 * (layer.to_vectors(activation, None) ** 2) @ (power * scale[..., None] ** 2).swapaxes(1, 2)
    variance = layer.from_vectors(variance, activation.shape)
    if form == "conv_transpose":  # what meets at a pixel adds up: kernels of (2, 2), strides of (2, 1)
        of_place = variance.reshape(1, 6, 2, 2, 3, 3)
        variance = np.zeros((1, 6, 6, 4))
        for i, j in np.ndindex(2, 2):
            variance[:, :, i : i + 6 : 2, j : j + 3] += of_place[:, :, i, j]
    found = trial_logits(setup).var(axis=0)
    assert found == pytest.approx(variance.ravel(), rel=6 * (2 / count) ** 0.5)


@pytest.mark.parametrize("scheme", ["differential", "reference"])
@pytest.mark.parametrize("size", [1e-2, 1.0, 300.0])
def test_half_precision_has_the_noise_of_double(tmp_path, scheme, size):
    """Squares of small noise and of large inputs are out of its range."""
    rng = np.random.default_rng(2)
    w, x = rng.normal(size=(9, 6)) / max(size, 1), size * rng.uniform(0.5, 1, (1, 9))
    found = []
    for kind in (onnx.TensorProto.FLOAT16, networks.DOUBLE):
        nodes = [networks.node("MatMul", "x w", "y")]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
        path = networks.save(tmp_path / "n.onnx", nodes, {"w": w.astype(dtype)}, ("batch", 9), 6, kind=kind)
        np.savez(tmp_path / "d.npz", x_test=np.tile(x, (DRAWS, 1)), y_test=np.zeros(DRAWS, int))
        setup = setup_of(path, tmp_path / "d.npz", ARRAY, SCHEMES[scheme], {"errors.read_noise": 0.02})
        found.append(trial_logits(setup).std(axis=0))
    assert found[0] == pytest.approx(found[1], rel=6 / DRAWS**0.5 + 0.01)


@pytest.mark.parametrize("opset", [17, onnx.defs.onnx_opset_version()])
def test_every_random_node_has_a_seed_of_its_own(digits, tmp_path, opset):
    path = tmp_path / "n.onnx"
    path.write_bytes(digits[0].read_bytes())
    serial = {"converters.dac_bits": 8, "converters.bit_serial": True, "converters.adc_bits": 8}
    noisy = {"array.rows": 8, "errors.read_noise": 0.1}
    setup = setup_of(networks.in_opset(path, opset), digits[1], noisy, serial, limit=5)
    graphs = [setup.on_arrays(setup.parts(trial)).graph.model.graph for trial in (0, 1)]
    seeds = [[a.f or a.i for n in g.node for a in n.attribute if a.name == "seed"] for g in graphs]
    assert len(seeds[0]) > 50
    assert len(set(seeds[0] + seeds[1])) == 2 * len(seeds[0])
