"""What the states of a project's stacks have, as Pulumi tells it."""

from pathlib import Path

import pytest

from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.errors import ConflictError
from providers.lytics.states import ask_holdings

KIND = "pulumi-python:dynamic/lytics:MlModel"
TELLS = f"""\
#!/bin/sh
case "$*" in
  "stack ls"*) echo '[{{"name": "dev"}}, {{"name": "prod"}}]' ;;
  *dev*) echo '{{"deployment": {{}}}}' ;;
  *) echo '{{"deployment": {{"resources": [{{"type": "{KIND}", "urn": "u::a", "id": "1"}}]}}}}' ;;
esac
"""


def pulumi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a pulumi first on PATH that does what a script says."""
    folder.joinpath("pulumi").write_text(script)
    folder.joinpath("pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_every_stack_of_the_project_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The models of all stacks that the backend lists are returned with their stack."""
    pulumi(tmp_path, monkeypatch, TELLS)
    assert ask_holdings() == [Holding("prod", "a", "1")]


def test_state_that_is_just_being_written_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure that passes is none."""
    once = f'[ -e {tmp_path}/met ] || {{ touch {tmp_path}/met; echo "error: EOF" >&2; exit 1; }}\n'
    pulumi(tmp_path, monkeypatch, TELLS.replace("case", f"{once}case", 1))
    assert ask_holdings() == [Holding("prod", "a", "1")]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("#!/bin/sh\necho one >&2\necho 'error: no backend' >&2\nexit 1\n", "error: no backend"),
        ("#!/bin/sh\nexit 1\n", "it failed and said nothing"),
        (None, "there is no pulumi on PATH"),
    ],
)
def test_pulumi_that_cant_tell_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, why: str
) -> None:
    """Where nobody knows whose the models are, nothing is changed, and the reason is told."""
    if script is None:
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        pulumi(tmp_path, monkeypatch, script)
    with pytest.raises(ConflictError) as caught:
        ask_holdings()
    assert f"(pulumi stack ls: {why}). Nothing was changed" in str(caught.value)
