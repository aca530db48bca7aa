"""What a review says first: which audiences lose their scores."""

from collections.abc import Mapping
from io import StringIO

import pytest
from rich.console import Console

from cli.audiences.ask import Audiences
from cli.review.change import Review
from cli.review.deciding.reading import review_of, with_limits
from cli.review.known import Known
from cli.review.plan import parse_plan
from cli.review.showing.markdown import as_markdown
from cli.review.showing.page import as_page
from cli.review.showing.screen import as_screen
from providers.lytics.domain.audiences import Audience, uses_of_models
from providers.lytics.domain.rulebook import Breach, Level
from providers.lytics.errors import FileLine
from providers.lytics.shapes import Model
from tests.cli.conftest import Run
from tests.support.engine.project import Project
from tests.support.engine.shapes import model
from tests.support.review.previews import Json, preview_of, step
from tests.support.review.shapes import inputs_of, model_of, name_of, resource_of, state_of

OLD_ID, NEW_ID = "1" * 32, "2" * 32


def reviewed(
    op: str,
    before: Mapping[str, object],
    after: Mapping[str, object] | None = None,
    *,
    others: tuple[Model, ...] = (),
    live: bool = True,
    **facts: object,
) -> Review:
    """Return the review of what happens to `grow`, which two audiences use."""
    inputs = inputs_of("grow", **before)
    shown = model_of(inputs, OLD_ID, is_active=live)
    old = resource_of(inputs, shown)
    new = inputs_of("grow", **after) if after is not None else None
    uses = uses_of_models(
        [
            Audience("a", "likely", text=f"FILTER segment_prediction.`{shown.name}` > 0.7"),
            Audience("b", "campaign", text="FILTER INCLUDE likely"),
        ]
    )
    account = {one.id: one for one in (shown, *others)}
    steps: list[Json] = [step(op, "grow", old, new)]
    known = Known(state_of(old), account, audiences=Audiences(uses), **facts)  # type: ignore[arg-type]
    return review_of(parse_plan(preview_of(*steps)), known)


OTHER = {"config": {"use_content": True}}


@pytest.mark.parametrize(
    ("op", "before", "after", "how"),
    [
        ("replace", {}, OTHER, "is replaced by one that is named"),
        ("replace", {"name": "a"}, {**OTHER, "name": "b"}, "declare name"),
        ("replace", {"name": "a"}, {**OTHER, "name": "a", "is_active": False}, "isn't to be live"),
        ("delete", {}, None, "is removed"),
        ("delete", {"on_delete": "delete"}, None, "is removed"),
        ("update", {"is_active": True}, {"is_active": False}, "is stopped"),
    ],
)
def test_a_change_that_ends_a_score_names_the_audiences(
    op: str, before: Json, after: Json | None, how: str
) -> None:
    """Above all else, in each way of showing it; the review refuses, unless forced."""
    review = reviewed(op, before, after)
    screen = Console(file=StringIO(), width=200)
    screen.print(as_screen(review))
    written = screen.file.getvalue()  # type: ignore[attr-defined]

    assert review.is_refused
    assert not with_limits(review, (), forced=True).is_refused
    for text in (written, as_markdown(review), as_page(review)):
        assert "likely, campaign through likely" in text
        assert "lose their scores" in text
        assert how in text.replace("&#x27;", "'").replace("`", "")
    assert written.startswith("Stack test: 2 audiences lose their scores. ")
    assert written.splitlines()[1].startswith("Refused: grow: ")
    assert as_markdown(review).splitlines()[2].startswith("> **Refused: `grow`**")
    assert 'class="node lost"' in as_page(review)


@pytest.mark.parametrize(
    ("op", "before", "after"),
    [
        ("replace", {"name": "a"}, {**OTHER, "name": "a"}),
        ("replace", {"on_delete": "retain"}, OTHER),
        ("replace", {}, {"config": {"use_content": True, "build_only": True}}),
        ("delete", {"on_delete": "retain"}, None),
        ("update", {"label": "a"}, {"label": "b"}),
    ],
)
def test_a_change_that_keeps_the_score_names_none(
    op: str, before: Json, after: Json | None
) -> None:
    """A kept name, a retained model, a new one that nothing sets live."""
    review = reviewed(op, before, after)

    assert not review.losing
    assert not review.is_refused


