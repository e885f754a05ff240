"""The compiled training against plain numpy, derivatives by differences, and the moments of each law."""

from itertools import pairwise

import numpy as np
import pytest

from evaluator.training import TrainConfig, kernel
from evaluator.training.device_steps import DeviceSteps, device_steps
from models_va import load_card
from tests.evaluator.training import plain

CARD = load_card("au-lixcoo2-pt")
SIZES = (5, 4, 3)


def law_steps(**values):
    return device_steps(CARD, TrainConfig.model_validate({"update": {"source": "law", **values}}).update)


def linear(states=1000.0):
    return law_steps(states=states)


class Trainer:
    """The compiled code on one network, with its flat arrays."""

    def __init__(self, sizes=SIZES, steps=None, range_=8.0, seed=0, spread=1.0):
        self.sizes, self.steps = np.array(sizes), steps or linear()
        self.ranges = np.full(len(sizes) - 1, range_, np.float32)
        rng = np.random.default_rng(seed)
        self.w = [rng.uniform(-spread, spread, (n + 1, m)) for n, m in pairwise(sizes)]
        flat = np.concatenate([w.ravel() for w in self.w]) / range_
        self.g = np.stack([0.5 + flat / 2, 0.5 - flat / 2]).astype(np.float32)
        self.fast, self.transfer = np.full_like(self.g, 0.5), np.array([10.0, 0.5, 1.0])
        self.chi, self.bias = np.zeros(len(flat), np.float32), np.zeros(sum(sizes[1:]), np.float32)

    def floating(self):
        """Weights in the place of conductances, as law FLOAT has them."""
        self.g[0] = np.concatenate([w.ravel() for w in self.w])
        self.g[1] = 0
        self.ranges[:] = 1
        return self

    def train(
        self,
        law,
        x,
        y,
        kind=kernel.PAIR,
        rate=0.1,
        key=1,
        first_step=0,
        relu=False,
        biases=0,
        batch=1,
        read=(0, 0, 12, 0),
    ):
        x = np.atleast_2d(np.asarray(x, np.float32))
        *tables, fbar = self.steps.compiled_tables()
        return kernel.train_part(
            law, kind, self.sizes, self.g, self.chi, self.bias, biases, self.ranges, rate, batch,
            np.ascontiguousarray(x), np.atleast_1d(np.asarray(y, np.int64)), np.arange(len(x)), first_step, relu,
            np.uint64(key), *tables, self.steps.noisy, fbar, self.fast, self.transfer, np.array(read, float),
        )  # fmt: skip

    def layers(self, which=None):
        found, start = [], 0
        for n, m in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            part = self.g[:, start : start + (n + 1) * m].reshape(2, n + 1, m)
            found.append(part[0] - part[1] if which is None else part[which])
            start += (n + 1) * m
        return found


def samples(n, inputs=5, classes=3, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, (n, inputs)).astype(np.float32)
    x[rng.random(x.shape) < 0.3] = 0
    return x, rng.integers(0, classes, n)


@pytest.mark.parametrize("relu", [False, True])
def test_the_gradient_is_that_of_differences(relu):
    (x,), (label,) = samples(1)
    trainer = Trainer().floating()
    trainer.train(kernel.FLOAT, x, label, rate=1.0, relu=relu)
    for layer, (before, after) in enumerate(zip(trainer.w, trainer.layers(), strict=True)):
        for place in np.ndindex(before.shape):
            losses = []
            for shift in (1e-6, -1e-6):
                moved = [w.copy() for w in trainer.w]
                moved[layer][place] += shift
                losses.append(plain.loss(moved, x.astype(float), label, relu))
            slope = (losses[0] - losses[1]) / 2e-6
            assert before[place] - after[place] == pytest.approx(slope, abs=2e-6)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_linear_symmetric_device_without_noise_is_stochastic_gradient_descent(batch):
    """One step to 1e-6, two thousand to what single precision leaves."""
    x, y = samples(2000)
    for count, range_, within in ((batch, 4.0, 1e-6), (2000, 20.0, 3e-4)):
        device, floating = Trainer(range_=range_), Trainer().floating()
        device.train(kernel.CONTINUOUS, x[:count], y[:count], batch=batch)
        floating.train(kernel.FLOAT, x[:count], y[:count], batch=batch)
        for a, b in zip(device.layers(), floating.layers(), strict=True):
            assert range_ * a == pytest.approx(b, abs=within)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("law", ["continuous", "accumulate"])
