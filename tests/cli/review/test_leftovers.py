"""What a review says of live models that an earlier run has replaced, and that are there still."""

from dataclasses import replace

import pytest

from cli.audiences.ask import Audiences
from cli.review.change import Review
from cli.review.deciding.reading import review_of
from cli.review.known import Known
from cli.review.plan import parse_plan
from cli.review.showing.markdown import as_markdown
from providers.lytics.domain.audiences import Audience, uses_of_models
from providers.lytics.domain.declaration import ModelInputs
from tests.support.review.previews import Json, activation_step, preview_of, step
from tests.support.review.shapes import (
    activation_of,
    inputs_of,
    model_of,
    name_of,
    resource_of,
    state_of,
    summary_of,
)

OLD_ID, NEW_ID = "1" * 32, "2" * 32
OTHER = {"use_content": True}
AUC = 0.8


def reviewed(  # noqa: PLR0913 - the parts of one history
    before: ModelInputs,
    after: ModelInputs,
    *,
    steps: tuple[Json, ...] = (),
    activation: Json | None = None,
    new_is_live: bool = True,
    removals: dict[str, str] | None = None,
) -> Review:
    """Return the review of a state in which a live model of `grow` has been replaced already."""
    old, new = model_of(before, OLD_ID), model_of(after, NEW_ID, is_active=new_is_live)
    kept = resource_of(after, new)
    leaving = replace(resource_of(before, old), is_leaving=True)
    swap = None if activation is None else activation_of("grow", NEW_ID, **activation)
    state = state_of(kept, leaving, activations=() if swap is None else (swap,))
    raw = [step("same", "grow", kept, after), *steps]
    if swap is not None:
        raw.append(activation_step("update", "grow", swap, gate={"auc": 0.7}))
    uses = uses_of_models(
        [Audience("a", "vip", text=f"FILTER segment_prediction.`{old.name}` > 1")]
    )
    known = Known(
        state,
        {OLD_ID: old, NEW_ID: new},
        {NEW_ID: summary_of(auc=AUC)},
        removals or {},
        audiences=Audiences(uses),
    )
    return review_of(parse_plan(preview_of(*raw)), known)


def test_a_live_model_that_an_earlier_run_replaced_takes_scores_away_when_it_leaves() -> None:
    """The file is as it was, and the next `up` stops the model all the same."""
    review = reviewed(inputs_of("grow"), inputs_of("grow", config=OTHER))

    assert review.is_refused
    assert "1 audience loses its scores" in review.summary
    assert "1 live model is affected" in review.summary
    written = as_markdown(review)
    assert "was replaced earlier and leaves" in written
    assert "keep-name" not in written, "the name of the next model is settled"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"name": "a"}, {"name": "a", "config": OTHER}),
        ({"on_delete": "retain"}, {"config": OTHER}),
        ({}, {"config": OTHER, "activation": "observe"}),
    ],
)
def test_a_model_left_over_that_takes_no_scores_away_is_told_and_no_loss(
    before: Json, after: Json
) -> None:
    """The next one has its name, it is retained, or nothing sets the next one live."""
    review = reviewed(inputs_of("grow", **before), inputs_of("grow", **after))

    assert not review.losing
    assert "was replaced earlier" in as_markdown(review)


@pytest.mark.parametrize(
    ("on_delete", "today", "stuck"),
    [("delete", "delete", True), ("delete", "deactivate", False)],
)
def test_a_used_model_left_over_is_deleted_by_no_up(
    on_delete: str, today: str, *, stuck: bool
) -> None:
    """`up` will refuse it again, unless its key declares another on_delete by now."""
    after = inputs_of("grow", config=OTHER, on_delete=today)
    assert reviewed(inputs_of("grow", on_delete=on_delete), after).is_stuck is stuck


def test_a_swap_that_an_earlier_run_left_undone_takes_scores_away() -> None:
    """After a failed gate, or a kill: a lower gate lets the other one go live under its name."""
    undone: Json = {"live_model_id": OLD_ID, "passed": False, "earned": [OLD_ID]}
    before = inputs_of("grow", activation="swap")
    after = inputs_of("grow", config=OTHER, activation="swap")
    review = reviewed(before, after, activation=undone, new_is_live=False)

    assert review.is_refused
    assert [change.actions for change in review.changes] == [("judged again",)]
    assert "1 live model is affected" in review.summary
    assert name_of(after) in as_markdown(review)
    assert f"`{OLD_ID}` (`{name_of(before)}`) stays in the account, not live" in as_markdown(review)


def test_a_swap_whose_gate_fails_today_takes_no_scores_away() -> None:
    """What is live stays live."""
    undone: Json = {"live_model_id": OLD_ID, "passed": False, "gate": {"auc": 0.9}}
    kept = activation_of("grow", NEW_ID, **undone)
    after = inputs_of("grow", config=OTHER, activation="swap")
    still = activation_step("update", "grow", kept, gate={"auc": AUC + 0.05})
    review = reviewed(
        inputs_of("grow", activation="swap"),
        after,
        steps=(still,),
        activation=undone,
        new_is_live=False,
    )

    assert not review.losing
    assert "no live model is affected" in review.summary


def test_a_swap_stops_a_model_that_is_retained() -> None:
    """`retain` says what becomes of a model that is left; a swap has stopped it by then."""
    before = inputs_of("grow", activation="swap", on_delete="retain")
    after = inputs_of("grow", activation="swap", on_delete="retain", config=OTHER)
    shown = model_of(before, OLD_ID)
    old = resource_of(before, shown)
    uses = uses_of_models(
        [Audience("a", "vip", text=f"FILTER segment_prediction.`{shown.name}` > 1")]
    )
    known = Known(state_of(old), {OLD_ID: shown}, audiences=Audiences(uses))
    review = review_of(parse_plan(preview_of(step("replace", "grow", old, after))), known)

    assert review.is_refused
    assert "stays as it is, not live" in as_markdown(review)
