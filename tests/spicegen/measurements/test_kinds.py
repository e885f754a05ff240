"""From tables to measurements: the kind, SI units, signs, directions, and what is nothing to fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_va import ROOM_TEMPERATURE_K
from models_va.errors import InputError
from spicegen.fit.replay.from_measurements import replays
from spicegen.measurements import Pulses, Retention, Sweep, WriteVerify, read_measurement, read_measurements
from spicegen.measurements import pulses as pulses_module
from spicegen.measurements.direction import by_polarity, by_turning_points
from spicegen.measurements.thinning import FIT_POINTS, MOST_POINTS, extremes, log_spaced


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "m.csv"
        path.write_text(text, encoding="utf-8")
        return read_measurement(path)

    return read


def test_sweep(read):
    sweep = read("# temperature_C: 26.85\ntime_ms,voltage_mV,current_nA\n0,0,0\n100,500,5\n200,-500,-4\n")
    assert isinstance(sweep, Sweep)
    assert sweep.time_s == pytest.approx([0, 0.1, 0.2])
    assert sweep.voltage_volt == pytest.approx([0, 0.5, -0.5])
    assert sweep.current_amp == pytest.approx([0, 5e-9, -4e-9])
    assert sweep.temperature_k == 300.0
    assert sweep.origin.name == "m.csv"
    assert sweep.origin.notes == ()


def test_sha256_is_of_the_bytes(tmp_path):
    path = tmp_path / "m.csv"
    path.write_bytes(b"target_uS,achieved_uS\r\n1,2\r\n2,3\r\n")
    found = read_measurements([path, path])
    # of coreutils' sha256sum
    assert {m.origin.sha256 for m in found} == {"9e0d56fc1be5dfccc9e09fe0994f22881f8f9e658aa166aba9285cf0a6da7322"}


def test_a_sweep_without_time_needs_the_interval(read):
    text = "voltage_V,current_A\n0,0\n1,1\n0,2e-9\n"
    assert read("# interval_ms: 50\n" + text).time_s == pytest.approx([0, 0.05, 0.1])
    with pytest.raises(InputError, match=r"a sweep without time .* add the time from point to point: '# interval_ms"):
        read(text)


def test_resistance_beside_voltage_and_current_is_not_used(read):
    assert isinstance(read("time_s,V (V),I (A),R (ohm)\n0,1,1,1\n1,2,1.5,1\n"), Sweep)


@pytest.mark.parametrize("turned", ["voltage", "current"])
def test_signs_that_no_passive_device_has(read, turned):
    signs = {"voltage": (-1, 1), "current": (1, -1)}[turned]
    rows = "".join(f"{n},{signs[0] * v},{signs[1] * v**3}\n" for n, v in enumerate([0.5, 1, 0.25, -0.25, -1]))
    with pytest.raises(InputError, match=f"line 2, .*opposite signs at 5 of 5 points.*'# {turned}_convention: be-te'"):
        read("time_s,voltage_V,current_A\n" + rows)
    sweep = read(f"# {turned}_convention: be-te\ntime_s,voltage_V,current_A\n" + rows)
    assert sweep.voltage_volt == pytest.approx([0.5, 1, 0.25, -0.25, -1])
    assert sweep.current_amp == pytest.approx(sweep.voltage_volt**3)


def _loop(volt, amp):
    return "time_s,voltage_V,current_A\n" + "".join(
        f"{n},{v:.6g},{i:.6g}\n" for n, (v, i) in enumerate(zip(volt, amp, strict=True))
    )


LOOP = np.concatenate([np.linspace(0, 1, 21), np.linspace(1, -1, 41)[1:], np.linspace(-1, 0, 21)[1:]])


@pytest.mark.parametrize(("turned", "name"), [(1, "negative"), (-1, "positive")])
@pytest.mark.parametrize("rectified", [1, 0.05])
def test_absolute_currents(read, turned, name, rectified):
    """Points of the other polarity are no excuse, be they more or carry most of the current."""
    volt = turned * LOOP
    amp = 1e-6 * LOOP**3 * np.where(LOOP < 0, rectified, 1)
    assert isinstance(read(_loop(volt, turned * amp)), Sweep)
    with pytest.raises(InputError, match=rf"opposite signs at 39 of 81 .*, at {name} voltages only: are these abs"):
        read(_loop(volt, turned * np.abs(amp)))


def test_noise_and_offsets_are_no_absolute_currents(read):
    """A diode's reverse current is below the source meter's offset; its noise is as often of either sign."""
    noise = 1e-9 * np.random.default_rng(0).normal(size=len(LOOP))
    assert isinstance(read(_loop(LOOP, np.where(LOOP > 0, 1e-6 * LOOP**3, 2e-10) + 0.1 * noise)), Sweep)
    assert isinstance(read(_loop(LOOP, 1e-9 * LOOP + 0.3 * noise + 1e-10)), Sweep)


def test_a_device_that_was_connected_the_other_way_round(read):
    sweep = read("# convention: be-te\ntime_s,voltage_V,current_A\n0,1,2\n1,2,5\n")
    assert (sweep.voltage_volt.tolist(), sweep.current_amp.tolist()) == ([-1, -2], [-2, -5])


def test_pulses(read):
    train = read(
        "# read voltage: 0.2 V\n# temperature_C: 25\n"
        "amplitude_V;width_ms;period_ms;current_uA\n0;0;20;1\n-1,5;10;20;1,5\n-1,5;5;20;1,7\n1;10;20;1\n"
    )
    assert isinstance(train, Pulses)
    assert train.amplitude_volt.tolist() == [0, -1.5, -1.5, 1]
    assert train.width_s == pytest.approx([0, 0.01, 0.005, 0.01])
    assert train.gap_s == pytest.approx([0.02, 0.01, 0.015, 0.01])
    assert train.g_siemens == pytest.approx(np.array([[5e-6], [7.5e-6], [8.5e-6], [5e-6]]))
    assert train.direction.tolist() == [0, 1, 1, -1]
    assert (train.v_read_volt, train.temperature_k) == (0.2, 298.15)
    assert "Positive pulses lower the conductance and negative pulses raise the conductance." in train.origin.notes


def test_cycles_with_an_amplitude_column(read):
    cycles = read("amplitude_V,cycle2_uS,cycle1_uS\n1,11,1\n1,12,2\n-1,,1.5\n-1,,1\n")
    assert cycles.cycles == 2
    assert cycles.g_siemens[:, 0] == pytest.approx([1e-6, 2e-6, 1.5e-6, 1e-6])
    assert np.isnan(cycles.g_siemens[:, 1]).tolist() == [False, False, True, True]
    assert cycles.direction.tolist() == [1, 1, -1, -1]
    assert np.isnan(cycles.gap_s).all()


def test_cycles_without_amplitude_turn_where_the_median_does(read):
    cycles = read("# gap_ms: 5\ncycle1_kohm,cycle2_kohm\n4,4\n2,2.1\n1,1.1\n2,2\n4,\n")
    assert cycles.g_siemens[:, 0] == pytest.approx([0.25e-3, 0.5e-3, 1e-3, 0.5e-3, 0.25e-3])
    assert cycles.direction.tolist() == [1, 1, 1, -1, -1]
    assert any("turns after row 3" in note for note in cycles.origin.notes)
    assert cycles.gap_s == pytest.approx([5e-3] * 5)


FIRST_READ = "# first_row: read\n# width_ms: 10\n# period_ms: 30\n"


def test_a_comment_says_that_the_first_row_was_read_before_the_first_pulse(read):
    without = read(FIRST_READ + "cycle1_uS\n1\n2\n3\n2\n1\n")
    assert without.direction.tolist() == [0, 1, 1, -1, -1]
    assert without.gap_s == pytest.approx([30e-3] + [20e-3] * 4)  # a read takes no width off the period
    same = read(FIRST_READ + "amplitude_V,conductance_uS\n0,1\n1,2\n")
    assert same.direction.tolist() == [0, 1]
    with pytest.raises(InputError, match=r"m.csv, line 5, column 'amplitude_V': 1 V, but first_row .* give 0, or"):
        read(FIRST_READ + "amplitude_V,conductance_uS\n1,1\n1,2\n")
    with pytest.raises(InputError, match=r"line 1, column 'first_row': 'pulse': expected read"):
        read("# first_row: pulse\nconductance_uS\n1\n2\n")


@given(st.integers(5, 40), st.integers(5, 40), st.integers(1, 4), st.sampled_from([1, -1]), st.integers(0, 2**32))
def test_turning_points_of_noisy_triangles(up, down, repeats, sign, seed):
    steps = np.tile(np.concatenate([np.full(up, 1 / up), np.full(down, -1 / down)]), repeats)
    curve = 5 + sign * np.cumsum(steps) + 1e-3 * np.random.default_rng(seed).uniform(-1, 1, len(steps))
    direction, _ = by_turning_points(curve[:, np.newaxis])
    assert direction.tolist() == (sign * np.sign(steps)).tolist()


@pytest.mark.parametrize("sign", [1, -1])
def test_pulses_of_a_unipolar_device_go_by_turning_points(read, sign):
    """20 pulses of 1 V up and 20 of 2 V down, twice, with noise of half a step."""
    noise = 0.5 * np.random.default_rng(0).uniform(-1, 1, 80)
    volt, g = np.tile([sign * 1] * 20 + [sign * 2] * 20, 2), np.tile([*range(1, 21), *range(19, -1, -1)], 2) + noise
    found = read("amplitude_V,conductance_uS\n" + "".join(f"{v},{x:.6f}\n" for v, x in zip(volt, g + 5, strict=True)))
    assert found.direction.tolist() == np.where(np.abs(volt) == 1, 1, -1).tolist()
    name = "Positive" if sign > 0 else "Negative"
    assert any(note.startswith(f"{name} pulses go both ways. ") for note in found.origin.notes)


def test_one_amplitude_of_a_device_that_ends_far_below_its_start_goes_by_turning_points(read):
    """10 uS, up by 8 in 30 pulses, down by 17 in 30."""
    g = [*np.linspace(10, 18, 31)[1:], *np.linspace(18, 1, 31)[1:]]
    found = read("# amplitude_V: 1\nVset (V),conductance_uS\n" + "".join(f"0,{x:.6f}\n" for x in g))
    assert found.direction.tolist() == [1] * 30 + [-1] * 30
    assert "'Vset (V)' is in volts: if it holds the amplitudes of pulses, call it amplitude." in found.origin.notes


@given(st.integers(0, 2**32), st.integers(1, 3))
def test_noise_turns_no_polarity(seed, trains):
    """Up by 20 pulses, down by 20, or up only and erased without a word; noise of a tenth of the window."""
    noise = 0.1 * np.random.default_rng(seed).uniform(-1, 1, 40 * trains)
    up, down = np.linspace(0.05, 1, 20), np.linspace(0.95, 0, 20)
    for volt, g in (([1.0] * 20 + [-1.0] * 20, [*up, *down]), ([1.0] * 40, np.repeat(up, 2))):
        amplitude = np.tile(volt, trains)
        direction, note = by_polarity(amplitude, 5 + (np.tile(g, trains) + noise)[:, None])
        assert direction.tolist() == np.sign(amplitude).tolist(), note


def test_direction_that_is_said(read):
    text = "conductance_uS\n3.0\n2\n2.7\n1\n"
    assert read("# direction: potentiation\n" + text).direction.tolist() == [1, 1, 1, 1]
    assert read(text).direction.tolist() == [-1, -1, 1, -1]


def test_long_trains_are_cut(read, monkeypatch):
    monkeypatch.setattr(pulses_module, "MOST_PULSES", 3)
    train = read("# amplitude_V: 1\nconductance_uS\n1\n2\n3\n4\n5\n")
    assert train.g_siemens[:, 0] == pytest.approx([1e-6, 2e-6, 3e-6])
    assert len(train.amplitude_volt) == len(train.gap_s) == len(train.direction) == 3
    assert "Of 5 pulses the first 3 are used." in train.origin.notes


def test_retention(read):
    found = read("time_h,resistance_kohm,T (C)\n0,1,25\n1,1.25,25.3\n0,1,85\n1,2,85\n")
    assert isinstance(found, Retention)
    assert found.time_s == pytest.approx([0, 3600, 0, 3600])
    assert found.g_siemens == pytest.approx([1e-3, 0.8e-3, 1e-3, 0.5e-3])
    assert found.temperature_k == pytest.approx([298.3, 298.3, 358.15, 358.15])
    assert found.v_read_volt == 0.1


def test_rows_of_one_temperature_have_it_to_its_digits(read):
    found = read("time_s,resistance_kohm,T (C)\n" + "".join(f"{n},{n},75\n" for n in range(1, 102)))
    assert set(found.temperature_k) == {348.15}


def test_conductances_of_zero_are_said(read):
    (note,) = (n for n in read("time_s,conductance_uS\n1,2\n2,1\n3,0\n").origin.notes if "of 0" in n)
    assert note.startswith("Conductances of 0: 1.")


def test_a_gap_that_nobody_states_is_said_to_be_assumed(read):
    text = "# width_ms: 1\namplitude_V,conductance_uS\n1,1\n1,2\n"
    assumed = "The file does not say the gap between pulses: a fit takes the width of one."
    assert assumed in read(text).origin.notes
    assert assumed not in read("# gap_ms: 1\n" + text).origin.notes


TRAIN = "# width_ms: 10\ntime_s,amplitude_V,conductance_uS\n"


def test_times_of_pulses_give_their_gaps(read):
    train = read(TRAIN + "0,0,1\n1,1,2\n2.5,1,3\n5,1,4\n")
    assert train.gap_s == pytest.approx([1, 1.49, 2.49, 2.49])  # a read takes no width off; the last as the one before
    assert any(note.startswith("Gaps are the times from row to row") for note in train.origin.notes)
    assert not [note for note in train.origin.notes if "does not say the gap" in note or "not used" in note]


def test_times_that_say_no_gap(read):
    given = read("# gap_ms: 7\n" + TRAIN + "0,1,1\n1,1,2\n")
    assert given.gap_s == pytest.approx([7e-3, 7e-3])
    for found in given, read(TRAIN.partition("\n")[2] + "0,1,1\n1,1,2\n"):  # of no width
        assert "Columns that are not used: 'time_s'." in found.origin.notes


@pytest.mark.parametrize(
    ("text", "unused"),
    [
        ("time_s,conductance_uS,sigma_uS\n0,1,0.1\n1,2,0.1\n", "'sigma_uS'"),
        ("time_s,V (V),I (A),R (ohm),cycle,x\n0,1,1,1,1,1\n1,2,1.5,1,1,1\n", "'x', 'R (ohm)', 'cycle'"),
        ("target_uS,achieved_uS,T_C\n1,2,25\n2,3,25\n", "'T_C'"),
    ],
)
def test_columns_that_a_kind_does_not_read_are_said(read, text, unused):
    assert f"Columns that are not used: {unused}." in read(text).origin.notes


@pytest.mark.parametrize("pulse", ["pulse", "Pulse number"])
def test_what_numbers_pulses_is_a_train(read, pulse):
    train = read(f"# width_ms: 1\ntime_ms,{pulse},conductance_uS\n10,1,1\n20,2,2\n30,3,3\n")
    assert isinstance(train, Pulses)
    assert train.gap_s == pytest.approx([9e-3] * 3)


BELOW = "cycle,pulse,amplitude_V,current_uA\n"
IN_CYCLES = "1,1,1,1\n1,2,-1,2\n2,1,1,3\n2,2,-1,4\n2,3,-1,2\n7,1,1,5\n"


def test_cycles_below_one_another(read):
    train = read("# read_voltage_V: 0.5\n# first_row: read\n" + BELOW.replace("amplitude_V", "x") + IN_CYCLES)
    assert train.g_siemens * 1e6 == pytest.approx(
        np.array([[2, 6, 10], [4, 8, np.nan], [np.nan, 4, np.nan]]), nan_ok=True
    )
    assert train.direction.tolist() == [0, -1, -1]
    given = read("# read_voltage_V: 0.5\n" + BELOW + IN_CYCLES)
    assert given.amplitude_volt.tolist() == [1, -1, -1]
    assert given.cycles == 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (IN_CYCLES + "1,1,1,6\n", "line 9, column 'cycle': this cycle again, below another: sort"),
        (IN_CYCLES.replace("2,2,-1", "2,2,-1.1"), "line 4, column 'amplitude_V': -1, unlike in the longest cycle: giv"),
        ("1,1,1,1\n2,2,1,2\n", "line 3, column 'cycle': another cycle in every row: call the column pulse"),
        ("1,1,1,1\nsecond,1,1,2\n", "line 4, column 'cycle': no number: write those of the cycles"),
        ("1,1,1,1\n1,1,1,2\n", "line 4, column 'pulse': 1 again: keep the last row of each pulse, or call"),
        (
            "".join(f"{max(k, 9000)},{k},1,1\n" for k in range(18_000)),
            "9000 cycles, one of 9001 rows: give a file",
        ),
    ],
)
def test_cycles_below_one_another_that_are_none(read, rows, message):
    with pytest.raises(InputError, match=message):
        read("# read_voltage_V: 0.5\n" + BELOW + rows)


@pytest.mark.parametrize(
    "comments",
    ["# amplitude_V: 1.5\n", "# width_ms: 10\n", "# period_ms: 5\n", "# gap_ms: 5\n", "# direction: potentiation\n"],
)
@pytest.mark.parametrize(
    "table",
    [
        "time_s,conductance_uS\n0,1\n1,2\n",
        "time_s,voltage_V,current_uA\n0,0.1,1\n1,0.1,2\n",
        "time_s,current_uA,read_voltage_V\n0,1,0.1\n1,2,0.1\n",
    ],
)
def test_what_may_be_a_train_is_no_retention(read, comments, table):
    """The remedy of the message is taken as it says."""
    with pytest.raises(InputError, match=r"is of pulses, but columns .* make it retention: remove it if this is ret"):
        read(comments + table)
    lines = table.replace("voltage_V", "read_voltage_V").replace("read_read", "read").splitlines()
    numbered = "\n".join([f"{lines[0]},pulse", *(f"{line},{n}" for n, line in enumerate(lines[1:]))])
    assert isinstance(read(comments + numbered), Pulses)


@pytest.mark.parametrize("said", ["", "# amplitude_V: 1\n", "# read_voltage_V: 0.1\n"])
def test_a_voltage_of_pulses_is_their_amplitude_or_that_of_the_reads(read, said):
    text = "pulse,voltage_V,current_uA\n1,1,1\n2,1,2\n"
    with pytest.raises(InputError, match=r"column 'voltage_V': of the pulses or of the reads\? call it amplitude_V or"):
        read(said + text)
    both = read("# amplitude_V: 1\n# read_voltage_V: 0.1\n" + text)
    assert both.g_siemens[:, 0] == pytest.approx([1e-5, 2e-5])
    assert "Columns that are not used: 'voltage_V'." in both.origin.notes


@pytest.mark.parametrize(
    ("table", "kind"),
    [("time_s,voltage_V,current_A\n0,1,1\n1,2,2\n", "sweep"), ("target_uS,achieved_uS\n1,2\n2,3\n", "write-verify")],
)
def test_directions_of_what_has_no_pulses(read, table, kind):
    with pytest.raises(InputError, match=f"direction: is of pulses, but columns .* make it {kind}: remove it"):
        read("# direction: depression\n" + table)


@pytest.mark.parametrize("state", ["I (A)", "G (S)"])
def test_a_sweep_whose_voltage_has_another_name_is_no_retention(read, state):
    with pytest.raises(InputError, match=r"not understood 'Spannung \(V\)': .*: what is it\?"):
        read(f"t (s),Spannung (V),{state}\n0,0,0\n1,1,1E-6\n")


def test_cycles_of_a_time_may_be_a_train(read):
    with pytest.raises(InputError, match=r"cycle_number: is of pulses, but .* make it retention"):
        read("time_s,cycle,conductance_uS\n0,1,1\n1,1,2\n0,2,1\n")


def test_a_thermometers_noise_is_one_temperature_and_a_ramp_is_none(read):
    head = "time_s,conductance_uS,T_C\n"
    noisy = read(head + "".join(f"{k},{k},{25 + t}\n" for k, t in enumerate([0, 1.9, -1.9, 0.5])))
    assert noisy.temperature_k == pytest.approx(np.full(4, 298.275))
    ramp = head + "".join(f"{k},{k},{k}\n" for k in range(26, 86))
    with pytest.raises(
        InputError, match=r"line 61, column 'T_C': the temperature drifts from 299.15 K to 358.15 K: mea"
    ):
        read(ramp)


def test_a_constant_voltage_is_retention(read):
    found = read("time_s,voltage_V,current_uA\n0,-0.5,-1\n1,-0.5,-0.5\n")
    assert isinstance(found, Retention)
    assert found.g_siemens == pytest.approx([2e-6, 1e-6])
    assert found.v_read_volt == -0.5
    assert found.temperature_k == pytest.approx(ROOM_TEMPERATURE_K)
    assert any("read as retention" in note for note in found.origin.notes)


def test_a_constant_voltage_that_writes_is_no_retention(read):
    """Each of the two remedies of the message is taken as it says."""
    rows = "0,1.5,10\n1,1.5,11\n2,1.5,12\n3,1.5,12\n"
    with pytest.raises(InputError, match=r"m.csv, line 2: the voltage is 1.5 V in every row, too much for reads of a"):
        read("time_s,voltage_V,current_uA\n" + rows)
    stress = read("time_s,voltage_V,current_uA\n-0.001,0,0\n" + rows)
    assert isinstance(stress, Sweep)
    assert replays(stress)[0].applied.v_volt.tolist() == [0, 1.5, 1.5, 1.5, 1.5]
    rest = read("# read_voltage_V: 1.5\ntime_s,current_uA\n0,10\n1,11\n")
    assert isinstance(rest, Retention)
    assert rest.v_read_volt == 1.5


@pytest.mark.parametrize("left", ["achieved", "conductance"])
def test_write_verify(read, left):
    found = read(f"target_uS,{left}_uS\n10,10.1\n20,19.8\n")
    assert isinstance(found, WriteVerify)
    assert found.target_siemens == pytest.approx([1e-5, 2e-5])
    assert found.achieved_siemens == pytest.approx([1.01e-5, 1.98e-5])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_s,voltage_V,current_A\n0,1,1\n", "line 2: only one row of numbers"),
        ("time_s,voltage_V,current_A\n0,1,1\n1,2,1\n", "line 2: the current is 1 in every row: nothing to fit: was it"),
        ("# interval_s: 1\nvoltage_V,current_A\n1,1\n1,2\n", "line 3: the voltage is 1 in every row: nothing to fit"),
        ("time_s,voltage_V,current_A\n0,0,1\n1,0,2\n", "line 2: the voltage is 0 V in every row"),
        (
            "time_s,voltage_V,current_A\n0,1,1\n2,2,2\n1,3,3\n",
            "line 4, column 'time_s': time goes from 2 s to 1 s: must rise",
        ),
        ("time_s,voltage_V,current_A\n0,1,1\n0,2,2\n", "from 0 s to 0 s: must rise: export it with more digits"),
        ("time_s,voltage_V,current_A,T_C\n0,1,1,20\n1,2,2,80\n", "line 3, column 'T_C': another temperature"),
        ("time_s,conductance_uS\n0,1\n", "line 2: only one row"),
        ("time_s,conductance_uS\n0,1\n1,1\n", "the conductance is 1e-06 in every row: nothing to fit"),
        ("time_s,conductance_uS\n-1,1\n1,2\n", "line 2, column 'time_s': -1: time counts from the end of programming"),
        ("time_s,conductance_uS\n0,-1\n1,-2\n", "line 2, column 'conductance_uS': most conductances are negative"),
        ("time_s,conductance_uS\n0,1\n1,-2\n2,3\n", "line 3, column 'conductance_uS': -2: a negative conductance"),
        ("time_s,resistance_kohm\n0,1\n1,0\n2,3\n", "line 3, column 'resistance_kohm': a resistance of 0"),
        ("time_s,resistance_kohm\n0,1\n1,1e-320\n", "line 3, column 'resistance_kohm': a resistance of"),
        ("time_s,current_uA\n0,1\n1,2\n", "currents without the voltage of the reads: add the line '# read_voltage_V"),
        ("# read_voltage_V: 0\ntime_s,current_uA\n0,1\n1,2\n", "a read voltage of 0"),
        ("time_s,conductance_uS,T_C\n0,1,-300\n1,2,25\n", "line 2, column 'T_C': -300: .* above absolute zero"),
        ("# temperature_K: -1\ntime_s,conductance_uS\n0,1\n1,2\n", "a temperature of -1 K"),
        ("# amplitude_V: 1\ntime_s,conductance_uS\n0,1\n1,2\n", "remove it if this is retention, or add"),
        ("conductance_uS\n1\n", "line 2: only one row"),
        ("conductance_uS\n1\n1\n1\n", "the conductance is 1e-06 in every row"),
        ("cycle1_uS,cycle2_uS\n1,2\n,3\n2,4\n", "line 3, column 'cycle1_uS': empty, but the cycle goes on below"),
        ("cycle1_uS,cycle2_uS\n1,\n2,\n", "column 'cycle2_uS': an empty cycle"),
        ("amplitude_V,conductance_uS\n0,1\n0,2\n", "no pulses: the amplitude is 0 in every row"),
        ("amplitude_V,width_ms,conductance_uS\n1,0,1\n1,1,2\n", "line 2, column 'width_ms': width: must be positive"),
        ("# width_ms: 10\n# period_ms: 5\nconductance_uS\n1\n2\n", "line 2: period: must be longer than the pulse"),
        (
            TRAIN + "0,1,1\n1,1,2\n0,1,3\n",
            "line 5, column 'time_s': time goes from 1 s to 0 s: must rise: sort the rows",
        ),
        (TRAIN + "0,1,1\n1,1,2\n1,1,3\n", "line 5, column 'time_s': .* must rise: export it with more digits"),
        ("# gap_ms: 0\nconductance_uS\n1\n2\n", "gap: must be positive"),
        (
            "read_voltage_V,conductance_uS\n0.1,1\n0.2,2\n",
            "line 3, column 'read_voltage_V': 0.2 after another read voltage",
        ),
        ("target_uS,achieved_uS\n1,1\n2,1\n", "the achieved conductance is 1e-06 in every row"),
        ("target_uS,achieved_uS\n1,1\n", "line 2: only one row"),
        ("time_s,voltage_V\n0,1\n1,2\n", "columns 'time_s', 'voltage_V': expected time, voltage, current"),
        ("# convention: te-be\n# current_convention: be-te\ntime_s,voltage_V,current_A\n0,1,1\n1,2,2\n", "said twice"),
    ],
)
def test_what_is_refused_names_place_and_remedy(read, text, message):
    with pytest.raises(InputError, match=message) as error:
        read(text)
    assert "\n" not in str(error.value)


@settings(max_examples=5)
@given(st.integers(MOST_POINTS + 1, 3 * MOST_POINTS), st.integers(0, 2**32))
def test_thinned_sweeps_keep_their_extremes(n, seed):
    rng = np.random.default_rng(seed)
    curves = np.sin(np.arange(n) * 1e-3), rng.normal(size=n)
    kept = extremes(*curves)
    assert len(kept) <= MOST_POINTS
    assert np.all(np.diff(kept) > 0)
    for curve in curves:
        assert (curve[kept].min(), curve[kept].max()) == (curve.min(), curve.max())
    # no piece is lost: the largest hole is shorter than two pieces
    assert np.diff(kept, prepend=0, append=n - 1).max() <= 2 * np.ceil(n / (MOST_POINTS // 4))


def test_thinned_retention_is_even_in_log_time():
    time = np.arange(1_000_000) * 0.1
    kept = log_spaced(time)
    assert len(kept) <= MOST_POINTS
    assert (kept[0], kept[-1]) == (0, len(time) - 1)
    decades = np.histogram(np.log10(time[kept][1:]), [2, 3, 4, 5])[0]
    assert decades == pytest.approx(np.full(3, (MOST_POINTS - 1) / 6), rel=0.03)


def test_short_measurements_are_whole():
    assert extremes(np.zeros(7), np.zeros(7)).tolist() == log_spaced(np.arange(7.0)).tolist() == list(range(7))


def test_thinning_is_said(read):
    n = MOST_POINTS + 10
    rows = "".join(f"{k},{k % 77 + 0.5},{k % 77 + 1}\n" for k in range(n))
    sweep = read("time_s,voltage_V,current_mA\n" + rows)
    assert len(sweep.time_s) == len(sweep.voltage_volt) == len(sweep.current_amp) <= MOST_POINTS
    assert any(note.startswith(f"Of {n} points {len(sweep.time_s)} are used") for note in sweep.origin.notes)
    assert any(note.startswith(f"A fit takes at most {FIT_POINTS} points: ") for note in sweep.origin.notes)
    rest = read("time_s,conductance_uS\n" + "".join(f"{k},{k}\n" for k in range(1, FIT_POINTS + 2)))
    assert any(note.startswith(f"A fit takes at most {FIT_POINTS} points of a temp") for note in rest.origin.notes)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("time_s,voltage_V,current_uA\n0,0,0\n1,800,1\n2,1500,2\n", "line 3, column 'voltage_V': 800 V: .* unit mV"),
        ("time_s,voltage_V,current_A\n0,0,0\n1,1,50\n", "line 3, column 'current_A': 50 A: .* unit uA"),
        ("time_s,conductance_S\n1,8\n2,12\n", "line 3, column 'conductance_S': 12 S: .* unit uS"),
        (
            "time_s,resistance_mohm\n0,200\n1,50\n",
            "line 3, column 'resistance_mohm': 50 mohm: a conductance of 20 S, more than the 10 S .* m is milli",
        ),
        (
            "# read_voltage_V: 0.1\npulse,current_A\n1,1e-3\n2,3\n",
            "line 4, column 'current_A': 3 A at 0.1 V: a conductance of 30 S, .* are A and the read voltage right",
        ),
        ("cycle1_mohm,cycle2_mohm\n200,200\n300,1\n", "line 3, column 'cycle2_mohm': 1 mohm: a conductance of 1000 S"),
        ("# amplitude_V: -1500\n# width_ms: 1\nconductance_uS\n1\n2\n", "m.csv, line 1: amplitude: -1500 V: .* mV"),
    ],
)
def test_numbers_that_no_device_shows_have_another_unit(read, text, problem):
    with pytest.raises(InputError, match=problem):
        read(text)


def test_files_of_one_name_are_called_with_their_folders(tmp_path, monkeypatch):
    for folder in ("a/run", "b/run", "c"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "m.csv").write_text("time_s,conductance_uS\n1,2\n2,3\n")
    (tmp_path / "c/n.yaml").write_text("file: m.csv\n")
    monkeypatch.chdir(tmp_path / "c")
    found = read_measurements(["../a/run/m.csv", "../b/run/m.csv", "m.csv", "n.yaml", "../c/m.csv"])
    assert [m.origin.name for m in found] == ["a/run/m.csv", "b/run/m.csv", "c/m.csv", "n.yaml", "c/m.csv"]
    assert [m.origin.path.name for m in found] == ["m.csv"] * 5


def test_control_characters_of_a_files_name_are_escaped(tmp_path):
    path = tmp_path / "a\n\x1b[31mb.csv"
    path.write_text("time_s,conductance_uS\n1,2\n2,3\n")
    assert read_measurement(path).origin.name == r"a\n\x1b[31mb.csv"
    path.write_text("")
    with pytest.raises(InputError, match=r"a\\n\\x1b\[31mb.csv: is empty") as caught:
        read_measurement(path)
    assert str(caught.value).isprintable()
