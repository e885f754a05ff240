"""The one reader of YAML: which words are numbers."""

import pytest

from models_va import dump_yaml, load_yaml


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-3", 1e-3), ("1E6", 1e6), ("-2.5e3", -2500), ("+1.e+2", 100), (".5e0", 0.5), ("1.5e-6", 1.5e-6), ("3.0", 3.0)],
)
def test_numbers_are_those_of_yaml_1_2(text, number):
    assert load_yaml(f"a: {text}") == {"a": number}


@pytest.mark.parametrize("word", ["1e", "e3", "1e3V", "1e-3 V", "x1e3", "1.2.3e4"])
def test_words_stay_words(word):
    assert load_yaml(f"a: {word}") == {"a": word}


@pytest.mark.parametrize("value", ["1e3", "1E-3", "1.5", 1e-20, 1e300, 5, "no"])
def test_what_is_written_is_read_back(value):
    assert load_yaml(dump_yaml({"a": [value]})) == {"a": [value]}
