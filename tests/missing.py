"""What a test does where a program, a library or a file that it needs is not here."""

import os

import pytest


def missing(reason):
    """Skip the test; in CI, where a skip could hide a loss, fail it."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
