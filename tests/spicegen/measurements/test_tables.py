"""Tables in every dialect that people and instruments write, and rubbish."""

import random
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models_va.errors import InputError
from spicegen.measurements import read_measurement, read_table

FAST = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=100)
PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "\u00b5": 1e-6, "n": 1e-9, "k": 1e3}
SWEEP = "time_s,voltage_V,current_uA\n0,0.0,0\n1,0.5,5\n2,1.0,12.5\n"


@pytest.fixture
def written(tmp_path):
    def write(text, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@st.composite
def dialects(draw):
    separator, decimal = draw(
        st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", ","), ("\t", "."), (" ", ",")])
    )
    return {
        "separator": separator,
        "decimal": decimal,
        "style": draw(st.sampled_from(["{}_{}", "{} ({})", "{} [{}]", "{}_({})"])),
        "form": draw(st.sampled_from(["{:.17g}", "{:+.16e}", "{:.16E}"])),
        "units": draw(st.tuples(*[st.sampled_from(sorted(PREFIXES))] * 3)),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "quoted": draw(st.booleans()) and separator != " ",
        "preamble": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**32)),
    }


def text_of(numbers, d):
    """A table of time, voltage and current, in SI units, as the dialect has it."""
    chance = random.Random(d["seed"])
    names = [
        d["style"].format(n, p + u) for n, p, u in zip(("time", "voltage", "current"), d["units"], "sVA", strict=True)
    ]
    scale = [PREFIXES[p] for p in d["units"]]

    def line(cells):
        return d["separator"].join(f'"{c}"' if d["quoted"] else c for c in cells)

    lines = ["Instrument, model 7", "", "# first remark: 12, or so"] if d["preamble"] else []
    lines.append(line(names))
    for row in numbers:
        lines += chance.choice([[], [], [], [""], ["# a remark"], [line(names)]])
        lines.append(
            line([d["form"].format(x / s).replace(".", d["decimal"]) for x, s in zip(row, scale, strict=True)])
        )
    return d["end"].join(lines).encode(d["encoding"])


@FAST
@given(st.lists(st.tuples(*[st.floats(-1e9, 1e9)] * 3), min_size=1, max_size=30), dialects())
def test_any_dialect_gives_the_same_numbers(written, numbers, dialect):
    table = read_table(written(text_of(numbers, dialect)))
    found = np.stack([table.values(q) for q in ("time", "voltage", "current")], axis=1)
    assert found == pytest.approx(np.array(numbers), rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("odd", ["", "# remark", "time_s;voltage_V;current_A", '"1,5";2;"3"'.replace(",", ".")])
def test_long_tables_are_read_as_short_ones_are(written, decimal, odd):
    """Blocks that are nothing but numbers go through another parser than those that are not."""
    numbers = np.random.default_rng(1).normal(size=(12_000, 3))
    lines = [";".join(map(repr, row)) for row in numbers.tolist()]
    lines.insert(8_000, odd)
    text = "time_s;voltage_V;current_A\n" + "\n".join(lines).replace(".", decimal)
    table = read_table(written(text))
    found = np.stack([table.values(q) for q in ("time", "voltage", "current")], axis=1)
    expected = np.insert(numbers, 8_000, [1.5, 2, 3], axis=0) if odd.startswith('"') else numbers
    assert np.array_equal(found, expected)
    assert table.line[-1] == 12_002


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1.0;2.0", "line 9001: 2 cells, expected 3"),
        ("1.0;2.0;3.0;4.0", "line 9001: 4 cells, expected 3"),
        ("1.0;2.0;nan", "line 9001, column 'current_A': 'nan' is no number"),
        ("1.0;2.0;9.91e37", "line 9001, column 'current_A': '9.91e37' is what a source meter writes for an overflow"),
        ("1.0;2,5;3.0", "line 9001, column 'voltage_V': '2,5' has another decimal mark"),
        ('"1.5"0;2;3.0', "line 9001: .*: close the quotation mark"),
        ("1.0;x;3.0", "line 9001, column 'voltage_V': 'x' is no number"),
        ("1.0;1e999;3.0", "line 9001, column 'voltage_V': '1e999' is what"),
    ],
)
def test_faults_far_down_have_their_line(written, row, message):
    lines = ["time_s;voltage_V;current_A", *[f"{n}.5;0.1;1.0" for n in range(12_000)]]
    lines[9000] = row
    with pytest.raises(InputError, match=message):
        read_table(written("\n".join(lines)))


