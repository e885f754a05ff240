"""Stored results are whole, or not there."""

import numpy as np
import pytest

from models_va.errors import InputError
from spicegen.result_cache import ResultCache, digest


def test_a_damaged_file_is_not_there(tmp_path):
    """Encrypted, or compressed in ways that nobody knows: zipfile, zlib and numpy raise all that they have."""
    wanted = np.array([[1.5, -2.0]])
    results = ResultCache(tmp_path)
    results.store("a", values=wanted)
    whole, lost = (tmp_path / "a.npz").read_bytes(), 0
    for place in (*range(30), *range(len(whole) - 150, len(whole))):  # the archive's first header and its directory
        (tmp_path / "a.npz").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found = results.load("a", ["values"])
        assert found is None or np.array_equal(found["values"], wanted)
        lost += found is None
    assert lost > 50
    assert results.load("b", ["values"]) is None


def test_what_is_stored_is_found_by_its_key_and_names(tmp_path):
    results = ResultCache(tmp_path)
    key = digest({"shape": [2]}, [np.arange(2.0)])
    results.store(key, first=np.arange(3.0), second=np.array(2.0))
    assert np.array_equal(results.load(key, ["first"])["first"], np.arange(3.0))
    assert results.load(key, ["first", "second"])["second"] == 2.0
    assert results.load(key, ["third"]) is None
    assert digest({"shape": [2]}, [np.array([0.0, 2.0])]) != key
    results.store(key, first=np.array([np.nan]))
    assert results.load(key, ["first"]) is None


def test_without_a_folder_nothing_is_stored():
    ResultCache(None).store("a", values=np.zeros(1))
    assert ResultCache(None).load("a", ["values"]) is None


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(InputError, match=r"gone/a\.npz: cannot be written: No such file"):
        ResultCache(tmp_path / "gone").store("a", values=np.zeros(1))
