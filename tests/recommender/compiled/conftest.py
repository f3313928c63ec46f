"""What the tests of compiled stages share."""

from __future__ import annotations

import pytest

from recommender.compiled.cutting import Cutter


@pytest.fixture(scope="session")
def compiled_cutter() -> Cutter:
    """A cutter that knows two words."""
    return Cutter.of({"草莓": 5, "牛奶": 5, "草": 1, "牛": 1}, 100)
