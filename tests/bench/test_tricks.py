import shutil
from pathlib import Path

import pytest

from bench.contenders import ROOT
from bench.tricks import TRICKS, Trick


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.name)
def test_each_trick_that_is_measured_is_there(trick: Trick, tmp_path: Path) -> None:
    """Each trick can be turned off in a copy of the program, whose code stays code."""
    shutil.copytree(ROOT / "providers", tmp_path / "providers")
    trick.turn_off(tmp_path)
    for name, _, _ in trick.edits:
        compile((tmp_path / name).read_text(encoding="utf-8"), name, "exec")
    assert trick.edits or trick.env
