"""What the reference device keeps, what disturbs it and what erases it, as README and card say."""

import numpy as np
import pytest

from models_va import load_card
from netlists import PulseProgram
from spicegen.devices.source_meter import run_program
from spicegen.paper import Assumptions
from spicegen.paper.cycling import figure_2d
from spicegen.simulate import simulator

CARD = load_card("au-lixcoo2-pt")
TRAIN = figure_2d(Assumptions.period_2d_s)


def written(spikes=25, rest_s=20.0):
    """Some of figure 2d's potentiating spikes, then rest."""
    program = PulseProgram()
    program.read()
    program.train(TRAIN.amplitudes_volt[:spikes], TRAIN.width_s, TRAIN.period_s)
    program.end_stage(TRAIN.width_s / 20)
    program.relax([rest_s])
    return program


def conductances(program):
    return run_program(CARD, program, simulator("native")).conductance_siemens


@pytest.mark.parametrize(("spikes", "kept"), [(5, 0.34), (10, 0.73), (25, 0.78)])
def test_what_is_left_after_1000_s_is_what_readme_and_card_say(spikes, kept):
    g = conductances(written(spikes, 1000.0))
    assert (g[-1] - g[0]) / (g[spikes] - g[0]) == pytest.approx(kept, abs=0.006)


@pytest.mark.parametrize("volt", [0.1, -0.1])
def test_reads_for_1000_s_disturb_a_kept_state_by_less_than_a_ten_thousandth(volt):
    resting, read = written(), written()
    resting.relax([1000.0])
    read.spike(volt, 1000.0)
    read.end_stage(20.0)
    read.read()
    read.end_stage(1e-3)
    assert conductances(read)[-1] == pytest.approx(conductances(resting)[-1], rel=1e-4)


def test_a_kept_state_is_erased_by_figure_2ds_depression():
    program = written()
    program.train(TRAIN.amplitudes_volt[25:], TRAIN.width_s, TRAIN.period_s)
    program.end_stage(TRAIN.width_s / 20)
    g = conductances(program)
    assert g[26] > 3 * g[0]
    assert g[-1] == pytest.approx(g[0], rel=0.01)


@pytest.mark.parametrize(("volt", "width_s"), [(-1.5, 10e-3), (-2.0, 5e-3), (-2.0, 30e-3), (-2.0, 50e-3)])
def test_single_spikes_of_the_paper_leave_nothing(volt, width_s):
    program = PulseProgram()
    program.read()
    program.spike(volt, width_s)
    program.read()
    program.end_stage(width_s / 20)
    program.relax([20.0])
    before, right_after, later = conductances(program)
    assert right_after > 1.001 * before
    assert later == pytest.approx(before, rel=2e-3)


def test_spikes_that_follow_each_other_at_once_leave_less():
    """Habituation: without a rest in which the interface gets ready again they are one long spike."""

    def kept(gap_s):
        program = PulseProgram()
        program.read()
        program.train([-1.5] * 10, 10e-3, 10e-3 + gap_s)
        program.end_stage(5e-4)
        program.relax([20.0])
        g = conductances(program)
        return (g[-1] - g[0]) / (g[10] - g[0])

    shares = np.array([kept(gap_s) for gap_s in (2e-3, 5e-3, 10e-3)])
    assert (np.diff(shares) > 0.1).all()
