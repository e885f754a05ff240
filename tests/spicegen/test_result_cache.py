"""Kept results: whole, or not there."""

import numpy as np

from spicegen.result_cache import keep, recall


def test_a_damaged_file_is_not_there(tmp_path):
    """Encrypted, or compressed in ways that nobody knows: zipfile, zlib and numpy raise all that they have."""
    wanted = np.array([[1.5, -2.0]])
    keep(tmp_path, "a", wanted)
    whole, lost = (tmp_path / "a.npz").read_bytes(), 0
    for place in (*range(30), *range(len(whole) - 150, len(whole))):  # the archive's first header and its directory
        (tmp_path / "a.npz").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found = recall(tmp_path, "a", wanted.shape)
        assert found is None or np.array_equal(found, wanted)
        lost += found is None
    assert lost > 50
    assert recall(tmp_path, "b", wanted.shape) is None
