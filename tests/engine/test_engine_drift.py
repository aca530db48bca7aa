"""What somebody changed in Lytics: an `up` looks, shows it and puts it right."""

import json

import pytest

from tests.support.engine.project import Project
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

GOOD = {"auc": 0.9, "accuracy": 8, "reach": 5, "health": "healthy"}
MOST_REQUESTS = 3


def brought_up(project: Project) -> dict[str, str]:
    """Bring up a labelled live model, one that a gate set live, and one beside them."""
    project.account.outcome({}, summary=GOOD)
    project.declare(
        {
            "plain": model(label="as declared", is_active=True),
            "gated": gated(source="dormant", label="as declared"),
            "other": model(source="email_openers"),
        }
    )
    project.up()
    return {key: project.id(key) for key in ("plain", "gated", "other")}


def test_change_in_lytics_is_shown_and_put_right(project: Project) -> None:
    """A label and an is_active changed in Lytics are in the preview; a plain `up` repairs them."""
    ids = brought_up(project)
    project.account.change(ids["plain"], label="by hand", is_active=False)
    project.account.change(ids["gated"], is_active=False)
    kept = project.preview("--refresh=false", "--expect-no-changes")
    assert "by hand" not in kept.output
    shown = project.preview("--diff")
    assert '"by hand" => "as declared"' in shown.output, str(shown)
    assert "false => true" in shown.output, str(shown)
    mark = project.account.mark()
    ran = project.up()
    record = project.account.model(ids["plain"])
    assert (record["label"], record["is_active"]) == ("as declared", True), str(ran)
    assert project.live("gated") == {"gated": True}, str(ran)
    assert project.account.creates(mark) == []
    project.expect_no_changes()


def test_saved_plan_holds_while_the_account_does(project: Project) -> None:
    """What changes by itself breaks no plan; what somebody changed since refuses it."""
    ids = brought_up(project)
    project.declare(
        {
            "plain": model(label="new", is_active=True),
            "gated": gated(source="dormant", label="as declared"),
            "other": model(source="email_openers"),
        }
    )
    project.preview("--save-plan", "plan.json")
    # Trained anew by itself: a weekly re_run moves all of these.
    project.account.change(ids["other"], updated="2031-01-01T00:00:00Z", is_healthy=False)
    project.account.change(ids["plain"], updated="2031-01-01T00:00:00Z", type="lr")
    held = project.up("--plan", "plan.json")
    assert project.account.model(ids["plain"])["label"] == "new", str(held)

    project.preview("--save-plan", "plan.json")
    project.account.change(ids["gated"], label="by hand")
    mark = project.account.mark()
    refused = project.up("--plan", "plan.json", code=None)
    assert refused.code != 0, str(refused)
    assert "violates plan" in refused.words, str(refused)
    assert project.account.writes(mark) == []


def test_up_that_finds_nothing_asks_little(project: Project) -> None:
    """It asks for ML List twice, once in each process, and for the segments; no summaries."""
    brought_up(project)
    mark = project.account.mark()
    project.up("--expect-no-changes")
    asked = [entry["path"] for entry in project.account.requests(mark)]
    assert len(asked) <= MOST_REQUESTS, asked
    assert set(asked) <= {"/api/ml", "/api/segment"}


def test_model_deleted_in_lytics_is_trained_anew(project: Project) -> None:
    """A model that is gone is in the preview and the review as to be trained, and `up` does so."""
    ids = brought_up(project)
    project.account.remove(ids["other"])
    shown = project.preview("--json")
    steps = {
        step["urn"].rsplit("::", 1)[-1]: step["op"]
        for step in json.loads(shown.output)["steps"]
        if step["op"] != "refresh"
    }
    assert steps["other"] == "create", str(shown)
    review = project.lytics_ml("review", "--markdown", "review.md", code=None)
    text = (project.folder / "review.md").read_text()
    told = "other is gone; pulumi up trains it anew"
    assert f"Changed in Lytics since the last up: {told}" in text.replace("`", ""), str(review)
    mark = project.account.mark()
    ran = project.up()
    assert len(project.account.creates(mark)) == 1, str(ran)
    project.expect_no_changes()


def test_destroy_looks_too(project: Project) -> None:
    """A model deleted in Lytics doesn't stop a destroy, and the others leave as declared."""
    ids = brought_up(project)
    project.account.remove(ids["other"])
    ran = project.destroy()
    assert project.resources() == [], str(ran)
    assert project.account.live_ids() == set()
