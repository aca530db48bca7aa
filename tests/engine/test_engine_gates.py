import pytest

from tests.support.engine.account import Account
from tests.support.engine.project import ACTIVATION, Project
from tests.support.engine.shapes import gated, model

pytestmark = pytest.mark.engine

LIVE_LIMIT = 20


def scores(account: Account, source: str, **summary: object) -> None:
    """Say what models of a source will score."""
    good: dict[str, object] = {"auc": 0.9, "accuracy": 8, "reach": 5, "health": "healthy"}
    account.outcome({"source": f"^{source}$"}, summary={**good, **summary})


def test_failed_gate_changes_nothing_until_it_passes(project: Project) -> None:
    """A model that fails its gate isn't live; the old one is, and stays in the state."""
    account = project.account
    scores(account, "all_users", auc=0.9)
    scores(account, "dormant", auc=0.6)
    project.declare({"grow": gated(auc=0.75, source="all_users")})
    project.up()
    old = project.id("grow")
    assert account.live_ids() == {old}
    assert project.activation("grow")["passed"] is True
    assert project.outputs()["grow"]["gate"] == "passed"
    project.expect_no_changes()

    project.declare({"grow": gated(auc=0.75, source="dormant")})
    failed = project.up(code=None)
    assert failed.code != 0, str(failed)
    new = project.id("grow")
    assert new != old
    for told in ("grow", "auc", "at least 0.75", "0.6", f"model {old} stays live"):
        assert told in failed.words, str(failed)
    assert account.live_ids() == {old}
    assert {resource["id"] for resource in project.resources()} == {old, new}
    assert project.activation("grow")["live_model_id"] == old

    for arguments in ((), ("--refresh",)):
        mark = account.mark()
        again = project.up(*arguments, code=None)
        assert again.code != 0, str(again)
        assert "at least 0.75" in again.words, str(again)
        assert account.writes(mark) == [], str(again)

    mark = account.mark()
    project.declare({"grow": gated(auc=0.5, source="dormant")})
    project.up()
    assert account.creates(mark) == []
    assert account.switches(mark) == [(new, True), (old, False)]
    assert [resource["id"] for resource in project.resources()] == [new]
    project.expect_no_changes()


def test_swap_starts_the_new_model_before_it_stops_the_old(project: Project) -> None:
    """Create, wait, gate, activate the new one, deactivate the old one, then its `on_delete`."""
    account = project.account
    scores(account, ".*")
    before = {
        "deleted": gated(source="dormant", on_delete="delete"),
        "retained": gated(source="email_openers", on_delete="retain"),
        "stopped": gated(source="mobile_users"),
    }
    project.declare(before)
    project.up()
    old = {key: project.id(key) for key in before}
    after = {key: {**declared, "target": "likely_to_churn"} for key, declared in before.items()}
    project.declare(after)
    mark = account.mark()
    project.up()
    new = {key: project.id(key) for key in before}
    log = account.writes(mark)
    asked = account.requests(mark)
    for key in before:
        switches = [s for s in account.switches(mark) if s[0] in {old[key], new[key]}]
        assert switches == [(new[key], True), (old[key], False)]
        started = next(e["seq"] for e in log if e["path"].endswith(new[key]))
        judged = [e["seq"] for e in asked if e["path"].endswith(f"{new[key]}/summary")]
        assert judged
        assert judged[0] < started
    deletes = [e for e in log if e["method"] == "DELETE"]
    assert [e["path"].rsplit("/", 1)[1] for e in deletes] == [old["deleted"]]
    assert deletes[0]["seq"] == log[-1]["seq"]
    assert set(account.models()) == {*new.values(), old["retained"], old["stopped"]}
    assert account.live_ids() == set(new.values())


