"""What successors have retired can be listed and deleted, and nothing else can."""

import jsonschema
import pytest

from cli.prune.retired import retired, to_delete
from cli.schema.outputs import output_schema
from providers.lytics.domain.audiences import Audience, uses_of_models
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.shapes import Model
from tests.cli.conftest import Run
from tests.support.engine.project import Project
from tests.support.engine.shapes import model
from tests.support.review.shapes import (
    PROJECT,
    STACK,
    inputs_of,
    model_of,
    resource_of,
    state_of,
)

CURRENT, FIRST, SECOND = "1" * 32, "2" * 32, "3" * 32


def earlier(model_id: str, generation: int, **fields: object) -> Model:
    """Return a model that was trained for the same declaration, and is retired."""
    created = f"2025-0{generation}-02T03:04:05Z"
    shown = {"is_active": False, "created": created, **fields}
    return model_of(inputs_of("grow", generation=generation), model_id, **shown)


def ids(
    *models: Model, audience: str = "", holdings: tuple[Holding, ...] = (), keep: int = 0
) -> list[str]:
    """Return which models may go, beside one that the state has."""
    inputs = inputs_of("grow", generation=5)
    current = model_of(inputs, CURRENT)
    account = {one.id: one for one in (current, *models)}
    uses = uses_of_models([Audience("9" * 32, "likely", "Likely", audience)] if audience else [])
    state = state_of(resource_of(inputs, current))
    found = retired(PROJECT, state, account, uses, holdings=holdings)
    return [one.model.id for one in to_delete(found, keep)]


def test_the_youngest_stay_as_many_as_are_kept() -> None:
    """What going back takes up stays: of each key the youngest ones."""
    both = (earlier(FIRST, 1), earlier(SECOND, 2))
    assert ids(*both) == [SECOND, FIRST]
    assert ids(*both, keep=1) == [FIRST]
    assert ids(*both, keep=2) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"is_active": True},
        {"state": "building", "type": "", "is_healthy": False},
        {"name": "of_somebody_else"},
        {"name": "grow-0123456789ab-01234567"},
    ],
    ids=str,
)
def test_what_is_in_use_or_not_ours_is_not_retired(fields: dict[str, object]) -> None:
    """A live model, one that is built, and one that another stack made are left alone."""
    assert ids(earlier(FIRST, 1, **fields)) == []


@pytest.mark.parametrize(
    ("holding", "gone"),
    [
        (Holding("other", "grow", FIRST), False),
        (Holding("other", "grow", SECOND, trained={FIRST: "x"}), False),
        (Holding("other", "grow", SECOND), True),
        (Holding(STACK, "grow", CURRENT, trained={FIRST: "x"}), True),
    ],
    ids=["has it", "remembers it", "has another", "ours remembers it"],
)
def test_what_another_stack_has_or_remembers_stays(holding: Holding, *, gone: bool) -> None:
    """A model that was moved belongs to the stack whose state has it, whatever its name says."""
    assert ids(earlier(FIRST, 1), holdings=(holding,)) == ([FIRST] if gone else [])


def test_a_model_that_an_audience_uses_stays() -> None:
    """Its score is in the audience's definition, even though nothing writes it any more."""
    used = earlier(FIRST, 1)
    assert ids(used, audience=f"segment_prediction.`{used.name}` > 0.7") == []
    assert ids(used, audience="segment_prediction.other > 0.7") == [FIRST]


@pytest.mark.engine
def test_retired_models_are_listed_and_deleted(project: Project, run: Run) -> None:
    """`list --retired` shows what replacements left; prune deletes the older one, with --yes."""
    made = []
    for generation in (1, 2, 3):
        project.declare({"grow": model(generation=generation)})
        project.up()
        made.append(project.id("grow"))
    listed = run("list", "--retired", "--stack", "test", "--json").json()
    assert [one["id"] for one in listed["retired"]] == [made[1], made[0]]
    refused = run("prune", "--stack", "test")
    assert refused.code == 1
    assert set(made) == set(project.account.models())
    done = run("prune", "--stack", "test", "--yes", "--json")
    assert done.code == 0, done.err
    jsonschema.validate(done.json(), output_schema("prune"))
    assert done.json()["deleted"] == [made[0]]
    assert set(project.account.models()) == set(made[1:])
    project.expect_no_changes()
