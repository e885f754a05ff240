import json

import numpy as np
import pytest

from models_va import read_yaml
from models_va.errors import InputError
from netlists import ArrayConfig
from spicegen.files import output_folder
from spicegen.reports.cells import format_cell
from spicegen.reports.page import Page, write_json

EVIL = "<script>alert('x')</script> & \"y\""


@pytest.mark.parametrize(
    "content",
    [b"", b"words", b"- a", b"rows: [", b"a: b: c", b"\xff\xfe\x00", b"\x00", b"rows: 0", b"rows: many", b"rwos: 3",
     b"rows: 2024-13-45", b'"ro\\nws": 3', b"rows: .nan", b"a: !!python/name:os.system"],
)  # fmt: skip
def test_yaml_errors_are_one_line_that_names_the_file(tmp_path, content):
    path = tmp_path / "array.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_yaml(path, ArrayConfig)
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert message.startswith(f"{path}: ")


def test_a_misspelt_field_lists_the_known(tmp_path):
    (tmp_path / "a.yaml").write_text("rwos: 3")
    with pytest.raises(InputError, match=r"rwos: .*known fields are card, rows, columns"):
        read_yaml(tmp_path / "a.yaml", ArrayConfig)


@pytest.mark.parametrize("name", ["gone.yaml", "."])
def test_what_is_no_file(tmp_path, name):
    with pytest.raises(InputError, match="cannot be read: "):
        read_yaml(tmp_path / name, ArrayConfig)


def test_read_yaml(tmp_path):
    (tmp_path / "a.yaml").write_text("rows: 3\nr_row_ohm: 2.5\n")
    assert read_yaml(tmp_path / "a.yaml", ArrayConfig) == ArrayConfig(rows=3, r_row_ohm=2.5)


def test_output_folder(tmp_path):
    made = output_folder(tmp_path / "a" / "b")
    assert made.is_dir()
    assert output_folder(made) == made
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be used as output folder"):
            output_folder(path)


def test_the_page_escapes_everything(tmp_path):
    page = Page(EVIL, EVIL)
    page.section(EVIL, EVIL)
    page.table((EVIL,), [(EVIL,)], EVIL)
    page.code(EVIL, EVIL)
    page.append(Page(EVIL, EVIL))
    page.write(tmp_path, {"a": 1})
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 12
    assert json.loads((tmp_path / "report.json").read_text()) == {"a": 1}


@pytest.mark.parametrize(
    ("cell", "text"), [(1 / 3, "0.3333"), (np.float32(1e-7), "1e-07"), (12345, "12345"), ("x", "x")]
)
def test_cells(cell, text):
    assert format_cell(cell) == text


def test_json_is_plain(tmp_path):
    nan, inf = float("nan"), float("inf")
    write_json(
        tmp_path / "r.json",
        {"nan": nan, "inf": [inf, -inf], "array": np.array([[1.0, nan]]), "scalar": np.float32(0.5), "n": np.int64(3),
         "yes": np.bool_(True), "deep": ({1: np.array(nan)},)},
    )  # fmt: skip
    assert json.loads((tmp_path / "r.json").read_text(), parse_constant=pytest.fail) == {
        "nan": None, "inf": [None, None], "array": [[1.0, None]], "scalar": 0.5, "n": 3, "yes": True,
        "deep": [{"1": None}],
    }  # fmt: skip