def test_challengers_swap_where_they_are_better(project: Project) -> None:
    """Of twelve replacements the nine that beat the live model swap, and three fail their gate."""
    account = project.account
    better = [f"better-{i}" for i in range(9)]
    keys = [*better, "equal", "worse", "poor"]
    scores(account, "all_users", auc=0.8, accuracy=6)
    for pattern, numbers in {
        "^better": {"auc": 0.82},
        "^equal": {"auc": 0.8},
        "^worse": {"auc": 0.7},
        "^poor": {"auc": 0.95, "accuracy": 2},
    }.items():
        good = {"accuracy": 6, "reach": 5, "health": "healthy"}
        account.outcome({"name": pattern, "source": "^dormant$"}, summary={**good, **numbers})
    gate = {"accuracy": 5, "beats_current": {"auc": 0.01}}
    declared = gated(config={"use_scores": True, "collect": 900})
    project.declare({key: {**declared, "gate": gate} for key in keys})
    project.up()
    old = {key: project.id(key) for key in keys}
    assert account.live_ids() == set(old.values()), "nothing was live to beat"

    project.declare({key: {**declared, "gate": gate, "source": "dormant"} for key in keys})
    mark = account.mark()
    failed = project.up(code=None)
    assert failed.code != 0, str(failed)
    new = {key: project.id(key) for key in keys}
    expected = {new[key] for key in better} | {old[key] for key in ("equal", "worse", "poor")}
    assert account.live_ids() == expected, str(failed)
    assert "3 models did not pass" in failed.words, str(failed)
    live, peak = set(old.values()), len(keys)
    for model_id, is_active in account.switches(mark):
        live = live | {model_id} if is_active else live - {model_id}
        peak = max(peak, len(live))
    assert peak == len(keys) + 1, "swaps are one after the other"
    for told in ("at least 0.81 (live 0.8, margin 0.01)", "at least 5"):
        assert told in failed.words, str(failed)

    mark = account.mark()
    back = dict.fromkeys(("equal", "worse", "poor"), declared)
    forward = {key: {**declared, "source": "dormant"} for key in better}
    project.declare({key: {**d, "gate": gate} for key, d in {**forward, **back}.items()})
    project.up()
    assert account.creates(mark) == []
    assert account.live_ids() == expected
    assert {resource["id"] for resource in project.resources()} == expected


def test_gate_comes_to_and_leaves_a_live_model(project: Project) -> None:
    """Adding, failing and removing the gate of a live model writes nothing and keeps it live."""
    account = project.account
    scores(account, "all_users", auc=0.8)
    open_ = model(is_active=True)
    project.declare({"grow": open_})
    project.up()
    first = project.id("grow")
    mark = account.mark()

    project.declare({"grow": {**open_, "gate": {"auc": 0.7}}})
    project.up()
    assert project.activation("grow")["passed"] is True
    project.expect_no_changes()

    project.declare({"grow": {**open_, "gate": {"auc": 0.85}}})
    failed = project.up(code=None)
    assert failed.code != 0, str(failed)
    assert "at least 0.85" in failed.words, str(failed)
    assert account.live_ids() == {first}

    project.declare({"grow": open_})
    project.up()
    assert project.resources(ACTIVATION) == []
    assert project.id("grow") == first
    assert account.writes(mark) == []
    assert account.live_ids() == {first}
    project.expect_no_changes()


def test_gate_without_is_active_is_only_shown(project: Project) -> None:
    """A gate without `is_active` is evaluated, a failure is a warning, and nothing goes live."""
    account = project.account
    scores(account, "all_users", auc=0.6)
    project.declare({"grow": {**model(), "gate": {"auc": 0.7}}})
    ran = project.up()
    assert "at least 0.7" in ran.words, str(ran)
    assert account.live_ids() == set()
    assert account.switches(0) == []
    assert project.outputs()["grow"]["gate"] == "not passed"


def test_live_model_stays_while_its_successor_is_only_judged(project: Project) -> None:
    """A gate alone sets nothing live, so the live model stays until somebody says what is to be."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": model()})
    project.up()
    old = project.id("grow")
    assert account.live_ids() == {old}

    judged = model(source="dormant", gate={"auc": 0.5})
    project.declare({"grow": judged})
    mark = account.mark()
    for _ in range(2):
        ran = project.up(code=None)
        assert ran.code != 0, str(ran)
        assert "so the first one is kept" in ran.words, str(ran)
        assert "declare whether the successor is to be live" in ran.words, str(ran)
    assert account.switches(mark) == []
    assert account.live_ids() == {old}
    new = project.id("grow")

    project.declare({"grow": {**judged, "is_active": True}})
    project.up()
    assert account.switches(mark) == [(new, True), (old, False)]
    assert [resource["id"] for resource in project.resources()] == [new]
    project.expect_no_changes()


def test_build_only_toggles_by_replacing(project: Project) -> None:
    """`build_only` is a key of config: it replaces, and either way the model ends up live."""
    account = project.account
    for config in (
        {"use_scores": True, "build_only": False},
        {"use_scores": True, "build_only": True},
        {"use_scores": True, "build_only": False, "collect": 600},
    ):
        before = set(account.models())
        project.declare({"grow": model(is_active=True, config=config)})
        project.up()
        current = project.id("grow")
        assert current not in before
        assert account.live_ids() == {current}
        assert account.model(current)["config"]["build_only"] is config["build_only"]
    project.expect_no_changes()


def test_protected_model_is_not_replaced(project: Project) -> None:
    """`protect` refuses a replacement and a destroy before anything is written."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": gated(protect=True)})
    project.up()
    old = project.id("grow")
    mark = account.mark()
    project.declare({"grow": gated(protect=True, source="dormant")})
    for ran in (project.up(code=None), project.destroy(code=None)):
        assert ran.code != 0, str(ran)
        assert "protect" in ran.words, str(ran)
    assert account.writes(mark) == []
    assert project.id("grow") == old
    assert account.live_ids() == {old}


