import numpy as np
import pytest

from evaluator.training import TrainConfig
from evaluator.training.config import DataConfig
from evaluator.training.device_steps import device_steps
from evaluator.training.jobs import TrainingJob, train_jobs
from evaluator.training.samples import Fold, SampleSource, fold_numbers
from models_va import load_card
from models_va.errors import InputError

CONFIG = TrainConfig().with_values(
    {"network.layers": "[4, 6, 3]", "update.source": "law", "schedule.epochs": "2", "data.subset": "null"}
)
ALL = DataConfig(subset=None, scaling="standard")


@pytest.fixture
def samples(tmp_path):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3, dtype=np.uint8), 10)
    np.savez(tmp_path / "all.npz", x=rng.normal(size=(30, 4)).astype(np.float32) + y[:, None], y=y)
    return tmp_path / "all.npz"


def jobs(samples, seeds=2):
    steps = device_steps(load_card("au-lixcoo2-pt"), CONFIG.update)
    return [TrainingJob(f"seed {n}", CONFIG, steps, SampleSource(samples, ALL, Fold(n, 5, 0)), n) for n in range(seeds)]


def test_the_parts_of_a_cross_validation_hold_every_sample_once_and_all_classes(samples):
    parts = [SampleSource(samples, ALL, Fold(n, 5, 7)).load() for n in range(5)]
    assert all(np.bincount(part.y_test).tolist() == [2, 2, 2] for part in parts)
    assert all(len(part.x) == 24 for part in parts)
    assert all(part.x.mean(axis=0) == pytest.approx(0, abs=1e-6) for part in parts)
    y = np.repeat(np.arange(3), 10)
    assert np.bincount(fold_numbers(y, 5, 7)).tolist() == [6] * 5
    assert not np.array_equal(fold_numbers(y, 5, 7), fold_numbers(y, 5, 8))


def test_workers_change_nothing_and_a_second_call_trains_nothing(samples, tmp_path):
    said = []
    states = tmp_path / "states"
    states.mkdir()
    alone = train_jobs(jobs(samples), folder=states, say=said.append)
    assert len(said) == 4
    assert said[0].startswith("seed 0, epoch 1 of 2: ")
    assert [r.n_train for r in alone] == [24, 24]
    again = train_jobs(jobs(samples), folder=states, say=said.append)
    assert len(said) == 4
    together = train_jobs(jobs(samples), workers=2)
    for other in (again, together):
        for first, second in zip(alone, other, strict=True):
            assert np.array_equal(first.run.hardware, second.run.hardware)
            assert np.array_equal(first.run.network.g, second.run.network.g)


@pytest.mark.parametrize("arrays", [{"x": np.zeros((3, 2))}, {"x": np.full((2, 2), np.nan), "y": np.arange(2)}])
def test_a_file_without_samples_is_refused_by_name(tmp_path, arrays):
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(InputError, match=r"bad\.npz: .*give"):
        SampleSource(tmp_path / "bad.npz", ALL, Fold(0, 5, 0)).load()