def test_laws_are_those_written_plainly(law, relu):
    steps = law_steps(beta_p=2.0, beta_d=3.0, states=40)
    x, y = samples(60)
    trainer = Trainer(steps=steps)
    w = [
        (plus.astype(float), minus.astype(float))
        for plus, minus in zip(trainer.layers(0), trainer.layers(1), strict=True)
    ]
    chi = [np.zeros_like(plus) for plus, _ in w]
    trainer.train(getattr(kernel, law.upper()), x, y, rate=0.5, relu=relu)
    for sample, label in zip(x.astype(float), y, strict=True):
        products = plain.outer_products([8.0 * (p - m) for p, m in w], sample, label, relu)
        for n, ((plus, minus), (inputs, errors)) in enumerate(zip(w, products, strict=True)):
            if law == "continuous":
                plain.continuous(plus, minus, inputs, errors, 0.5 / 8.0, steps)
            else:
                plain.accumulate(plus, minus, chi[n], inputs, errors, 0.5 / 8.0, steps)
    for which in (0, 1):
        for found, expected in zip(trainer.layers(which), w, strict=True):
            assert found == pytest.approx(expected[which], abs=1e-5)


WHOLE = {"poisson": kernel.POISSON, "bernoulli": kernel.BERNOULLI, "streams": kernel.STREAMS}


@pytest.mark.parametrize("kind", [kernel.PAIR, kernel.SINGLE])
@pytest.mark.parametrize("law", WHOLE)
def test_whole_pulses_have_the_wanted_mean_and_variance(law, kind):
    """Of one layer, whose errors are known: the mean is that of the gradient, the variance |mean| times a step."""
    x, label, rate, states, many = np.array([0.0, 0.2, 1.0, 0.7, 0.0]), 1, 0.05, 200.0, 4000
    changes = []
    for key in range(many):
        trainer = Trainer((5, 3), linear(states), spread=0.0)
        trainer.train(WHOLE[law], x, label, kind=kind, rate=rate, key=key)
        changes.append(8.0 * trainer.layers()[0])
    changes = np.array(changes)
    inputs, errors = np.append(x, 1.0), np.array([1, -2, 1]) / 3
    wanted = -rate * np.outer(inputs, errors)
    devices = 2 if kind == kernel.PAIR else 1
    step = 8.0 / states
    deviation = np.sqrt(np.abs(wanted) * step)
    assert np.all(changes[:, [0, 4]] == 0)  # an input of zero never pulses
    mean, variance = changes.mean(axis=0), changes.var(axis=0)
    assert np.all(np.abs(mean - wanted) < 4.5 * np.maximum(deviation, 1e-9) * devices**0.5 / np.sqrt(many))
    if law == "poisson":
        assert variance[wanted != 0] == pytest.approx((deviation**2)[wanted != 0], rel=0.2)


def test_the_beta_law_after_random_pulses_is_its_recurrence():
    """beta 0.3 up, 1.3 down, 25 states: the mean after 100 random pulses from 0.5 (../shared/cases/training)."""
    steps = law_steps(beta_p=0.3, beta_d=1.3, states=25)
    assert steps.mean[0][128] == pytest.approx((1 - np.exp(-0.3 / 25)) * (1 / (1 - np.exp(-0.3)) - 0.5), rel=1e-9)
    up = [np.polynomial.Polynomial.fit(np.linspace(0, 1, 257), m, 1).convert().coef for m in steps.mean]
    x = 0.5
    for _ in range(100):
        x += 0.5 * sum(a + b * x for a, b in up)
    assert x == pytest.approx(0.434781262, abs=1e-9)


