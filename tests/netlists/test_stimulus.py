import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models_va.errors import InputError
from netlists import ReadVectors, SpikeTrain, Waveform

seconds = st.floats(1e-6, 1.0)
volts = st.floats(-5, 5)


@pytest.mark.parametrize(
    ("time_s", "value_volt", "reason"),
    [
        ((), (), "at least one"),
        ((0.0, 1.0), (1.0,), "as many times as values"),
        ((0.0, math.nan), (1.0, 1.0), "finite"),
        ((0.0, math.inf), (1.0, 1.0), "finite"),
        ((0.0, 1.0), (1.0, math.nan), "finite"),
        ((1.0,), (1.0,), "start at 0 s"),
        ((-1.0, 0.0), (1.0, 1.0), "start at 0 s"),
        ((0.0, 1.0, 1.0), (1.0, 1.0, 2.0), "rise strictly"),
        ((0.0, 2.0, 1.0), (1.0, 1.0, 2.0), "rise strictly"),
    ],
)
def test_bad_waveforms(time_s, value_volt, reason):
    with pytest.raises(InputError, match=f"waveform: .*{reason}"):
        Waveform(time_s, value_volt)


def test_waveform_between_and_after_its_points():
    ramp = Waveform((0.0, 2.0, 3.0), (0.0, 1.0, -1.0))
    assert [ramp.at(t) for t in (0.0, 1.0, 2.0, 2.5, 3.0, 99.0)] == [0.0, 0.5, 1.0, 0.0, -1.0, -1.0]
    assert not ramp.is_constant


@given(volts, st.floats(0, 1e3))
def test_constant(volt, t):
    wave = Waveform.constant(volt)
    assert wave.is_constant
    assert wave.at(t) == volt


@given(
    st.lists(volts, min_size=1, max_size=8),
    *[seconds] * 4,
    st.floats(1.001, 10),
    st.floats(0.01, 1),
)
def test_spike_train(amplitudes, width, delay, read_width, edge, stretch, v_read):
    period = (width + delay + read_width + 4 * edge) * stretch
    train = SpikeTrain(tuple(amplitudes), width, period, v_read, delay, read_width, edge)
    wave = train.waveform()
    times = np.array(wave.time_s)
    starts = np.arange(len(amplitudes)) * period
    assert times[-1] <= train.stop_s == pytest.approx(len(amplitudes) * period)
    for n, read in enumerate(train.read_time_s):
        assert np.abs(times - read).min() <= 1e-12 * train.stop_s
        assert wave.at(read) == pytest.approx(v_read, rel=1e-9)
        assert starts[n] + edge + width + edge + delay < read < starts[n] + period
        for inside in (0.01, 0.5, 0.99):
            assert wave.at(starts[n] + edge + inside * width) == pytest.approx(amplitudes[n], rel=1e-6, abs=1e-9)
        assert wave.at(starts[n] + 2 * edge + width + delay / 2) == 0
        assert wave.at(starts[n] + 0.5 * edge) == pytest.approx(amplitudes[n] / 2, rel=1e-6, abs=1e-9)
    assert wave.at(train.stop_s) == 0


def test_read_at_the_middle_of_the_read_pulse():
    train = SpikeTrain((-1.5, -1.5), 10e-3, 13e-3)
    np.testing.assert_allclose(train.read_time_s, [11.03e-3, 24.03e-3], rtol=1e-12)


@pytest.mark.parametrize("field", ["width_s", "read_delay_s", "read_width_s", "edge_s"])
@pytest.mark.parametrize("bad", [0.0, -1e-3, 13e-3, math.inf])
def test_all_parts_are_positive_and_fit_into_the_period(field, bad):
    parts = {"width_s": 10e-3, "period_s": 13e-3} | {field: bad}
    with pytest.raises(InputError, match=r"spike train: .*fit into the period of 0.013 s"):
        SpikeTrain((-1.5,), **parts)


def test_no_spikes():
    with pytest.raises(InputError, match="at least one spike"):
        SpikeTrain((), 10e-3, 13e-3)


@pytest.mark.parametrize("changes", [{"width_s": math.nan}, {"period_s": math.inf}, {"v_read_volt": math.nan}])
def test_not_finite_is_refused_before_any_simulator_sees_it(changes):
    parts = {"width_s": 10e-3, "period_s": 13e-3} | changes
    with pytest.raises(InputError):
        SpikeTrain((-1.5, -1.5), **parts).waveform()


@given(st.lists(volts, min_size=1, max_size=5))
def test_read_vectors_are_rows(values):
    reads = ReadVectors(np.array(values))
    assert reads.v_volt.shape == (1, len(values))
    assume(len(values) > 1)
    assert ReadVectors(np.array(values)[:, None]).v_volt.shape == (len(values), 1)


@pytest.mark.parametrize("bad", [np.zeros((1, 1, 1)), np.array([[np.nan]]), np.array([[np.inf]])])
def test_bad_read_vectors(bad):
    with pytest.raises(InputError, match="read vectors: need finite voltages of shape"):
        ReadVectors(bad)


def test_read_vectors_keep_their_own_copy():
    v = np.ones((2, 2))
    reads = ReadVectors(v)
    v[0, 0] = 7
    assert reads.v_volt[0, 0] == 1
