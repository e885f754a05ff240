"""Fits: what is found, how sure it is, and that work done is not lost."""

import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import numpy as np
import pytest

from models_va import Quantity, load_card
from models_va.errors import InputError
from spicegen.cli.main import app
from spicegen.fit.free_parameter import Free
from spicegen.fit.solve.least_squares import PRIOR
from spicegen.fit.solve.least_squares import fit as least_squares_fit
from spicegen.paper import DEVICE_EXPERIMENTS, Assumptions, Findings, PaperTrend, ProgramRunner
from spicegen.paper import fit_residuals as paper
from spicegen.paper.assumptions import ASSUMPTION_UNITS
from spicegen.paper.experiment import Experiment
from spicegen.paper.fit import ENDURANCE_CYCLES, paper_fit
from spicegen.paper.fit_processes import _workers
from spicegen.paper.fit_processes import fit_in_processes as fit
from spicegen.paper.fit_residuals import PaperResiduals
from spicegen.paper.retention import Kept2d
from spicegen.simulate import simulator

TIMES = np.linspace(0.0, 3.0, 40)
TRUTH = {"height": 2.0, "tau": 0.7, "gain": 3.0, "size": 0.5}
NOISE = 0.02


def decay(values):
    """Gain and size only show as their product, and that shows in one number; height and tau are well fixed."""
    curve = values["height"] * np.exp(-TIMES / values["tau"])
    return np.append(curve, values["gain"] * values["size"])


def residuals(values):
    noise = np.random.default_rng(3).normal(0, NOISE, len(TIMES) + 1)
    return (decay(values) - decay(TRUTH) - noise) / NOISE


def free(**starts):
    starts = {"height": 1.0, "tau": 2.0, "gain": 1.0, "size": 1.0, **starts}
    return [Free(name, start, start / 100, start * 100) for name, start in starts.items()]


@pytest.fixture(scope="module")
def solution():
    return fit(residuals, free(), seed=1)


def rippled(values):
    """Residuals of a valley about ln 2 for each parameter, with ripples in which a descent stays where it is."""
    z = np.log([values["height"], values["tau"]])
    return np.concatenate([1.5 * (z - 2.0), np.sin(8 * np.pi * z)])


def test_a_population_leaves_the_ripple_in_which_a_descent_stays():
    some = [Free(name, 1.1, 1e-3, 1e5) for name in ("height", "tau")]
    alone, searched = (fit(rippled, some, seed=1, population=n) for n in (0, 400))
    assert np.log(alone.values) == pytest.approx([0, 0], abs=0.2)
    assert np.log(searched.values) == pytest.approx([2, 2], abs=0.8)  # the priors, about 0, draw it in
    assert searched.misfit[0] < alone.misfit[0] / 5


def test_a_population_is_that_of_its_seed_and_goes_on_from_its_folder(tmp_path):
    some, seen = [Free(name, 1.1, 1e-3, 1e5) for name in ("height", "tau")], []

    def run(seed, folder=None):
        evaluated = []
        found = fit(
            rippled, some, seed=seed, population=60, iterations=1, cache_folder=folder,
            report_population=lambda n, misfit: evaluated.append((n, misfit)),
        )  # fmt: skip
        seen.append(evaluated)
        return found.values.tolist()

    first = run(1, tmp_path)
    times = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert run(1, tmp_path) == first == run(1)
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == times
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][-1][0] >= 60
    run(2)
    assert seen[3] != seen[0]


def test_what_the_data_fix_is_recovered_within_its_uncertainty(solution):
    found = dict(zip(TRUTH, solution.values, strict=True))
    for n, name in enumerate(("height", "tau")):
        assert solution.is_fixed[n]
        assert abs(math.log(found[name] / TRUTH[name])) < 3 * solution.std[n]
    assert found["gain"] * found["size"] == pytest.approx(1.5, rel=0.05)


