"""What a timeline says of what was seen: gaps, peaks, what is left behind, who loses."""

from collections.abc import Mapping
from typing import Any

from cli.rehearse.rehearsal import Rehearsal
from cli.rehearse.timeline import Seen, errors_in, rehearsal_of
from cli.workspace.state import StackState, parse_state
from providers.lytics.domain.audiences import Audience, uses_of_models
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.finding.ownership import MODEL_TYPE

Json = dict[str, Any]
OLD, NEW = "a" * 32, "b" * 32


def kept(model_id: str, name: str = "", *, live: bool = False, waits: bool = True) -> Json:
    """Return a model as the sandbox keeps it."""
    return {
        "id": model_id,
        "name": name or f"grow-123456-{model_id[:8]}",
        "state": "complete",
        "is_active": live,
        "stopped": False,
        "config": {"build_only": waits},
        "odd": {},
    }


def state(*ids: str) -> StackState:
    """Return a state whose `grow` has these models, the first one is the current one."""
    resources = [
        {"type": MODEL_TYPE, "urn": "urn::grow", "id": one, "delete": place > 0, "outputs": {}}
        for place, one in enumerate(ids)
    ]
    return parse_state("test", {"deployment": {"resources": resources}})


def switch(model_id: str, live: list[str], *, on: bool, status: int = 200) -> Json:
    """Return the log's entry of a write of is_active."""
    return {
        "method": "POST",
        "path": f"/api/ml/{model_id}",
        "query": "",
        "body": {"is_active": on},
        "status": status,
        "model": model_id,
        "live": live,
    }


def declared(**fields: object) -> Mapping[str, ModelDeclaration]:
    """Return the declaration of `grow`."""
    made = {"source": "one", "target": "two", "config": {"use_scores": True}, **fields}
    return {"grow": ModelDeclaration.model_validate(made)}


def seen(**changes: Any) -> Rehearsal:  # noqa: ANN401 - the fields of Seen
    """Return what came of a swap from the old model to the new one, with changes."""
    swapped: Json = {
        "gates": "pass",
        "exit": 0,
        "output": "",
        "before": state(OLD),
        "after": state(NEW),
        "models_before": [kept(OLD, live=True)],
        "models_after": [kept(OLD), kept(NEW, live=True)],
        "log": [switch(NEW, [OLD, NEW], on=True), switch(OLD, [NEW], on=False)],
        "declared": declared(is_active=True),
    }
    return rehearsal_of(Seen(**{**swapped, **changes}))


def test_a_swap_has_no_gap_and_leaves_the_old_model() -> None:
    """With both live in between, nothing is missing; the deactivated one stays behind."""
    told = seen().as_dict()
    assert [moment["keys"] for moment in told["live"]] == [
        {"grow": [OLD]},
        {"grow": [OLD, NEW]},
        {"grow": [NEW]},
    ]
    assert (told["gaps"], told["over_limit"]) == ([], [])
    assert [(one["id"], one["live"]) for one in told["left_behind"]] == [(OLD, False)]


def test_a_moment_with_nothing_live_is_a_gap() -> None:
    """Stopping first leaves a gap until the next is live; after the end, if it should be live."""
    first_stopped = [switch(OLD, [], on=False), switch(NEW, [NEW], on=True)]
    assert seen(log=first_stopped).as_dict()["gaps"] == [{"key": "grow", "after": 1, "until": 2}]
    only_stopped: Json = {"log": first_stopped[:1], "models_after": [kept(OLD), kept(NEW)]}
    assert seen(**only_stopped).as_dict()["gaps"] == [{"key": "grow", "after": 1, "until": None}]
    assert not seen(**only_stopped, declared=declared(is_active=False)).gaps
    assert not seen(**only_stopped, declared={}).gaps, "a removal is no gap"


def test_one_live_model_too_many_is_a_peak_whether_refused_or_not() -> None:
    """A write that is refused at 20 live, or makes 21, is told with how many there would be."""
    others = [f"{number:032x}" for number in range(20)]
    before = [kept(OLD), *(kept(one, "theirs", live=True) for one in others)]
    refused: Json = {"log": [switch(OLD, others, on=True, status=400)], "models_before": before}
    told = seen(**refused, models_after=before, after=state(OLD))
    assert told.as_dict()["over_limit"] == [{"key": "grow", "after": 1, "live": 21}]
    assert told.writes[0].what == "sets it live; refused: 400"

    by_itself = {**switch(NEW, others, on=True), "path": "/api/ml", "body": {"name": "grow"}}
    after = [*before, kept(NEW, waits=False)]
    told = seen(**{**refused, "log": [by_itself]}, models_after=after)
    assert told.as_dict()["over_limit"] == [{"key": "grow", "after": 1, "live": 21}]


def test_audiences_lose_what_no_live_model_writes_any_more() -> None:
    """A score under the old name ends with it; under the same name it goes on."""
    text = "FILTER segment_prediction.`old` > 0.5 FROM user"
    uses = uses_of_models([Audience("1", "buyers", "Buyers", text)])
    before = [kept(OLD, "old", live=True)]
    told = seen(uses=uses, models_before=before)
    assert told.losing is not None
    assert [use.audience.slug for use in told.losing["old"]] == ["buyers"]
    same = [kept(OLD, "old"), kept(NEW, "old", live=True)]
    assert seen(uses=uses, models_before=before, models_after=same).losing == {}
    assert seen(uses=None).losing is None


def test_an_up_that_fails_over_more_than_gates_is_not_as_declared() -> None:
    """Where no gate was to pass, a failed gate is as declared, and anything else isn't."""
    said = (
        "Diagnostics:\n  stack:\n    error: 1 model did not pass.\n      - grow: the gate\n\nDone"
    )
    assert errors_in(said) == "  stack:\n    error: 1 model did not pass.\n      - grow: the gate"
    resource = {"urn": "urn::grow", "id": "grow", "outputs": {"passed": False}}
    failed = parse_state(
        "test",
        {
            "deployment": {
                "resources": [
                    {"type": "pulumi-python:dynamic/lytics:MlModelActivation", **resource}
                ]
            }
        },
    )
    over: Json = {"exit": 1, "output": said, "after": failed}
    assert seen(**over, gates="fail").as_declared
    assert not seen(**over, gates="pass").as_declared
    more = said.replace("1 model did", "2 models did")
    assert not seen(**{**over, "output": more}, gates="fail").as_declared
