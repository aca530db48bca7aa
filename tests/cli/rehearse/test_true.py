"""What a rehearsal says is what an `up` does then, request for request."""

import json
import random
from collections.abc import Callable

import pytest

from cli.rehearse.scores import BEST, WORST
from tests.engine.test_engine_ownership import handed_over
from tests.support.engine.account import Account
from tests.support.engine.project import Project
from tests.support.engine.rehearsed import Doing, Json, rehearse
from tests.support.engine.shapes import gated, model

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def hold_side_by_side(
    project: Project, gates: str, names: Json | None = None, code: int | None = 0
) -> Json:
    """Rehearse a change, do it, and hold both side by side; return the rehearsal."""
    told = rehearse(project, code=code)[gates]
    doing = Doing(project, names)
    project.account.outcome({}, summary=dict(WORST if gates == "fail" else BEST))
    ran = project.up("--refresh", code=told["exit"])
    assert doing.rehearsed(told) == doing.sent(), str(ran)
    assert doing.live_in(told) == doing.live(), str(ran)
    return told


def test_a_change_of_everything_is_sent_as_it_was_rehearsed(project: Project) -> None:
    """Creates, replacements with and without gate, labels, removals, adoption and a rename."""
    account = project.account
    theirs = account.create(name="theirs", config={"use_scores": True, "build_only": True})
    account.wait(lambda: not account.building())
    before = {
        "gated": gated(),
        "plain": model(source="dormant"),
        "labelled": model(source="email_openers", label="One"),
        "leaves": model(source="mobile_users"),
        "deleted": model(source="frequent_visitors", on_delete="delete"),
        "stopped": model(source="recent_purchasers", is_active=True),
        "old-key": model(source="newsletter_subscribers"),
    }
    account.outcome({}, summary=dict(BEST))
    project.declare(before)
    project.up()
    project.declare(
        {
            "gated": gated(target="likely_to_churn"),
            "plain": model(source="dormant", target="likely_to_churn"),
            "labelled": model(source="email_openers", label="Two"),
            "stopped": model(source="recent_purchasers", is_active=False),
            "new-key": model(source="newsletter_subscribers", was="old-key"),
            "created": gated(source="dormant"),
            "adopted": model(adopt=theirs, label="Ours now"),
        }
    )
    told = hold_side_by_side(project, "pass", {"theirs": "adopted", "old-key": "new-key"})
    assert told["second_up_writes"] == 0
    assert told["gaps"] == told["over_limit"] == []
    left = {one["key"]: one["live"] for one in told["left_behind"]}
    assert left == {"gated": False, "plain": False, "leaves": False}


def test_a_failed_gate_and_the_way_back_are_sent_as_they_were_rehearsed(project: Project) -> None:
    """A gate that isn't passed leaves what is live, and going back trains nothing."""
    account = project.account
    account.outcome({}, summary=dict(BEST))
    project.declare({"grow": gated()})
    project.up()
    project.declare({"grow": gated(target="likely_to_churn")})
    told = hold_side_by_side(project, "fail")
    assert told["exit"] == 1
    assert [write["what"] for write in told["writes"]] == [
        "trains a model, not to go live by itself"
    ]
    project.declare({"grow": gated()})
    back = hold_side_by_side(project, "pass")
    assert not any("trains" in write["what"] for write in back["writes"])


@pytest.mark.parametrize("swap", [{}, {"swap": "break_first"}])
def test_a_swap_at_20_of_20_is_sent_as_it_was_rehearsed(project: Project, swap: Json) -> None:
    """Without a free slot a swap is refused, or leaves a gap where that is declared."""
    account = project.account
    account.outcome({}, summary=dict(BEST))
    project.declare({"grow": gated(**swap)})
    project.up()
    for number in range(19):
        account.create(name=f"theirs-{number}")
    account.wait(lambda: len(account.live_ids()) == 20)
    project.declare({"grow": gated(source="dormant", **swap)})
    told = hold_side_by_side(project, "pass", code=1)
    if swap:
        (gap,) = told["gaps"]
        stops, starts = (told["writes"][gap[at] - 1]["what"] for at in ("after", "until"))
        assert (stops, starts, told["exit"]) == ("stops it", "sets it live", 0)
    else:
        assert (told["gaps"], told["exit"]) == ([], 1)
        assert told["live"][-1]["keys"] == told["live"][0]["keys"]


def test_an_account_with_ways_of_its_own_is_rehearsed_with_them(
    project: Project, account_with: Callable[..., Account]
) -> None:
    """What `lytics:account` says of an account holds in the rehearsal: altered names, 405."""
    account = account_with(rename="prefix", delete_status=405, update_put=False)
    project.account = account
    project.env |= {"LYTICS_API_URL": account.url}
    profile = {
        **dict.fromkeys(
            (
                *("api", "name_text", "config_echo", "listed_after_s", "same_name"),
                *("active_while_building", "summary_while_building", "update_post"),
                *("update_query", "label_altered", "goes_live_by_itself", "latency_ms"),
            )
        ),
        "version": 1,
        "name_altered": "prefix",
        "update_put": False,
        "delete": False,
    }
    (project.folder / "accounts").mkdir()
    (project.folder / "accounts" / "ours.json").write_text(json.dumps(profile))
    project.configure({"lytics:account": "accounts/ours.json"})
    account.outcome({}, summary=dict(BEST))
    project.declare({"grow": gated(), "gone": model(source="dormant", on_delete="delete")})
    project.up()
    project.declare({"grow": gated(target="likely_to_churn")})
    told = hold_side_by_side(project, "pass", code=None)
    assert any(write["method"] == "DELETE" for write in told["writes"])


def test_what_another_stack_has_is_left_alone_as_it_was_rehearsed(project: Project) -> None:
    """The copy knows what the project's other stacks have: their models aren't taken up there."""
    handed_over(project)
    project.declare({"plain": model(is_active=True), "gated": gated(source="dormant")})
    told = rehearse(project)["pass"]
    assert sorted(w["what"].partition(",")[0] for w in told["writes"]) == [
        "sets it live",
        "trains a model",
        "trains a model",
    ]
    doing = Doing(project)
    ran = project.up("--refresh")
    assert doing.rehearsed(told) == doing.sent(), str(ran)


SOURCES = ("all_users", "dormant", "email_openers", "mobile_users")


def drawn(dice: random.Random, source: str) -> Json | None:
    """Return a declaration that was drawn, or none."""
    kind = dice.choice(("none", "plain", "live", "stopped", "gated", "gated", "labelled"))
    fields: dict[str, Json] = {
        "plain": {},
        "live": {"is_active": True},
        "stopped": {"is_active": False},
        "gated": {"is_active": True, "gate": {"auc": dice.choice((0.5, 0.7))}},
        "labelled": {"label": dice.choice(("One", "Two"))},
    }
    if kind == "none":
        return None
    target = dice.choice(("high_value", "likely_to_churn"))
    on_delete = dice.choice(("deactivate", "delete", "retain"))
    return model(source=source, target=target, on_delete=on_delete, **fields[kind])


@pytest.mark.parametrize("seed", range(3))
def test_drawn_changes_are_sent_as_they_were_rehearsed(project: Project, seed: int) -> None:
    """Whatever was declared and is to be: what was rehearsed is sent."""
    dice = random.Random(seed)
    project.account.outcome({}, summary=dict(BEST))
    for gates in (None, dice.choice(("pass", "fail"))):
        made = {f"model-{source}": drawn(dice, source) for source in SOURCES}
        project.declare({key: one for key, one in made.items() if one is not None})
        if gates is None:
            project.up()
        else:
            hold_side_by_side(project, gates, code=None)