EXPORTS = {
    "KickStart": 'Model,2450\n\n"Index","SMU-1 Time (s)","SMU-1 Voltage (V)","SMU-1 Current (A)"\n'
    "1,0.1,1,1E-6\n2,0.2,2,3E-6\n",
    "EasyEXPERT": "SetupTitle, I/V Sweep\nTestParameter, Channel.VName, V1\nDataName, V1, I1, Time\n"
    "DataValue, 1, 1E-6, 0.1\nDataValue, 2, 3E-6, 0.2\n",
    "Quick I/V": "Repeat,VAR2,Point,Voltage,Current,Time\n1,1,1,1.0E+000,1.0E-006,100.0E-003\n"
    "1,1,2,2.0E+000,3.0E-006,2.0E-001\n",
    "4200": "Time\tAV\tAI\n0.1\t1\t1E-6\n0.2\t2\t3E-6\n",
    "buffers": "Buffer,defbuffer1\nIndex,Reading,Unit,Value,Unit,Relative Time\n1,1E-6,Amp DC,1,Volt DC,0.1\n"
    "2,3E-6,Amp DC,2,Volt DC,0.2\n",
    "LabVIEW": "LabVIEW Measurement\t\nSeparator\tTab\nTime\t11:22:33.5\n***End_of_Header***\t\n\t\nChannels\t2\t\t\n"
    "Time\t11:22:33.5\t11:22:33.5\t\nY_Unit_Label\tVolts\tAmps\t\nX_Dimension\tTime\tTime\t\nDelta_X\t0.1\t0.1\t\n"
    "***End_of_Header***\t\t\t\nX_Value\tSource\tUntitled\tComment\n0.1\t1\t1E-6\n0.2\t2\t3E-6\n",
}


@pytest.mark.parametrize("maker", EXPORTS)
def test_exports_of_source_meters(written, maker):
    sweep = read_measurement(written(EXPORTS[maker]))
    assert sweep.time_s == pytest.approx([0.1, 0.2], rel=1e-14)
    assert sweep.voltage_volt == pytest.approx([1, 2], rel=1e-14)
    assert sweep.current_amp == pytest.approx([1e-6, 3e-6], rel=1e-14)
    assert maker == "KickStart" or any(maker in note for note in sweep.origin.notes)


@pytest.mark.parametrize(
    "header",
    [
        "Time,Voltage,Current,note\ns,V,uA,\n",
        "preamble, of 2 cells\n\nt,V,I\n(s),(V),(\u00b5A)\n\n",
        "time_s,Voltage,Current,n\ns,V,uA,-\n",
    ],
)
def test_units_in_a_line_below_the_names(written, header):
    rows = "0,0,0,7\n1,0.5,2,7\n" if header.splitlines()[-1].count(",") == 3 else "0,0,0\n1,0.5,2\n"
    sweep = read_measurement(written(header + rows))
    assert sweep.time_s.tolist() == [0, 1]
    assert sweep.voltage_volt.tolist() == [0, 0.5]
    assert sweep.current_amp == pytest.approx([0, 2e-6])


@pytest.mark.parametrize("names", ["[Zeit, Spannung, Strom]", "[Zeit (s), Spannung (V), Strom (A)]", "[1, 2, 3]"])
def test_a_description_of_a_table_with_units_below_the_names(written, names):
    written("Zeit;Spannung;Strom\ns;V;A\n0;0;0\n1;0,5;1E-6\n")
    time, voltage, current = names.strip("[]").split(", ")
    described = {"time": (time, "s"), "voltage": (voltage, "V"), "current": (current, "A")}
    columns = ", ".join(f"{q}: {{columns: {c}, unit: {u}}}" for q, (c, u) in described.items())
    assert read_measurement(written(f"file: a.csv\ncolumns: {{{columns}}}\n", "a.yaml")).time_s.tolist() == [0, 1]


