import json

import numpy as np
import pytest
from typer.testing import CliRunner

from evaluator.training.config import UpdateConfig
from evaluator.training.device_steps import device_steps
from evaluator.training.study import TrainingStudyConfig, study_training
from models_va import load_card
from models_va.errors import InputError

LITTLE = """data: few.npz
seeds: 1
laws: [continuous, accumulate]
train: {network: {layers: [4, 5, 3]}, schedule: {epochs: 1}, update: {source: law}}
nonlinearity: [0, 2]
asymmetry: [1]
states: [20]
noise: [0.5]
weight_range: [1x, 3x]
"""


@pytest.fixture
def described(tmp_path):
    rng, y = np.random.default_rng(0), np.tile(np.arange(3), 8)
    x = rng.uniform(0, 0.3, (24, 4)) + y[:, None] / 3
    np.savez(tmp_path / "few.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    (tmp_path / "study.yaml").write_text(LITTLE)
    return tmp_path / "study.yaml"


def test_the_study_trains_every_point_and_draws_them(described, tmp_path):
    import typer

    from evaluator.cli import training_study_command

    app = typer.Typer()
    app.command()(training_study_command)
    out = tmp_path / "out"
    first = CliRunner().invoke(app, [str(described), "-o", str(out)])
    assert first.exit_code == 0
    assert "nonlinearity 2.0, accumulate, seed 0, epoch 1 of 1: " in first.output
    report = json.loads((out / "report.json").read_text())
    assert len(report["points"]) == 2 * 7
    assert "<img" in (out / "report.html").read_text()
    again = CliRunner().invoke(app, [str(described), "-o", str(out)])
    assert "epoch 1 of 1" not in again.output
    assert json.loads((out / "report.json").read_text()) == report


def test_nonlinear_steps_are_alike_up_and_down_and_asymmetric_ones_opposed():
    config = TrainingStudyConfig(data="", nonlinearity=(3.0, -1.0), asymmetry=(3.0,), laws=("pulses",))
    points = {(axis, value): settings.update for axis, value, _, settings in config.points()}
    card = load_card("au-lixcoo2-pt")
    alike, opposed = (device_steps(card, points[axis, "3.0"]).mean for axis in ("nonlinearity", "asymmetry"))
    assert alike[0] == pytest.approx(-alike[1], rel=0.05)
    assert opposed[0] == pytest.approx(-opposed[1][::-1])
    assert isinstance(points["nonlinearity", "-1.0"], UpdateConfig)
    assert (points["nonlinearity", "-1.0"].beta_p, points["nonlinearity", "-1.0"].beta_d) == (-1, 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("source: law", "source: card"),
        ("[1x, 3x]", "[wide]"),
        ("few.npz", "none.npz"),
        ("noise", "nose"),
    ],
)
def test_a_wrong_description_is_refused(described, wrong, message):
    described.write_text(LITTLE.replace(wrong, message))
    with pytest.raises(InputError, match=message.split(": ")[-1].strip("[]").replace(".", r"\.")):
        study_training(described, None)
