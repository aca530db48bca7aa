from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.segments import segment_id
from tests.support.bed.figures import Figures
from tests.support.engine.account import Account
from tests.support.engine.project import RUN_TIMEOUT_S, Project, copy_of
from tests.support.engine.shapes import Json, model

pytestmark = pytest.mark.engine
RATE = 5.0
PATIENT = {"lytics:patienceSeconds": 90, "lytics:settleSeconds": 15}


def many(count: int) -> dict[str, Json]:
    """Return so many declarations, none of them live."""
    return {f"model-{i:03}": model(is_active=False) for i in range(count)}


def finishes(account: Account, project: Project, count: int, figures: Figures) -> None:
    """Bring so many models up on a slow API, and hold that each is made once and none fails."""
    project.configure(PATIENT)
    project.declare(many(count))
    ran = project.up(code=None)
    asked = account.requests()
    refused = sum(entry["status"] == 429 for entry in asked)
    figures.add(models=count, requests=len(asked), answered_429=refused, failed=int(ran.code != 0))
    assert ran.code == 0, str(ran)
    assert len(account.models()) == count
    assert len(project.resources()) == count
    assert len(asked) < 6 * count, f"{len(asked)} requests for {count} models"
    # The limit holds while the next `up` is asked as well: it has little to ask.
    project.expect_no_changes()


def test_models_come_up_at_five_requests_a_second(
    account_with: Callable[..., Account], template: Path, tmp_path: Path, figures: Figures
) -> None:
    """At 5 requests a second a stack comes up without a failed model, and without a stampede."""
    account = account_with(rate_limit=RATE)
    finishes(account, copy_of(template, tmp_path / "program", account), 15, figures)


@pytest.mark.chaos
def test_hundred_models_come_up_at_five_requests_a_second(
    account_with: Callable[..., Account], template: Path, tmp_path: Path, figures: Figures
) -> None:
    """The same with a hundred models."""
    account = account_with(rate_limit=RATE)
    finishes(account, copy_of(template, tmp_path / "program", account), 100, figures)


@pytest.mark.parametrize("by", ["slug", "id"])
def test_broken_api_fails_with_one_error(project: Project, account: Account, by: str) -> None:
    """An API that answers nothing but 503 ends an `up` soon, with one error."""
    ids: Json = {}
    if by == "id":
        ids = {
            "source": segment_id(1234, "all_users"),
            "target": segment_id(1234, "high_value"),
        }
    project.declare({key: {**fields, **ids} for key, fields in many(20).items()})
    account.fault(status=503, body="html", times=None)
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    told = ran.output.split("Diagnostics:", 1)[1]
    # A slow machine may also be told, in a warning, that it is tried again.
    sentences = [line for line in told.splitlines() if "503" in line and "error: " in line]
    assert len(sentences) == 1, str(ran)
    assert "try again later" in sentences[0], str(ran)
    assert len(account.requests()) < 60, str(ran)
    assert account.models() == {}
    account.mend()
    project.up()
    assert len(account.models()) == 20


@pytest.mark.parametrize("answered", [0, 8], ids=["at once", "during the creates"])
def test_api_that_never_answers_costs_one_time_out(
    project: Project, account: Account, answered: int
) -> None:
    """An API that accepts and never answers ends an `up` after a time-out, not after one a model.

    It is asked for segments and models at once, or once for each create that is under way and a few
    times more.
    """
    count = 20
    # Shorter than one time-out, so that nothing is asked for a second time.
    project.configure({"lytics:timeoutSeconds": 2, "lytics:patienceSeconds": 1})
    project.declare(many(count))
    account.fault(what="hang", skip=answered, times=None)
    ran = project.up(code=None)
    assert ran.code != 0, str(ran)
    told = ran.output.split("Diagnostics:", 1)[1]
    assert told.count("no reply in time") <= 2, str(ran)
    creates = account.creates(0)
    assert len(creates) <= (count if answered else 0), str(ran)
    assert len(account.requests()) - len(creates) <= (8 if answered else 2), str(ran)
    account.mend()
    project.up()
    assert len(account.models()) == len(project.resources()) == count


def test_api_that_breaks_during_an_up_is_told_once(project: Project, account: Account) -> None:
    """503 for good after the fifth create ends an `up` soon; what is wrong is said in one sentence.

    Of the creates that were under way each is named, in few words.
    """
    count = 40
    project.declare(many(count))
    # However quick all the others are, they are under way when it breaks.
    account.fault(what="hang", seconds=2, method="POST", path="^/api/ml$", skip=5, times=None)
    process = project.start_up()
    account.wait(lambda: len(account.models()) >= 5)
    account.mend()
    account.fault(status=503, body="html", times=None)
    output = process.communicate(timeout=RUN_TIMEOUT_S)[0]
    assert process.returncode != 0, output
    told = output.split("Diagnostics:", 1)[1].split("Resources:", 1)[0].splitlines()
    errors = [line for line in told if "Failed to create" in line]
    assert len([line for line in errors if "503" in line]) == 1, output
    short = [line for line in errors if "503" not in line]
    assert all(line.endswith("which shows it in full") for line in short), output
    assert len([line for line in told if "look for twins" in line]) <= 1, output
    made = set(account.models())
    assert len(account.requests()) < 3 * count, output
    account.mend()
    project.up()
    assert made < set(account.models())
    assert len(account.models()) == len(project.resources()) == count
