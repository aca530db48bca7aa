import pytest

from sandbox.segments import segment_id
from tests.support.engine.project import Project
from tests.support.engine.shapes import model

pytestmark = pytest.mark.engine

HARD_LABEL = "a&b=c #1, 50 % + more\nline two 🎯 née"


def test_life_of_a_model(project: Project) -> None:  # noqa: PLR0915 - one stack goes through it all
    """A model is created once, changed in place, replaced, repaired, made again and retired."""
    account = project.account
    declared = model(label="First", is_active=True)

    project.declare({"grow": declared})
    created = project.up()
    first = project.id("grow")
    assert list(account.models()) == [first]
    assert len(account.writes(0)) == 1, str(created)
    assert project.outputs()["grow"]["id"] == first
    assert project.outputs()["grow"]["live"] is True
    assert project.outputs()["grow"]["state"] == "complete"

    rules = project.folder / "stacks" / "rules.yaml"
    rules.write_text("live-slots-left: {level: error, count: 1}\nused-name-declared: warn\n")
    mark = account.mark()
    project.preview("--expect-no-changes")
    of_preview = len(account.requests(mark))
    project.expect_no_changes()
    assert of_preview <= 3
    assert len(account.requests(mark)) <= of_preview + 3
    rules.unlink()

    mark = account.mark()
    project.declare({"grow": {**declared, "label": HARD_LABEL}})
    project.up()
    assert project.id("grow") == first
    assert [entry["body"] for entry in account.writes(mark)] == [{"label": HARD_LABEL}]
    assert account.model(first)["label"] == HARD_LABEL

    mark = account.mark()
    project.declare({"grow": {**declared, "label": HARD_LABEL, "is_active": False}})
    project.up()
    assert project.id("grow") == first
    assert [entry["body"] for entry in account.writes(mark)] == [{"is_active": False}]

    declared = model(label=HARD_LABEL, is_active=True, source="dormant")
    project.declare({"grow": declared})
    replaced = project.up()
    second = project.id("grow")
    assert second != first, str(replaced)
    assert account.live_ids() == {second}
    assert account.model(second)["source"] == segment_id(1234, "dormant")

    mark = account.mark()
    declared |= {"on_delete": "delete", "build_timeout": "2h"}
    project.declare({"grow": declared})
    project.up()
    outputs = project.resource("grow")["outputs"]
    assert (outputs["on_delete"], outputs["build_timeout"]) == ("delete", "2h")
    assert account.writes(mark) == []

    account.change(second, label="Somebody else's", is_active=False)
    refreshed = project.refresh("--diff")
    assert "Somebody else's" in refreshed.output, str(refreshed)
    mark = account.mark()
    project.up()
    assert [entry["body"] for entry in account.writes(mark)] == [
        {"label": HARD_LABEL, "is_active": True}
    ]
    assert project.id("grow") == second

    account.remove(second)
    project.up("--refresh")
    third = project.id("grow")
    assert third not in {first, second}
    assert account.live_ids() == {third}

    project.destroy()
    assert project.resources() == []
    assert list(account.models()) == [first], "on_delete was deactivate for the first, then delete"


def test_each_field_that_trains_replaces(project: Project) -> None:
    """A change of target, name, any key of config, or generation makes a new model, and only it."""
    account = project.account
    before = {
        "target": model(),
        "name": model(source="dormant", name="one_name"),
        "collect": model(source="email_openers"),
        "additional": model(source="mobile_users", config={"additional": ["city"]}),
        "left-out": model(source="frequent_visitors", config={"use_scores": True, "collect": 400}),
        "generation": model(source="recent_purchasers"),
        "untouched": model(source="likely_to_churn"),
    }
    project.declare(before)
    project.up()
    first = {key: project.id(key) for key in before}

    after = {
        **before,
        "target": model(target="likely_to_churn"),
        "name": model(source="dormant", name="other_name"),
        "collect": model(source="email_openers", config={"use_scores": True, "collect": 800}),
        "additional": model(source="mobile_users", config={"additional": ["city", "visit_ct"]}),
        "left-out": model(source="frequent_visitors"),
        "generation": model(source="recent_purchasers", generation=2),
    }
    project.declare(after)
    mark = account.mark()
    ran = project.up()
    second = {key: project.id(key) for key in after}
    same = {key for key in after if first[key] == second[key]}
    assert same == {"untouched"}, str(ran)
    assert len(account.creates(mark)) == len(after) - 1
    assert account.live_ids() == set(second.values())
    project.expect_no_changes()


def test_what_trains_the_same_is_no_difference(project: Project) -> None:
    """A documented default that is written out, another order or case of ids changes nothing."""
    plain = model(config={"additional": ["city", "visit_ct"]})
    project.declare({"grow": plain})
    project.up()
    spelled_out = model(
        source=segment_id(1234, "all_users").upper(),
        config={"additional": ["visit_ct", "city"], "collect": 5000, "re_run": False},
        generation=1,
    )
    project.declare({"grow": spelled_out})
    mark = project.account.mark()
    first = project.id("grow")
    project.up()
    assert project.id("grow") == first
    assert project.account.writes(mark) == []


def test_destroy_follows_each_policy(project: Project) -> None:
    """A destroyed model is deactivated, deleted or left live, as its last `on_delete` says."""
    account = project.account
    declared = {
        "stopped": model(source="dormant"),
        "deleted": model(source="email_openers"),
        "left": model(source="mobile_users", on_delete="delete"),
    }
    project.declare(declared)
    project.up()
    ids = {key: project.id(key) for key in declared}
    assert account.live_ids() == set(ids.values())

    declared["deleted"]["on_delete"] = "delete"
    declared["left"]["on_delete"] = "retain"
    project.declare(declared)
    project.up()
    ran = project.destroy()
    assert set(account.models()) == {ids["stopped"], ids["left"]}, str(ran)
    assert account.live_ids() == {ids["left"]}, str(ran)
    assert "stays in the account" in ran.words


def test_outside_changes_show_and_are_repaired(project: Project) -> None:
    """A refresh names what differs, changes nothing, and the next `up` brings it back."""
    account = project.account
    project.declare({"kept": model(label="Ours"), "free": model(source="dormant")})
    project.up()
    kept, free = project.id("kept"), project.id("free")
    account.change(kept, label="Theirs")
    account.change(free, label="Nobody minds", is_active=False)

    mark = account.mark()
    shown = project.preview("--refresh", "--diff")
    assert "Theirs" in shown.output, str(shown)
    project.refresh()
    assert account.writes(mark) == []
    project.up()
    assert [entry["body"] for entry in account.writes(mark)] == [{"label": "Ours"}]
    assert account.model(free)["label"] == "Nobody minds"
    assert not account.model(free)["is_active"], "is_active isn't declared, so it isn't managed"
