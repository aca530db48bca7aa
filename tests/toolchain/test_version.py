import re
import tomllib

from providers.lytics.version import VERSION
from tests.support.stub import ROOT


def test_one_version_everywhere() -> None:
    """What the tool says of itself is what pyproject.toml and the newest changelog entry say."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    versions = re.findall(
        r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert versions[0] == VERSION