def test_the_uncertainty_is_that_of_linear_regression(solution):
    """Closed form: the covariance of A and tau in A exp(-t / tau) with known noise; the prior adds next to nothing."""
    height, tau = solution.values[:2]
    shape = np.exp(-TIMES / tau)
    slopes = np.stack([height * shape, height * shape * TIMES / tau], axis=1) / NOISE  # by the logs
    expected = np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))
    assert solution.std[:2] == pytest.approx(expected, rel=0.01)


def test_what_only_shows_as_a_product_is_said_not_to_be_fixed(solution):
    assert solution.is_fixed.tolist() == [True, True, False, False]
    # a product is one combination of two: half the prior's variance of each stays
    assert solution.share[2:] == pytest.approx([0.5, 0.5], abs=0.01)
    information, direction = solution.directions()[-1]
    assert information < 1e-3
    assert abs(direction @ np.array([0, 0, 1, -1])) == pytest.approx(math.sqrt(2), rel=1e-3)


def test_what_shows_as_a_product_is_tied_up_with_the_other_factor_alone(solution):
    assert [solution.tied_to(n) for n in range(4)] == [[], [], [3], [2]]
    nothing = replace(solution, jacobian=solution.jacobian * [1, 1, 0, 0])
    assert [nothing.tied_to(n) for n in (2, 3)] == [[], []]


def test_the_prior_decides_what_the_data_do_not(solution):
    gain, size = solution.values[2:]
    assert gain == pytest.approx(size, rel=1e-3)  # both started from 1
    gain, size = fit(residuals, free(gain=4.0), seed=1).values[2:]
    assert gain == pytest.approx(4 * size, rel=1e-3)


def test_other_starts_find_the_same_and_the_same_seed_gives_the_same(solution):
    first, second = (fit(residuals, free(), seed=5, starts=3) for _ in range(2))
    assert np.array_equal(first.values, second.values)
    assert first.misfit == pytest.approx([solution.misfit[0]] * 3, rel=1e-3)


def test_bounds_are_kept_and_reported():
    bounded = [Free("height", 1.0, 0.5, 1.5), *free()[1:]]
    found = fit(residuals, bounded, seed=1)
    assert found.values[0] <= 1.5
    assert found.at_bound.tolist() == [True, False, False, False]


class _Ramp:
    """A gain that the data want beyond a hundred, its product with a size, and a height by itself."""

    slopes = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) / NOISE

    def residuals(self, z):
        return self.slopes @ z - np.log([300.0, 50.0, 2.0]) / NOISE

    def jacobian(self, z):
        return self.slopes


@pytest.mark.parametrize("upper", [False, True])
def test_where_only_the_search_ends_neither_that_parameter_is_fixed_nor_what_hangs_on_it(upper):
    """At a bound of its own it would be: there is nothing beyond. The prior's width is left of both, in closed form."""
    gain = Free("gain", 1.0, 0.01, 100.0, walls=(True, upper))
    found = least_squares_fit(_Ramp(), (gain, *free()[3:], *free()[:1]))
    assert found.values == pytest.approx([100.0, 0.5, 2.0], rel=0.02)
    assert found.at_bound.tolist() == [True, False, False]
    assert found.at_wall.tolist() == [upper, False, False]
    assert found.is_fixed.tolist() == [not upper, not upper, True]
    open_, local = PRIOR * upper, np.array([1.0, np.sqrt(2.0), 1.0]) * NOISE
    assert found.std == pytest.approx(np.hypot(local, [open_, open_, 0.0]), rel=0.01)
    assert found.correlation[0, 1] == pytest.approx(-1.0 if upper else -np.sqrt(0.5), rel=0.01)


def test_an_interrupted_fit_goes_on_from_its_cache_folder(tmp_path, solution):
    seen = []

    def stop(start, iteration, misfit):
        seen.append(misfit)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(residuals, free(), seed=1, cache_folder=tmp_path, report=stop)
    kept = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert kept
    again = fit(residuals, free(), seed=1, cache_folder=tmp_path)
    assert np.array_equal(again.values, solution.values)
    assert kept.items() <= {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}.items()


