import numpy as np
import pytest

from evaluator.training.config import UpdateConfig
from evaluator.training.device_steps import device_steps
from evaluator.training.effects import (
    EFFECTS,
    FINER,
    without_asymmetry,
    without_granularity,
    without_nonlinearity,
)
from models_va import load_card

UNEVEN = UpdateConfig(source="law", beta_p=1.0, beta_d=3.0, states=40, step_sigma=0.3)


@pytest.fixture(scope="module")
def steps():
    return device_steps(load_card("au-lixcoo2-pt"), UNEVEN)


def test_each_effect_leaves_the_shapes_and_the_window(steps):
    for changed in (without(steps) for without in EFFECTS.values()):
        assert changed.mean.shape == steps.mean.shape
        assert changed.residual.shape == steps.residual.shape
        assert changed.window_siemens == steps.window_siemens


def test_without_noise_only_the_mean_is_left(steps):
    quiet = steps.without_noise()
    assert not quiet.noisy
    assert np.array_equal(quiet.mean, steps.mean)


def test_without_asymmetry_steps_up_and_down_cancel(steps):
    even = without_asymmetry(steps)
    assert np.array_equal(even.mean[0], -even.mean[1])
    assert np.array_equal(even.residual[0], -even.residual[1][:, ::-1])
    assert np.ptp(even.mean[0]) > 0.1 * even.mean[0].mean()  # still nonlinear
    assert even.mean_step == pytest.approx(steps.mean_step.mean())
    trapezoid = (even.residual[..., 1:] + even.residual[..., :-1]).mean(axis=-1)
    assert trapezoid == pytest.approx(0, abs=1e-12)


def test_without_nonlinearity_steps_are_the_same_everywhere(steps):
    flat = without_nonlinearity(steps)
    assert np.ptp(flat.mean, axis=1) == pytest.approx(0)
    assert flat.mean_step == pytest.approx(steps.mean_step)
    assert np.array_equal(flat.residual, steps.residual)


def test_without_granularity_the_continuous_law_is_the_same(steps):
    fine = without_granularity(steps)
    assert fine.mean_step == pytest.approx(steps.mean_step / FINER)
    for before, after in zip(steps.compiled_tables()[2:4], fine.compiled_tables()[2:4], strict=True):
        assert after == pytest.approx(before, rel=1e-5)