def test_the_scatter_of_continuous_steps_is_that_of_their_pulses():
    """A change as large as n mean steps has the variance of n steps."""
    steps = law_steps(states=500, step_sigma=0.8)
    x, many = np.array([1.0, 0.5, 0.25, 0.0, 1.0]), 3000
    changes = []
    for key in range(many):
        trainer = Trainer((5, 3), steps, spread=0.0)
        trainer.train(kernel.CONTINUOUS, x, 0, rate=2.0, key=key)
        changes.append(trainer.layers(0)[0] - 0.5)
    wanted = -2.0 / 8 / 2 * np.outer(np.append(x, 1.0), np.array([-2, 1, 1]) / 3)
    changes = np.array(changes)
    assert changes.mean(axis=0) == pytest.approx(wanted, abs=5 * np.sqrt(np.abs(wanted).max() / 500 / many))
    moved = wanted != 0
    variance = np.abs(wanted) / steps.mean_step[0] * (0.8 * steps.mean_step[0]) ** 2
    assert changes.var(axis=0)[moved] == pytest.approx(variance[moved], rel=0.15)


@pytest.mark.parametrize("law", range(1, 7))
def test_no_device_leaves_its_window(law):
    steps = law_steps(beta_p=3.0, beta_d=3.0, states=4, step_sigma=1.0)
    trainer = Trainer(steps=steps, range_=1.5)
    x, y = samples(300)
    trainer.train(law, x, y, rate=1.0)
    assert trainer.g.min() >= 0
    assert trainer.g.max() <= 1
    assert np.ptp(trainer.g) > 0.5


@pytest.mark.parametrize("law", range(1, 7))
def test_training_in_parts_is_training_at_once(law):
    """To the bit: random numbers are counted by sample, not drawn one after the other."""
    steps = law_steps(beta_p=1.0, beta_d=1.0, states=30, step_sigma=0.5)
    x, y = samples(50)
    rate = 1.0 if law in (kernel.ACCUMULATE, kernel.TIKI_TAKA) else 0.1
    whole, parts = Trainer(steps=steps), Trainer(steps=steps)
    whole.train(law, x, y, rate=rate)
    for begin in range(0, 50, 10):
        parts.train(law, x[begin : begin + 10], y[begin : begin + 10], first_step=begin, rate=rate)
    assert np.array_equal(whole.g, parts.g)
    other = Trainer(steps=steps)
    other.train(law, x, y, key=2, rate=rate)
    assert not np.array_equal(whole.g, other.g)


def test_one_sided_cells_only_rise():
    steps = law_steps(states=50)
    x, y = samples(100)
    trainer = Trainer(steps=steps)
    flat = np.concatenate([w.ravel() for w in trainer.w]) / 8
    trainer.g[:] = np.maximum(flat, 0), np.maximum(-flat, 0)
    before = trainer.g.copy()
    trainer.train(kernel.POISSON, x, y, kind=kernel.ONE_SIDED, rate=0.5)
    assert np.all(trainer.g >= before)
    assert np.any(trainer.g > before)


@pytest.mark.parametrize("biases", [kernel.DIGITAL, kernel.NO_BIAS])
def test_biases_outside_the_arrays_leave_their_row_alone(biases):
    x, y = samples(20)
    trainer = Trainer()
    before = [layer[-1].copy() for layer in trainer.layers(0)]
    trainer.train(kernel.CONTINUOUS, x, y, biases=biases)
    assert all(np.array_equal(a[-1], b) for a, b in zip(trainer.layers(0), before, strict=True))
    assert np.any(trainer.bias != 0) == (biases == kernel.DIGITAL)


