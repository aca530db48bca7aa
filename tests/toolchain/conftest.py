"""What the tests of the engine's room share."""

from pathlib import Path

import pytest

from tests.support.stub import Stub


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    """Return a copy of the stubs in a folder whose name has a space, as a user's may."""
    return Stub(tmp_path / "a place")