def test_a_model_that_is_not_live_takes_no_scores_away() -> None:
    """Its scores have been old before."""
    assert not reviewed("delete", {}, None, live=False).losing


def test_another_live_model_of_the_same_name_keeps_the_audiences() -> None:
    """It writes the score on."""
    inputs = inputs_of("other", name="a")
    twin = model_of(inputs, NEW_ID)

    assert not reviewed("delete", {"name": "a"}, None, others=(twin,)).losing


def test_an_exception_with_its_reason_lets_the_change_pass() -> None:
    """The loss is told all the same."""
    review = reviewed("delete", {}, None, excepted={"grow": "campaign ended in May"})

    assert review.losing
    assert not review.is_refused
    assert "Excepted: `grow`" in as_markdown(review)
    assert "campaign ended in May" in as_markdown(review)


def test_an_exception_that_the_change_does_not_need_is_told() -> None:
    """What it excuses is over."""
    review = reviewed("update", {"label": "a"}, {"label": "b"}, excepted={"grow": "x"})

    assert "take the exception out" in as_markdown(review)


@pytest.mark.parametrize(
    ("op", "after"), [("delete", None), ("replace", {**OTHER, "on_delete": "delete"})]
)
def test_a_deletion_that_up_will_refuse_cannot_be_carried_out(op: str, after: Json | None) -> None:
    """No force helps: the declaration must say that it may be deleted although it is used."""
    review = reviewed(op, {"on_delete": "delete"}, after)

    assert review.is_stuck
    assert "isn't deleted, as its score is used by `likely" in as_markdown(review)


def test_a_deletion_although_it_is_used_is_a_loss_and_no_more() -> None:
    """It was said in the declaration."""
    review = reviewed("delete", {"on_delete": "delete_even_if_used"}, None)

    assert review.losing
    assert not review.is_stuck


def test_a_model_with_a_default_name_can_keep_it() -> None:
    """The review offers the command that writes the name into the declaration."""
    told = as_markdown(reviewed("replace", {}, OTHER))

    assert "lytics-ml keep-name grow" in told
    assert name_of(inputs_of("grow", **OTHER)) in told


def test_a_broken_rule_is_shown_and_ends_the_review_with_1() -> None:
    """Without a preview, which would end over it; a warning alone ends nothing."""
    error = Breach(
        "no-delete", Level.ERROR, FileLine("stacks/test.yaml", 2), "grow <b> is to be deleted"
    )
    warning = Breach(
        "label-required", Level.WARN, FileLine("stacks/test.yaml", 2), "grow has no label"
    )
    review = Review("test", breaches=(error, warning))

    assert review.is_stuck
    assert not Review("test", breaches=(warning,)).is_stuck
    assert "forbidden by the rules" in review.summary
    assert "[no-delete] stacks/test.yaml:2: grow &lt;b&gt;" in as_page(review)
    assert "**Forbidden:** `[no-delete] stacks/test.yaml:2" in as_markdown(review)


@pytest.mark.engine
def test_the_review_of_a_change_ends_with_1_where_audiences_lose_their_scores(
    project: Project, run: Run
) -> None:
    """The account's own audiences, read with one request; a rule that forbids it comes first."""
    project.declare({"grow": model(is_active=True)})
    project.up()
    name = project.resource("grow")["outputs"]["name"]
    project.account.audience("likely", f"segment_prediction.`{name}` > 0.7")
    project.declare({"grow": model(is_active=True, target="dormant")})
    answer = run("review", "--stack", "test")
    assert answer.code == 1
    assert 'Refused: grow: audience "likely" loses its scores' in answer.out
    assert run("review", "--stack", "test", "--force").code == 0
    project.account.fault(method="GET", path="^/api/segment$", status=403, skip=1)
    unseen = run("review", "--stack", "test")
    assert unseen.code == 0
    assert "may not see the account's audiences" in unseen.out
    (project.folder / "stacks" / "rules.yaml").write_text("live-needs-gate: error\n")
    forbidden = run("review", "--stack", "test", "--force")
    assert forbidden.code == 1
    assert "[live-needs-gate] stacks/test.yaml:2" in forbidden.out