def test_full_account_refuses_a_swap_unless_it_may_break_first(project: Project) -> None:
    """At 20 of 20 live a swap is refused; `swap: break_first` stops the old model first."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    old = project.id("grow")
    for number in range(LIVE_LIMIT - 1):
        account.create(name=f"theirs_{number}")
    account.wait(lambda: len(account.live_ids()) == LIVE_LIMIT)

    project.declare({"grow": gated(source="dormant")})
    mark = account.mark()
    refused = project.up(code=None)
    assert refused.code != 0, str(refused)
    assert "20 of 20" in refused.words, str(refused)
    assert "break_first" in refused.words, str(refused)
    assert account.switches(mark) == []

    new = project.id("grow")
    project.declare({"grow": gated(source="dormant", swap="break_first")})
    mark = account.mark()
    project.up()
    assert account.switches(mark) == [(old, False), (new, True)]
    assert account.creates(mark) == []
    assert len(account.live_ids()) == LIVE_LIMIT


def test_target_on_the_model_keeps_the_old_one_live(project: Project) -> None:
    """`--target` on the model alone retires nothing that is live; a full `up` finishes."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": gated(), "other": gated(source="email_openers")})
    project.up()
    old, other = project.id("grow"), project.id("other")
    urn = project.resource("grow")["urn"]

    project.declare({"grow": gated(source="dormant"), "other": gated(source="mobile_users")})
    ran = project.up("--target", urn, code=None)
    assert ran.code != 0, str(ran)
    assert "without --target" in ran.words, str(ran)
    assert account.live_ids() == {old, other}, str(ran)
    assert project.id("other") == other

    mark = account.mark()
    project.up("--exclude", project.resource("other")["urn"], "--exclude-dependents")
    new = project.id("grow")
    assert account.creates(mark) == []
    assert account.switches(mark) == [(new, True), (old, False)]
    assert account.live_ids() == {new, other}

    project.up()
    assert account.live_ids() == {new, project.id("other")}
    assert len(project.resources()) == 2


def test_target_with_dependents_swaps(project: Project) -> None:
    """`--target` with `--target-dependents` builds, judges, swaps and retires that model only."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": gated(), "other": gated(source="email_openers")})
    project.up()
    old, other = project.id("grow"), project.id("other")
    urn = project.resource("grow")["urn"]
    project.declare({"grow": gated(source="dormant"), "other": gated(source="mobile_users")})
    mark = account.mark()
    ran = project.up("--target", urn, "--target-dependents")
    new = project.id("grow")
    assert account.switches(mark) == [(new, True), (old, False)], str(ran)
    assert account.live_ids() == {new, other}
    assert project.id("other") == other


def test_outside_deactivation_is_undone_without_a_new_gate(project: Project) -> None:
    """A model that earned its place and was stopped by somebody else is started again."""
    account = project.account
    scores(account, ".*")
    project.declare({"grow": gated()})
    project.up()
    current = project.id("grow")
    account.change(current, is_active=False, summary={"auc": 0.1})
    mark = account.mark()
    project.up("--refresh")
    assert account.switches(mark) == [(current, True)]
    judged = [e for e in account.requests(mark) if e["path"].endswith("/summary")]
    assert judged == []
    project.expect_no_changes()


def test_summary_that_is_missing_or_odd_fails_the_gate(project: Project) -> None:
    """Without a readable number nothing goes live, and the reason is a sentence."""
    account = project.account
    scores(account, "all_users", auc=None)
    scores(account, "dormant")
    project.declare({"numberless": gated(), "gone": gated(source="dormant")})
    account.outcome({"source": "^dormant$"}, summary={"auc": "very good"})
    failed = project.up(code=None)
    assert failed.code != 0, str(failed)
    assert "missing" in failed.words, str(failed)
    assert account.live_ids() == set()
    assert account.switches(0) == []