def test_a_minus_of_typeset_tables(written):
    text = "# read_voltage_V: \u22120.1\ntime_s;voltage_V;current_A\n0;\u22120,5;\u22121e\u22126\n1;+1;2e-6\n"
    table = read_table(written(text))
    assert table.numbers.tolist() == [[0, -0.5, -1e-6], [1, 1, 2e-6]]
    assert table.settings == {"read_voltage": -0.1}


def test_header_of_numpy(written):
    assert read_table(written("# time_s,voltage_V,current_A\n0,1.5,2\n")).values("voltage").tolist() == [1.5]


@pytest.mark.parametrize(
    "comment",
    [
        "# read_voltage_V: 0.2",
        "# Read voltage: 0,2 V",
        "% read voltage (mV) = 200",
        '"# v_read: 200mV",,',
        "// v read [V]: 2e-1",
    ],
)
def test_comments_that_say_something_of_all_rows(written, comment):
    table = read_table(written(f"# device: A3\n{comment}\ntime_s,conductance_uS\n# noted: nothing\n0,1.0\n"))
    assert table.settings == {"read_voltage": pytest.approx(0.2, rel=1e-15)}


THREE = "voltage_mV\ttime_us\n1,500\t1,000\n1,250\t2,000\n"


@pytest.mark.parametrize(
    ("text", "voltage"),
    [
        (THREE.replace("2,000", "2,0001"), [1.5e-3, 1.25e-3]),
        (THREE.replace("2,000", "0,200"), [1.5e-3, 1.25e-3]),
        (THREE.replace("\t", ";"), [1.5e-3, 1.25e-3]),
        ('voltage_mV,time_us\n"1,500",1\n"1,2",2\n', [1.5e-3, 1.2e-3]),
    ],
)
def test_three_digits_after_a_comma_are_decimals_where_the_file_says_so(written, text, voltage):
    assert read_table(written(text)).values("voltage") == pytest.approx(voltage)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (THREE, "line 2, column 'voltage_mV': '1,500'"),
        (THREE.replace("2,000", "0.2"), "line 2, column 'voltage_mV': '1,500'"),
        (THREE + "1.5\t3\n" * 2000 + "1,500\t3\n", "line 2, column 'voltage_mV': '1,500'"),
        (THREE.replace(",", "") + "1.5\t3\n" * 9000 + "1,500\t3\n", "line 9004, column 'voltage_mV': '1,500'"),
        ("# width_us: 1,500\nvoltage_mV,time_us\n0.5,1\n", "line 1, column 'width_us': '1,500'"),
        ("# width: 1,500 us\nvoltage_mV;time_us\n0,5;1\n", "line 1, column .*: '1,500'"),
    ],
)
def test_three_digits_after_a_comma_may_be_thousands(written, text, place):
    with pytest.raises(InputError, match=f"{place} may have a decimal comma or a .* separator: write 1500 or 1.500"):
        read_table(written(text))


