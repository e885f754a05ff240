"""Settings of the hardware: what is refused, what is taken for none, and where files are found."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from evaluator.cli import evaluate_command
from evaluator.settings import ARRAY_KEYS, HardwareConfig, overridden, read_hardware
from models_va import load_yaml
from models_va.errors import InputError
from netlists import ArrayConfig
from spicegen.reports.page import Page
from tests.evaluator.setups import CARD, config

FAR = {
    **{f"array.{name}_ohm": 3 for name in ("r_row", "r_col", "r_source", "r_sense")},
    **{"array.rows": 9, "array.columns": 8, "array.drive": "both", "array.sense": "both", "array.v_read_volt": 0.2},
    **{"array.stuck_low": 0.1, "array.stuck_high": 0.1, "array.faults.open_rows": [[1, 1]]},
    **{"mapping.scheme": "bit-sliced", "mapping.scale": "per-tensor", "mapping.clip_percentile": 99},
    **{"mapping.slices": 3, "mapping.bits_per_slice": 2},
    **{"converters.dac_bits": 4, "converters.adc_bits": 4, "converters.adc_range": "full"},
    **{"converters.bit_serial": True, "converters.negative_inputs": "two-phase"},
    **{"errors.device_to_device": True, "errors.levels": 4, "errors.read_noise": 0.1},
    **{"errors.time_s": 3, "errors.temperature_k": 310, "errors.nonlinearity": True, "compensate": "columns"},
    **{"errors.after": "pulses"},
}
"""A value that is neither the default nor ideal, for nearly every key."""


def leaf(tree, key):
    for part in key.split("."):
        tree = tree[part]
    return tree


@pytest.fixture
def command(digits, tmp_path, monkeypatch):
    page = "evaluator.reports.evaluation_page.evaluation_page"
    monkeypatch.setattr(page, lambda report: Page("one evaluation", report.summary))
    app = typer.Typer()
    app.command()(evaluate_command)
    base = (digits[0], "--data", digits[1], "--device", CARD, "--limit", 20, "--trials", 1, "-o", tmp_path / "out")
    return lambda *more: CliRunner().invoke(app, [str(a) for a in (*base, *more)])


@pytest.mark.parametrize("key", FAR)
def test_what_ideal_sets_is_what_it_is_said_to(key):
    far = config(FAR)
    same = leaf(far.model_dump(mode="json"), key) == leaf(far.ideal().model_dump(mode="json"), key)
    assert overridden(key) is not same


@pytest.mark.parametrize(
    "options",
    [
        ("--set", "errors.read_noise=0.1"),
        ("--set", "array.r_row_ohm=0"),
        ("--sweep", "converters.adc_bits=4,8"),
        ("--compensate", "columns"),
    ],
)
def test_ideal_with_what_it_overrides_is_refused(command, options, tmp_path):
    result = command("--ideal", *options)
    assert isinstance(result.exception, InputError), result.output
    assert "--ideal with a value for" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_ideal_with_anything_else_is_taken(command):
    result = command("--ideal", "--sweep", "mapping.scheme=differential,reference", "--set", "array.rows=9")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("key", ["converters.dac_bits", "converters.adc_bits", "errors.levels"])
@pytest.mark.parametrize("word", ["none", "null", "~"])
def test_words_for_none(key, word):
    assert leaf(config({key: 4}).with_values({key: word}).model_dump(), key) is None


@pytest.mark.parametrize(
    ("key", "value", "bound"),
    [
        ("errors.read_noise", "1e30", "10"),
        ("errors.read_noise", "1e160", "10"),
        *((f"array.{line}_ohm", "1e300", "1000000000000") for line in ("r_row", "r_col", "r_source", "r_sense")),
        ("array.v_read_volt", "1e-300", "0.000001"),
        ("costs.t_read_s", ".inf", "finite"),
        ("costs.adc_joule_per_level", "1e300", "1"),
    ],
)
def test_what_no_hardware_has_is_refused(key, value, bound):
    found = f"{float(value.strip('.')):g}"
    with pytest.raises(
        InputError, match=rf"^settings: {key}: Input should be .*{bound}.* \(found {re.escape(found)}\)$"
    ):
        HardwareConfig().with_values({key: value})


def test_weights_are_written_in_one_way(tmp_path):
    contradiction = "after: pulses contradicts programming: write-verify, .*: give after: verified, or another program"
    with pytest.raises(InputError, match=f"^settings: errors: .*{contradiction}"):
        config({"errors.after": "pulses", "errors.programming": "write-verify"})
    (tmp_path / "hardware.yaml").write_text("errors: {after: pulses, programming: write-verify}\n")
    with pytest.raises(InputError, match=f"hardware.yaml: errors: .*{contradiction}"):
        read_hardware(tmp_path / "hardware.yaml")
    with pytest.raises(InputError, match=r"errors\.after: Input should be 'verified' or 'pulses' \(found 'soon'\)"):
        config({"errors.after": "soon"})


def test_every_key_is_in_the_example():
    """With a value of its type, so that the file shows all that can be set."""
    example = load_yaml((Path(__file__).parents[2] / "examples" / "hardware.yaml").read_text(encoding="utf-8"))
    for section, values in HardwareConfig().model_dump(exclude={"array"}).items():
        assert not isinstance(values, dict) or example[section].keys() == values.keys()


@pytest.mark.parametrize("key", ["converters.adc_bits", "errors.programming", "array.r_row_ohm"])
def test_an_empty_value_is_refused(key):
    with pytest.raises(InputError, match=f"setting {key}: is empty"):
        HardwareConfig().with_values({key: ""})


def test_entries_of_an_array_that_are_not_used(command, tmp_path):
    """Of hardware a mistake; of a file that the command array shares a note."""
    array = tmp_path / "array.yaml"
    array.write_text("card: au-lixcoo2-pt\nrows: 20\nprogramming_error: true\n")
    result = command("--array", array)
    assert result.exit_code == 0, result.output
    assert result.output.count("does not use card, programming_error") == 1
    hardware = tmp_path / "hardware.yaml"
    hardware.write_text("array: {rows: 20, programming_error: true}\n")
    with pytest.raises(InputError, match=r"hardware.yaml: array.programming_error.* give errors.programming"):
        read_hardware(hardware)


def test_no_key_of_an_array_is_forgotten():
    shared = {"card", "seed", "cells", "inputs", "program", "stuck", "programming_error", "device_to_device"}
    shared |= {"c_row_farad", "c_col_farad"}
    assert shared | set(ARRAY_KEYS) == set(ArrayConfig.model_fields)


def test_a_table_beside_the_hardware_is_found(tmp_path):
    (tmp_path / "sigma.csv").write_text("")
    (tmp_path / "card").write_text("")
    for name, found in {"sigma.csv": str(tmp_path / "sigma.csv"), "card": "card", "/other.csv": "/other.csv"}.items():
        (tmp_path / "hardware.yaml").write_text(f"errors: {{programming: {name}}}\n")
        assert read_hardware(tmp_path / "hardware.yaml").errors.programming == found


def test_a_misspelt_key_is_answered_with_those_of_its_section(tmp_path):
    (tmp_path / "hardware.yaml").write_text("converters: {adc_bit: 8}\n")
    with pytest.raises(InputError, match=r"converters.adc_bit: .*; known fields are dac_bits, bit_serial, neg") as e:
        read_hardware(tmp_path / "hardware.yaml")
    assert "mapping" not in str(e.value)
    with pytest.raises(InputError, match="less than or equal to 16") as e:
        HardwareConfig().with_values({"converters.adc_bits": "17"})
    assert "known fields" not in str(e.value)


def test_images_that_nothing_needs_are_not_passed_over_in_silence(command, digits):
    result = command("--calibration", digits[1])
    assert f"{digits[1]} is not used" in result.output
    assert "not used" not in command().output