def test_the_end_of_the_work_waits_for_no_evaluation():
    with _workers(residuals) as pool:
        endless = pool.submit(time.sleep, 1e6)
        while not endless.running():
            time.sleep(0.01)
    assert isinstance(endless.exception(), BrokenProcessPool)


@pytest.mark.parametrize("name", ["_SIGMA", "_CLOSE", "_CLEAR", "_STEP", "_SOFT", "_MOST", "_targets"])
def test_residuals_of_other_targets_or_weights_are_not_taken_from_the_cache_folder(monkeypatch, name):
    residuals = PaperResiduals(load_card("au-lixcoo2-pt"), Assumptions(), [DEVICE_EXPERIMENTS["fig2d"]])
    before, constant = residuals.key, getattr(paper, name)
    monkeypatch.setattr(paper, name, dict if callable(constant) else {} if isinstance(constant, dict) else 2 * constant)
    assert residuals.key != before


def test_residuals_of_another_program_are_not_taken_from_the_cache_folder(monkeypatch):
    """Nobody has to remember to give it another version."""
    card, fig2d = load_card("au-lixcoo2-pt"), DEVICE_EXPERIMENTS["fig2d"]
    same = [PaperResiduals(card, Assumptions(), [fig2d]).key for _ in range(2)]
    findings = type(fig2d).findings

    def other(self, data, assumptions):
        seen = findings(self, data, assumptions)
        return replace(seen, numbers={row: 1.1 * number for row, number in seen.numbers.items()})

    monkeypatch.setattr(type(fig2d), "findings", other)
    assert same[0] == same[1] != PaperResiduals(card, Assumptions(), [fig2d]).key


def test_the_demand_for_what_is_kept_is_a_residual():
    card, runner = load_card("au-lixcoo2-pt"), ProgramRunner(load_card("au-lixcoo2-pt"), simulator("native"))
    share = Kept2d().kept(Kept2d().measure(runner, Assumptions()))[-1, -1]

    def missing(demanded):
        (term,) = PaperResiduals(card, Assumptions(), [Kept2d(demanded)]).terms({})
        assert term.row == "kept"
        return term.value

    assert missing(1.2 * share) > missing(share) > 2 > 0.1 > missing(share / 1.2) > 0
    assert not PaperResiduals(card, Assumptions(), [Kept2d(0.0)]).terms({})


def test_residuals_of_trends_have_no_kink():
    """Where a margin becomes clear, the slope of its residual changes by degrees."""
    margins = np.linspace(-0.1, 0.2, 3001)
    with_margins = [_Margins(m) for m in margins]
    card = load_card("au-lixcoo2-pt")
    values = np.array([PaperResiduals(card, Assumptions(), [e]).terms({})[0].value for e in with_margins])
    slopes = np.diff(values) / np.diff(margins)
    assert (slopes < 0).all()
    assert np.abs(np.diff(slopes)).max() < 0.01 * np.abs(slopes).max()
    assert values[-1] < 1e-3


class _Margins(Experiment):
    """An experiment that measures nothing, with a trend of a given margin."""

    name = "given"

    def __init__(self, margin):
        self.margin = margin

    def measure(self, runner, a):
        return None

    def observed(self, data):
        return np.ones(1)

    def findings(self, data, a):
        return Findings(trends={"srdp": PaperTrend("", np.array([self.margin]))})