def test_three_digits_after_every_comma_without_a_header(written):
    described = written("file: a.csv\nheader: none\ncolumns: {conductance: {columns: 2, unit: uS}}\n", "a.yaml")
    written("1,000;1,500\n2,000;1,250\n")
    assert read_measurement(described).g_siemens[:, 0] == pytest.approx([1.5e-6, 1.25e-6])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv: is empty: give"),
        ("\n\n", r"line 1: '': no header with units"),
        ("hello, world\n1,2\n", r"line 1: 'hello, world': no header with units in it: expected names such as"),
        ("1,2,3\n4,5,6\n", r"line 1: '1,2,3': no header with units"),
        ("time_s,voltage_V,current_A\n", r"line 1: no rows of numbers below the header"),
        ("time,voltage,current\n0,0,0\n", r"line 1, column 'time': no unit: expected s: write time_ms"),
        ("time_s,voltage_V,current\n0,0,0\n", r"line 1, column 'current': no unit: expected A"),
        ("time_s,V (V),voltage_mV\n0,0,0\n", r"line 1, column 'voltage_mV': the same as column 'V \(V\)': leave one"),
        ("time_s,voltage_V,current_A\n0,0,5,1,2\n", r"line 2: 5 cells, .* decimal commas need ';' or a tab"),
        ("time_s;voltage_V\n0;1.000,5\n", r"line 2, column 'voltage_V': '1.000,5' has thousands separators"),
        ("time_s;voltage_V\n0;0,5\n1;1.5\n", r"line 3, column 'voltage_V': '1.5' has another decimal mark"),
        ('time_s,voltage_mV\n0,"1,250"\n', r"line 2, column 'voltage_mV': '1,250' may have a decimal comma or a thou"),
        ("time_s,voltage_V\n0,1\nTotal,1\n", r"line 3, column 'time_s': 'Total' is no number: .* remove rows of sums"),
        ("time_s,voltage_V\n0,\n", r"line 2, column 'voltage_V': '' is empty"),
        (
            "time_s,voltage_V\n12:30:01,1\n",
            r"line 2, column 'time_s': '12:30:01' is a time of day: write seconds since",
        ),
        (
            "Timestamp,voltage_V\n2024-05-01 12:30:01.5,1\n",
            r"line 1, column 'Timestamp': '2024-05-01 12:30:01.5' below it is a time of day: .*, in a column time_s",
        ),
        ("Timestamp,voltage_V\n7.5,1\n", r"line 1, column 'Timestamp': no unit: expected s"),
        ("time_s,voltage_V\n0,NaN\n", r"line 2, column 'voltage_V': 'NaN' is no number"),
        ("time_s,voltage_V\n0,OVERFLOW\n", r"line 2, column 'voltage_V': 'OVERFLOW' is an overflow"),
        (
            "time_s,voltage_V\n0,1\ntime_ms,voltage_V\n",
            r"line 3: the header of line 1 again, with other columns or units",
        ),
        ('time_s,voltage_V\n0,"1\n', r"line 2: .*: close the quotation mark"),
        ("# read_voltage: 0.1\ntime_s,voltage_V\n0,1\n", r"line 1, column 'read_voltage': no unit"),
        ("# temperature: room\ntime_s,voltage_V\n0,1\n", r"line 1, column 'temperature': no unit"),
        ("# width_ms: ten\ntime_s,voltage_V\n0,1\n", r"line 1, column 'width_ms': 'ten' is no number"),
        ("# gap_ms: 1\n# gap_ms: 2\ntime_s,voltage_V\n0,1\n", r"line 2: gap is 0.001 before and 0.002 here"),
        ("# convention: up\ntime_s,voltage_V\n0,1\n", r"line 1, column 'convention': 'up': expected te-be or be-te"),
        (b"PK\x03\x04\0\0", r"a.csv: is no text: if it is a spreadsheet, save it as CSV"),
        (b"\xff\xfet\0\x00", r"a.csv: is no text"),
        ("x" * 2_000_000, r"a line of more than a million characters"),
    ],
)
def test_what_is_refused_names_place_and_remedy(written, text, message):
    path = written(text)
    with pytest.raises(InputError, match=message) as error:
        read_table(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match=r"none.csv: there is no such file"):
        read_measurement(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is no file"):
        read_measurement(tmp_path)


PIECES = [
    SWEEP,
    *EXPORTS.values(),
    "# amplitude_V: 1\ncycle1_uS;cycle2_uS\n1;2\n2;\n",
    "target_uS\tachieved_uS\n1\t2\n",
]


@FAST
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass"))))
def test_rubbish_is_refused(written, rubbish):
    with pytest.raises(InputError):
        read_measurement(written(rubbish))


@FAST
@given(
    st.sampled_from(PIECES), st.integers(0, 250), st.integers(0, 250), st.binary(max_size=5), st.sampled_from(PIECES)
)
def test_damaged_files_are_read_or_refused(written, text, first, last, between, other):
    """Cut anywhere, with rubbish or a piece of another file put in."""
    data = text.encode()[:first] + between + other.encode()[last:]
    with suppress(InputError):
        read_measurement(written(data))
