import os
import random
from pathlib import Path

import pytest

from tests.chaos.figures import Figures
from tests.chaos.killing import (
    AFTER,
    MOMENTS,
    Json,
    Moment,
    Site,
    build_site,
    copied,
    kill_at,
    outcome,
    recover,
)
from tests.engine.project import Project

pytestmark = pytest.mark.engine

SEED = int(os.environ.get("CHAOS_SEED", "1"))
# More than the change sends when nothing goes wrong; a kill after its end is no kill.
MOST_REQUESTS = 27
KILLS = [(number, moment) for number in range(MOST_REQUESTS) for moment in MOMENTS]
# Of the requests that are sent for certain.
FEW = sorted(random.Random(SEED).sample(KILLS[: 18 * len(MOMENTS)], 11))
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
        assert requests <= MOST_REQUESTS, f"the change sends {requests} requests: raise the bound"
        return outcome(project)


def survives(project: Project, undisturbed: Json, said: str, figures: Figures) -> None:
    """Do what a pipeline does after a kill, and hold that it ends as if there had been none."""
    recovered = recover(project)
    told = f"{said}\n{recovered}"
    figures.add(kills=1, person=int(recovered.code != 0))
    assert recovered.code == 0, told
    ran = project.up(code=None)
    assert ran.code == 0, f"{told}\n{ran}"
    assert "pending operation" not in ran.words, f"{told}\n{ran}"
    ended = outcome(project)
    wanted = undisturbed["models"]
    figures.add(
        lost=sum(model not in ended["models"] for model in wanted),
        twice=max(0, len(ended["models"]) - len(wanted)),
    )
    assert ended == undisturbed, f"{told}\n{ran}"
    assert set(AFTER) == {r["urn"].rsplit("::", 1)[1] for r in project.resources()}
    project.expect_no_changes()


def killed(  # noqa: PLR0913, PLR0917 - one kill
    site: Site,
    undisturbed: Json,
    folder: Path,
    figures: Figures,
    number: int,
    moment: Moment,
    env: Json | None = None,
) -> None:
    """Kill the change at one moment of one request, and hold that it is survived."""
    with copied(site, folder) as project:
        said = kill_at(project, number, moment, dict(env or {}))
        if said is None:
            figures.add(ended_before=1)
            return
        survives(project, undisturbed, said, figures)


@pytest.mark.parametrize(("number", "moment"), FEW)
def test_up_goes_on_after_a_kill(  # noqa: PLR0913, PLR0917 - fixtures
    site: Site, undisturbed: Json, tmp_path: Path, figures: Figures, number: int, moment: Moment
) -> None:
    """After a kill at a request, `recover` and `up` end where an undisturbed `up` ends."""
    killed(site, undisturbed, tmp_path, figures, number, moment)


@pytest.mark.parametrize(("number", "moment"), FEW[3:4])
def test_up_goes_on_after_a_kill_without_checkpoints(  # noqa: PLR0913, PLR0917 - fixtures
    site: Site, undisturbed: Json, tmp_path: Path, figures: Figures, number: int, moment: Moment
) -> None:
    """The same where the engine was told to write the state only at the end."""
    killed(site, undisturbed, tmp_path, figures, number, moment, NO_CHECKPOINTS)


@pytest.mark.chaos
@pytest.mark.parametrize(("number", "moment"), [kill for kill in KILLS if kill not in FEW])
def test_up_goes_on_after_a_kill_anywhere(  # noqa: PLR0913, PLR0917 - fixtures
    site: Site, undisturbed: Json, tmp_path: Path, figures: Figures, number: int, moment: Moment
) -> None:
    """The same at every other moment of every request."""
    killed(site, undisturbed, tmp_path, figures, number, moment)


@pytest.mark.chaos
@pytest.mark.parametrize(("number", "moment"), KILLS[1::3])
def test_up_goes_on_after_a_kill_without_checkpoints_anywhere(  # noqa: PLR0913, PLR0917
    site: Site, undisturbed: Json, tmp_path: Path, figures: Figures, number: int, moment: Moment
) -> None:
    """The same after every request took effect, with the state written only at the end."""
    killed(site, undisturbed, tmp_path, figures, number, moment, NO_CHECKPOINTS)
