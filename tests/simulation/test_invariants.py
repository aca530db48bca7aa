from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pulumi.dynamic import DiffResult

from cli.recover import recovery
from providers.lytics.account.model_list import Looks
from providers.lytics.activation import MlModelActivationProvider
from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.finding import creation
from providers.lytics.domain.finding.ownership import Others
from providers.lytics.domain.live import judging
from providers.lytics.host import create, retire, swap
from providers.lytics.host.create import Creation
from providers.lytics.host.lifecycle import ModelLifecycle
from providers.lytics.host.retire import Retirement
from providers.lytics.host.swap import ActivationLifecycle
from sandbox.api import rules
from sandbox.building import builds
from tests.simulation.drawing import drawn
from tests.simulation.shrinking import shrunk
from tests.simulation.story import lived

MOST = 1500
"""Histories in which a mistake of the product has to show."""
Mistake = Callable[[pytest.MonkeyPatch], None]


def _never_looks_after_a_lost_reply(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Creation, "_found_after", lambda *_: None)


def _trains_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    decide = creation.decide

    def train(*args: Any) -> object:  # noqa: ANN401 - as decide
        decision = decide(*args)
        if isinstance(decision, creation.TakeUp):
            return creation.Train(decision.wanted)
        return decision

    patch.setattr(create, "decide", train)


def _touches_what_was_retained(patch: pytest.MonkeyPatch) -> None:
    retire_it, fetch, let_go = Retirement._retire, Looks._since, set[str]()

    def note(self: Retirement, inputs: ModelInputs, model: Any) -> None:  # noqa: ANN401
        retire_it(self, inputs, model)
        let_go.update({model.id} if inputs.policy == "retain" else ())

    def touch(self: Looks, *args: Any) -> object:  # noqa: ANN401 - as _since
        look = fetch(self, *args)
        for model_id in let_go.intersection(look.models):
            let_go.discard(model_id)
            self._fetch.__self__.update_model(model_id, {"label": "mine"})  # type: ignore[attr-defined]
        return look

    patch.setattr(Retirement, "_retire", note)
    patch.setattr(Looks, "_since", touch)


def _leaves_a_gap(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(swap, "LIVE_LIMIT", 0)
    set_live = ActivationLifecycle._set_live

    def stop_first(self: ActivationLifecycle, case: Any, *rest: Any) -> object:  # noqa: ANN401
        inputs = case.inputs.model_copy(update={"swap": "break_first"})
        return set_live(self, replace(case, inputs=inputs), *rest)

    patch.setattr(ActivationLifecycle, "_set_live", stop_first)


def _passes_every_gate(patch: pytest.MonkeyPatch) -> None:
    evaluate = judging.evaluate
    patch.setattr(swap, "evaluate", lambda *args: replace(evaluate(*args), parts=()))


def _deletes_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retire, "deleted", lambda *_: True)


def _previews_too_little(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ModelLifecycle, "update", lambda _self, _id, state, _inputs: dict(state))


def _touches_what_is_listed(patch: pytest.MonkeyPatch) -> None:
    fetch = Looks._since

    def touch(self: Looks, *args: Any) -> object:  # noqa: ANN401 - as _since
        look = fetch(self, *args)
        first = next(iter(look.models.values()), None)
        if first is not None and first.label != "mine":
            client = self._fetch.__self__  # type: ignore[attr-defined]
            self.remember(client.update_model(first.id, {"label": "mine"}))
        return look

    patch.setattr(Looks, "_since", touch)


def _sets_live_past_the_limit(patch: pytest.MonkeyPatch) -> None:
    # Lytics refuses what is over its limit, and would hide it.
    for room in (rules, builds):
        patch.setattr(room, "LIVE_MODELS_MAX", 99)
    patch.setattr(swap, "LIVE_LIMIT", 99)


def _does_more_than_it_said(patch: pytest.MonkeyPatch) -> None:
    compare = MlModelActivationProvider.diff

    def differ(self: MlModelActivationProvider, *args: Any) -> DiffResult:  # noqa: ANN401 - as diff
        has_looked = self.run.looks._last is not None
        return DiffResult(changes=True) if has_looked else compare(self, *args)

    patch.setattr(MlModelActivationProvider, "diff", differ)


def _lets_two_have_one_model(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Others, "having", lambda *_: None)


def _believes_what_it_never_sent(patch: pytest.MonkeyPatch) -> None:
    def update(self: LyticsClient, model_id: str, changes: dict[str, Any]) -> object:
        shown = self.fetch_model(model_id)
        return shown and shown.model_copy(update=changes)

    patch.setattr(LyticsClient, "update_model", update)


def _passes_over_what_is_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "is_of_stack", lambda *_: False)


MISTAKES: dict[str, Mistake] = {
    "a_create_trains_one_model": _never_looks_after_a_lost_reply,
    "each_model_is_there_once": _trains_whatever_is_there,
    "what_is_retained_stays_as_it_is": _touches_what_was_retained,
    "something_stays_live": _leaves_a_gap,
    "no_model_lives_past_its_gate": _passes_every_gate,
    "each_leaves_as_declared": _deletes_nothing,
    "the_next_preview_is_empty": _previews_too_little,
    "nothing_of_anybody_else_is_touched": _touches_what_is_listed,
    "the_limit_holds": _sets_live_past_the_limit,
    "what_the_preview_said_is_done": _does_more_than_it_said,
    "each_has_its_own": _lets_two_have_one_model,
    "nothing_has_drifted": _believes_what_it_never_sent,
    "what_is_left_over_is_named": _passes_over_what_is_left,
}


def wrong(invariant: str) -> Iterator[int]:
    """Return the numbers of the histories that break an invariant."""
    for number in range(MOST):
        if any(f": {invariant}: " in one for one in lived(drawn(1, number)).broken):
            yield number


@pytest.mark.parametrize("invariant", MISTAKES)
def test_a_mistake_of_the_product_shows(invariant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each promise is broken in some history once the code that keeps it is taken out."""
    MISTAKES[invariant](monkeypatch)
    assert next(wrong(invariant), None) is not None


def test_a_wrong_history_is_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """What remains of a wrong history is what it needs to be wrong in the same way."""
    _deletes_nothing(monkeypatch)
    number = next(wrong("each_leaves_as_declared"))
    history = drawn(1, number)
    smaller = shrunk(history)
    assert len(str(smaller)) < len(str(history))
    assert len(smaller["steps"]) <= 2
    said = lived(smaller).broken[0].split(": ")[1]
    assert said == lived(history).broken[0].split(": ")[1]