def test_numbers_that_the_paper_leaves_open_are_fitted_with_the_parameters():
    """The gap of figure 2d's spikes decides beta; the card's own values are otherwise kept."""
    card = load_card("au-lixcoo2-pt")
    residuals = PaperResiduals(card, Assumptions(), [DEVICE_EXPERIMENTS["fig2d"]])
    other = PaperResiduals(card, replace(Assumptions(), period_2d_s=0.02), [DEVICE_EXPERIMENTS["fig2d"]])
    assert residuals({"period_2d_s": 0.02}).tolist() == other({}).tolist() != residuals({}).tolist()
    shipped = paper_fit("li_intercalation")
    assert set(shipped.assumptions) <= set(ASSUMPTION_UNITS)
    assert not set(shipped.assumptions) & set(shipped.parameters)


def test_workers_give_way_to_other_programs():
    with _workers(residuals) as pool:
        assert pool.submit(os.nice, 0).result() >= 5


def test_the_shipped_card_is_where_the_fit_ends():
    """Two more steps from there gain next to nothing, while the shipped start is far away."""
    shipped = paper_fit("li_intercalation")
    card, assumed = load_card(shipped.card), Assumptions(endurance_cycles=ENDURANCE_CYCLES)
    ranges = shipped.parameters | shipped.assumptions
    ends = {n: card.values[n] if n in card.values else getattr(assumed, n) for n in ranges}
    fitted = [Free(n, ends[n], r.lower, r.upper) for n, r in ranges.items()]
    residuals = PaperResiduals(card, assumed)
    here = float(np.sum(residuals({}) ** 2))
    start = float(np.sum(residuals({n: r.start for n, r in ranges.items()}) ** 2))
    assert here < 25 < 1000 < start
    assert fit(residuals, fitted, seed=1, iterations=3).misfit[0] > 0.9 * here


def test_the_shipped_card_carries_what_the_fit_says_of_each_parameter():
    shipped = paper_fit("li_intercalation")
    card = load_card(shipped.card)
    fitted = {name for name, q in card.parameters.items() if q.provenance == "fitted"}
    assert fitted == set(shipped.parameters)
    for name, q in card.parameters.items():
        assert q.uncertainty is not None, name


def test_a_card_survives_its_file(tmp_path):
    card = load_card("au-lixcoo2-pt")
    changed = card.with_parameters({"v_t": Quantity(value=0.3, uncertainty=0.01, provenance="fitted", note="# 'x: y")})
    (tmp_path / "c.yaml").write_text(changed.to_yaml())
    assert load_card(tmp_path / "c.yaml") == changed
    assert changed.values["v_t"] == 0.3
    assert card.values["v_t"] != 0.3


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["x.csv", "--model", "vteam"], "x.csv"), (["paper", "--model", "vteam"], "li_intercalation")],
)
def test_what_cannot_be_fitted_is_said(arguments, word, tmp_path):
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, ["fit", *arguments, "-o", str(tmp_path / "c.yaml")])
    assert isinstance(result.exception, InputError)
    assert word in str(result.exception)
    assert not (tmp_path / "c.yaml").exists()


def test_a_folder_as_card_is_refused_before_the_work(tmp_path):
    from typer.testing import CliRunner

    (tmp_path / "c.yaml").mkdir()
    result = CliRunner().invoke(app, ["fit", "paper", "--model", "li_intercalation", "-o", str(tmp_path / "c.yaml")])
    assert isinstance(result.exception, InputError)
    assert "is a folder" in str(result.exception)


def test_ctrl_c_ends_the_command_and_keeps_what_was_computed(tmp_path):
    """As on a terminal: the signal reaches the whole group, workers included."""
    command = [sys.executable, "-c", "from spicegen.cli.main import main; main()", "fit", "paper"]
    command += ["--model", "li_intercalation", "-o", str(tmp_path / "card.yaml"), "--report", str(tmp_path)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    evaluations = tmp_path / "evaluations"
    while not list(evaluations.glob("*.npz")) and running.poll() is None:
        time.sleep(0.2)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate()
    assert running.returncode == 130
    assert errors == b"spicegen: interrupted\n"
    assert list(evaluations.glob("*.npz"))
    assert not (tmp_path / "card.yaml").exists()
