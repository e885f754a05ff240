"""Tables of sigma(G): what they say between, at and beyond their rows, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_va import load_card
from models_va.errors import InputError
from spicegen.devices.programming import program, stream
from spicegen.devices.sigma_table import SigmaTable, read_sigma_table

CARD = load_card("au-lixcoo2-pt")
TABLE = SigmaTable((1e-5, 2e-5, 4e-5), (1e-7, 3e-7, 2e-7))


def written(tmp_path, text):
    path = tmp_path / "sigma.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "g_siemens,sigma_siemens\n1e-5,1e-7\n2e-5,3e-7\n4e-5,2e-7\n",
        "g_uS,sigma_uS\n10,0.1\n20,0.3\n40,0.2",
        "# measured in 2024\nG (uS);sigma (nS)\n10,0;100\n20,0;300\n40,0;200\n",
        "\ufeffsigma_uS, n , g_siemens\r\n\r\n0.1,60,1e-5\r\n0.3,60,2e-5\r\n 0.2 ,60, 4e-5 \r\n",
    ],
)
def test_any_unit_and_order(tmp_path, text):
    found = read_sigma_table(written(tmp_path, text))
    assert found.g_siemens == pytest.approx(TABLE.g_siemens, rel=1e-15)
    assert found.deviation_siemens == pytest.approx(TABLE.deviation_siemens, rel=1e-15)


def test_linear_between_rows_constant_beyond():
    g = np.array([[0.0, 1e-5, 1.5e-5], [2e-5, 3e-5, 1.0]])
    assert TABLE.sigma_siemens(g) == pytest.approx(np.array([[1e-7, 1e-7, 2e-7], [3e-7, 2.5e-7, 2e-7]]), rel=1e-14)
    assert TABLE.sigma_siemens(2e-5) == 3e-7


@given(st.lists(st.floats(0, 1), max_size=9))
def test_a_table_of_the_cards_line_is_the_cards_line(places):
    low, high = CARD.window()
    g, rows = low + (high - low) * np.array(places), np.linspace(low, high, 4)
    table = SigmaTable(tuple(rows.tolist()), tuple(CARD.programming_error.sigma_siemens(rows).tolist()))
    assert table.sigma_siemens(g) == pytest.approx(CARD.programming_error.sigma_siemens(g), rel=1e-13)
    both = [program(g, error, stream(3, 1)) for error in (table, CARD.programming_error)]
    assert both[0] == pytest.approx(both[1], rel=1e-13)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"is empty: give a header line and rows of numbers"),
        ("g_siemens\n1\n2\n", r"no column of sigma among 'g_siemens': add one"),
        ("g,sigma\n1,1\n2,2\n", r", line 1, column 'g': no unit: expected S: write"),
        ("g_uS,g_siemens,sigma_uS\n1,1,1\n", r", line 1, column 'g_siemens': the same as column 'g_uS': leave one"),
        ("g_uS,sigma_uS\n10,0.1\n", r", line 2: only one row of numbers: give columns such as g_uS,sigma_uS"),
        ("g_uS,sigma_uS\n10,0.1\n\n20,x\n", r", line 4, column 'sigma_uS': 'x' is no number"),
        ("g_uS,sigma_uS\n10,0.1\n20\n", r", line 3: 1 cells, expected 2: is the file whole"),
        ("g_uS,sigma_uS\n10,nan\n20,1\n", r", line 2, column 'sigma_uS': 'nan' is no number"),
        ("g_uS,sigma_uS\n10,0.1\ninf,1\n", r", line 3, column 'g_uS': 'inf' is an overflow"),
        ("g_uS,sigma_uS\n-10,0.1\n20,1\n", r", line 2: g = -1e-05 S.* and not negative"),
        ("g_uS,sigma_uS\n10,-0.1\n20,1\n", r", line 2: .*sigma = -1e-07 S: both must be finite and not negative"),
        ("g_uS,sigma_uS\n20,0.1\n10,1\n", r", line 3: g = 1e-05 S after 2e-05 S: sort the rows"),
        ("g_uS,sigma_uS\n20,0.1\n20,1\n", r", line 3: g = 2e-05 S after 2e-05 S: .* one row for each g"),
        (b"g_uS,sigma_uS\n\xff\xfe\n", r", line 2: 1 cells, expected 2"),
        ('g_uS,sigma_uS\n"1,2\n', r", line 2: unexpected end of data: close the quotation mark"),
    ],
)
def test_what_is_refused_names_file_line_and_remedy(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=message) as error:
        read_sigma_table(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_no_file_and_wrong_numbers(tmp_path):
    with pytest.raises(InputError, match=r"none.csv: there is no such file"):
        read_sigma_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match="2 conductances, 1 deviations"):
        SigmaTable((1.0, 2.0), (1.0,))
    with pytest.raises(InputError, match="sigma table, row 2: g = 1 S after 2 S: sort"):
        SigmaTable((2.0, 1.0), (1.0, 1.0))