def test_tiki_taka_adds_up_what_its_fast_devices_hold():
    """Without gradients: each read of a row adds a share of the fast weight, and whole steps become pulses."""
    steps = linear(100.0)
    trainer = Trainer((5, 3), steps, spread=0.0)
    trainer.fast[0, :3], trainer.fast[1, :3] = 0.6, 0.4  # the first row
    trainer.transfer[:] = 1.0, 0.3, 2.0
    trainer.train(kernel.TIKI_TAKA, np.zeros((25, 5)), np.zeros(25), rate=1e-30)
    reads = len([step for step in range(0, 25, 2) if (step // 2) % 6 == 0])
    changed = trainer.layers()[0]
    assert reads == 3
    assert changed[0] == pytest.approx(np.floor(reads * 0.3 * 0.2 / 0.02 + 1e-3) * 0.02, abs=1e-5)
    assert np.all(changed[1:] == 0)


def test_tiki_taka_learns_by_fast_devices_that_forget():
    """The gradient of one sample, over and over: fast weights settle, slow ones follow it in sign."""
    x, label = np.array([[0.9, 0.0, 0.5, 0.7, 0.3]]), 1
    trainer = Trainer((5, 3), law_steps(beta_p=2.0, beta_d=2.0, states=100), spread=0.0)
    trainer.train(kernel.TIKI_TAKA, np.repeat(x, 300, axis=0), np.full(300, label), rate=0.05)
    gradient = np.outer(np.append(x[0], 1.0), np.array([1, -2, 1]))
    moved = trainer.layers()[0]
    assert np.all(np.sign(moved[gradient != 0]) == -np.sign(gradient[gradient != 0]))
    assert np.all(moved[1] == 0)


def test_converters_of_many_levels_change_nothing_and_few_round():
    """Of one layer: drivers round inputs to levels of the largest, columns round outputs to levels of their range."""
    x, label = np.array([0.21, 0.5, 1.0, 0.0, 0.68]), 0
    plainly, fine, coarse = (Trainer((5, 3)).floating() for _ in range(3))
    for trainer, read in ((plainly, (0, 0, 12, 0)), (fine, (32767, 1e9, 12, 0)), (coarse, (4, 3, 2.0, 0))):
        trainer.train(kernel.FLOAT, x, label, rate=1.0, read=read)
    assert fine.g[0] == pytest.approx(plainly.g[0], abs=1e-4)
    w = plainly.w[0]
    sent = np.append(np.floor(x * 4 + 0.5) / 4, 1.0)
    z = np.clip(np.floor(np.clip(sent @ w / 2.0, -1, 1) * 3 + 0.5) / 3, -1, 1) * 2.0
    p = np.exp(z) / np.exp(z).sum()
    expected = w - np.outer(np.append(x, 1.0), p - np.eye(3)[label])
    assert coarse.layers()[0] == pytest.approx(expected, abs=1e-5)


def test_read_noise_is_that_of_the_devices():
    """Each device adds its own, over the window: sigma sqrt(2 sum of squares of the inputs) in an output."""
    x, label, many = np.array([0.2, 0.5, 1.0, 0.0, 0.7]), 0, 4000
    outputs = []
    for key in range(many):
        trainer = Trainer((5, 2), spread=0.0).floating()
        trainer.train(kernel.FLOAT, x, label, rate=1.0, key=key, read=(0, 0, 12, 0.1))
        p = -trainer.layers()[0][-1]  # the bias moved by minus the error
        outputs.append(np.log((1 + p[0]) / p[1]))
    wanted = 0.1 * np.sqrt(2 * (np.sum(x**2) + 1)) * np.sqrt(2)  # the difference of two outputs
    assert np.std(outputs) == pytest.approx(wanted, rel=0.05)
    assert np.mean(outputs) == pytest.approx(0, abs=4 * wanted / np.sqrt(many))


def test_tables_on_two_grids_are_brought_onto_one(tmp_path):
    """A pair in the middle of its window moves by the mean step there over the mean step of the window."""
    from spicegen.devices.update_table import UpdateTable

    cdf = np.array([0.0, 1.0])
    up, down = np.array([1e-5, 2e-5, 4e-5]), np.array([0.5e-5, 3e-5])
    UpdateTable(up, cdf, np.array([[2e-6, 1e-6, 1e-6]] * 2)).write(tmp_path / "up.txt")
    UpdateTable(down, cdf, np.array([[-1e-6, -2e-6]] * 2)).write(tmp_path / "down.txt")
    values = {"source": "tables", "increasing": str(tmp_path / "up.txt"), "decreasing": str(tmp_path / "down.txt")}
    steps = device_steps(CARD, TrainConfig.model_validate({"update": values}).update)
    assert steps.window_siemens == (1e-5, 3e-5)
    assert not steps.noisy
    span = 2e-5
    assert steps.mean[0][[0, 512, 1024]] * span == pytest.approx([2e-6, 1e-6, 1e-6], rel=1e-3)
    assert steps.mean[1][[0, 1024]] * span == pytest.approx([-1.2e-6, -2e-6], rel=1e-3)


def test_steps_of_the_linear_law_have_no_scatter_and_their_number():
    steps = linear(77.0)
    assert isinstance(steps, DeviceSteps)
    assert steps.states == pytest.approx(77)
    assert not steps.noisy
