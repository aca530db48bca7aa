import os
import random
from pathlib import Path

import pytest

from tests.support.bed.figures import Figures, book
from tests.support.bed.killing import (
    AFTER,
    MOMENTS,
    Json,
    Moment,
    Site,
    build_site,
    copied,
    kill_at,
    missing,
    outcome,
    recover,
)
from tests.support.engine.project import Project

pytestmark = pytest.mark.engine

SEED = int(os.environ.get("CHAOS_SEED", "1"))
# The change sends 17 to 20 requests when nothing goes wrong: looks, then five writes, looks, a
# swap, and three that retire. Of these many each is followed by another one, so that a kill there
# always comes before the end.
LOOKS, CREATED, CERTAIN = 3, 9, 15
# A kill after the end is no kill.
MOST_REQUESTS = 24
KILLS = [(number, moment) for number in range(MOST_REQUESTS) for moment in MOMENTS]
DICE = random.Random(SEED)
FEW = sorted(DICE.sample([kill for kill in KILLS if LOOKS <= kill[0] < CERTAIN], 11))
# Where all models are made and the state on disk knows of none.
UNWRITTEN = DICE.sample([kill for kill in KILLS if CREATED <= kill[0] < CERTAIN], 1)
NO_CHECKPOINTS = {"PULUMI_SKIP_CHECKPOINTS": "1", "PULUMI_EXPERIMENTAL": "1"}


@pytest.fixture(scope="module")
def site(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A stack that is up."""
    return build_site(template, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def undisturbed(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What the change comes to when nobody kills it."""
    with copied(site, tmp_path_factory.mktemp("undisturbed")) as project:
        project.up()
        requests = len(project.account.requests())
        project.expect_no_changes()
        assert CERTAIN < requests <= MOST_REQUESTS, f"{requests} requests: adjust the bounds"
        return outcome(project)


def survives(project: Project, undisturbed: Json, said: str, figures: Figures) -> None:
    """Do what a pipeline does after a kill, and hold that it ends as if there had been none."""
    recovered = recover(project)
    ran = project.pulumi("up", "--yes", code=None)
    told = f"{said}\n{recovered}\n{ran}"
    ended = outcome(project)
    figures.add(
        kills=1,
        lost=missing(undisturbed["models"], ended["models"]),
        twice=max(0, len(ended["models"]) - len(undisturbed["models"])),
        person=int((recovered.code, ran.code) != (0, 0)),
    )
    assert (recovered.code, ran.code) == (0, 0), told
    assert "pending operation" not in ran.words, told
    assert ended == undisturbed, told
    assert set(AFTER) == {r["urn"].rsplit("::", 1)[1] for r in project.resources()}
    project.expect_no_changes()


def killed(  # noqa: PLR0913, PLR0917 - one kill
    site: Site,
    undisturbed: Json,
    folder: Path,
    number: int,
    moment: Moment,
    env: dict[str, str] | None = None,
) -> None:
    """Kill the change at one moment of one request, and hold that it is survived."""
    figures = book.kind("kills, state written only at the end" if env else "kills")
    with copied(site, folder) as project:
        said, was_over = kill_at(project, number, moment, env or {})
        if was_over:
            figures.add(ended_before=1)
            assert number >= CERTAIN, said
            return
        survives(project, undisturbed, said, figures)


@pytest.mark.parametrize(("number", "moment"), FEW)
def test_up_goes_on_after_a_kill(
    site: Site, undisturbed: Json, tmp_path: Path, number: int, moment: Moment
) -> None:
    """After a kill at a request, `recover` and `up` end where an undisturbed `up` ends."""
    killed(site, undisturbed, tmp_path, number, moment)


@pytest.mark.parametrize(("number", "moment"), UNWRITTEN)
def test_up_goes_on_after_a_kill_without_checkpoints(
    site: Site, undisturbed: Json, tmp_path: Path, number: int, moment: Moment
) -> None:
    """The same where the engine was told to write the state only at the end."""
    killed(site, undisturbed, tmp_path, number, moment, NO_CHECKPOINTS)


@pytest.mark.chaos
@pytest.mark.parametrize(("number", "moment"), [kill for kill in KILLS if kill not in FEW])
def test_up_goes_on_after_a_kill_anywhere(
    site: Site, undisturbed: Json, tmp_path: Path, number: int, moment: Moment
) -> None:
    """The same at every other moment of every request."""
    killed(site, undisturbed, tmp_path, number, moment)


@pytest.mark.chaos
@pytest.mark.parametrize(("number", "moment"), KILLS[1::3])
def test_up_goes_on_after_a_kill_without_checkpoints_anywhere(
    site: Site, undisturbed: Json, tmp_path: Path, number: int, moment: Moment
) -> None:
    """The same after every request took effect, with the state written only at the end."""
    killed(site, undisturbed, tmp_path, number, moment, NO_CHECKPOINTS)
