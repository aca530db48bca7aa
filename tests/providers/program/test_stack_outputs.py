"""What is shown of each model at the end of a run, and what is asked for it."""

from typing import cast

import pulumi
import pytest

from providers.lytics import MlModel
from providers.lytics.api.settings import Settings
from providers.lytics.domain.identity import default_name, lineage
from providers.lytics.errors import LyticsError
from providers.lytics.program import stack_outputs, watcher
from providers.lytics.program.model_resource import ModelFacts
from providers.lytics.shapes import Model, Summary

PROJECT, STACK = "lytics-ml", "dev"


def model(**fields: object) -> Model:
    """Return a model as ML List shows it."""
    return Model.model_validate({"id": "1" * 32, "state": "complete", "is_active": True, **fields})


@pytest.mark.parametrize(
    ("seen", "live", "managed", "agrees"),
    [
        (model(), True, True, True),
        (model(is_active=False), False, True, True),
        (model(), False, False, True),
        (model(), False, True, False),
        (model(is_active=False), True, False, False),
        (model(state="building"), True, False, False),
        (None, False, False, False),
    ],
    ids=["live", "not live", "went live", "stopped now", "set live now", "building", "made now"],
)
def test_look_from_before_serves_where_this_run_changed_nothing(
    seen: Model | None, *, live: bool, managed: bool, agrees: bool
) -> None:
    """A look is asked for again where what the run did can't be in the first one."""
    fact = {"id": "1" * 32, "live": live, "managed": managed}
    assert stack_outputs._agrees(fact, seen) is agrees


class Api:
    """Stands for the program's connection."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def list_models(self) -> list[Model]:
        """Return four models: two of one declaration, one being built, one of nobody."""
        one, two = (lineage(PROJECT, STACK, key) for key in ("one", "two"))
        return [
            model(id="a", name=default_name("one", one, "0" * 8), created="2026-01-02"),
            model(id="b", name=default_name("one", one, "1" * 8), created="2026-01-01"),
            model(id="c", name=default_name("two", two, "0" * 8), state="building"),
            model(id="d", name="by hand"),
        ]

    def fetch_summary(self, model_id: str) -> Summary:
        """Return a model's numbers."""
        self.asked.append(model_id)
        if model_id == "b":
            message = "gone"
            raise LyticsError(message)
        return Summary.model_validate({"summary": {"auc": 0.75}})


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Be a program whose watcher has looked."""
    api = Api()
    looked = watcher.BuildWatcher(api.list_models, lambda _: None, live=False)
    looked.look_first()
    monkeypatch.setattr(stack_outputs, "program_watcher", lambda: looked)
    monkeypatch.setattr(stack_outputs, "program_client", lambda: api)
    monkeypatch.setattr(stack_outputs, "program_settings", lambda: Settings(api_key="k"))
    monkeypatch.setattr(stack_outputs, "may_wait", lambda: True)
    monkeypatch.setattr(pulumi, "get_project", lambda: PROJECT)
    monkeypatch.setattr(pulumi, "get_stack", lambda: STACK)
    return api


def declared(*keys: str) -> list[MlModel]:
    """Return declared models, of which only the facts are needed."""

    class Declared:
        def __init__(self, key: str) -> None:
            self.facts = ModelFacts(key, None, None, manages_live=False)

    return cast("list[MlModel]", [Declared(key) for key in keys])


def test_scores_are_asked_for_before_any_id_is_known(api: Api) -> None:
    """By its name the newest trained model of a declaration is the one that is meant."""
    begun = stack_outputs._begin_scores(declared("one", "two"))
    assert {one: reply.result(60) for one, reply in begun.items()} == {"a": {"auc": 0.75}}
    assert api.asked == ["a"]


@pytest.mark.parametrize("keys", [("two",), ("three",), ("one", "two", "three")])
def test_scores_of_many_or_untrained_models_are_not_asked_for(
    api: Api, keys: tuple[str, ...]
) -> None:
    """An up that finds nothing to do asks at most five times."""
    assert stack_outputs._begin_scores(declared(*keys)) == {}
    assert api.asked == []


def test_nothing_is_asked_where_nothing_waits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview asks for no scores."""
    monkeypatch.setattr(stack_outputs, "may_wait", lambda: False)
    assert stack_outputs._begin_scores(declared("one")) == {}
    assert api.asked == []
