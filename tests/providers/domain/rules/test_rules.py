"""Each rule is broken once at least, and kept once."""

from typing import Any

import pytest
from pydantic import ValidationError

from providers.lytics.domain.audiences import Audience, Use, uses_of_models
from providers.lytics.domain.declaration import ModelDeclaration, Removal
from providers.lytics.domain.rulebook import (
    AccountFacts,
    ActiveRule,
    Checkout,
    Declared,
    Facts,
    Level,
    Places,
    account_facts,
    judge,
)
from providers.lytics.domain.rules import builtin_rules
from providers.lytics.errors import FileLine
from providers.lytics.shapes import Model

Json = dict[str, Any]
USES: tuple[Use, ...] = uses_of_models(
    [Audience("1", "likely", text="FILTER segment_prediction.grow > 0.5")]
).of("grow")


def model(**changes: object) -> ModelDeclaration:
    """Return a declaration."""
    base: Json = {"source": "a", "target": "b", "config": {"use_scores": True}}
    return ModelDeclaration.model_validate({**base, **changes})


def facts(declared: ModelDeclaration | None = None, **known: Any) -> Facts:  # noqa: ANN401
    """Return what rules are told of a stack `prod` with a model `grow`."""
    return Facts("prod", {"grow": declared or model()}, **known)


def config(**changes: object) -> ModelDeclaration:
    """Return a declaration with a config."""
    return model(config={"use_scores": True, **changes})


def account(**known: Any) -> Facts:  # noqa: ANN401 - the fields of AccountFacts
    """Return facts with what an account shows."""
    return facts(known.pop("declared", None), account=AccountFacts(**known))


GATE = {"auc": 0.7}
# id, values, facts, a part of what is said; "" where the rule is kept
CASES: list[tuple[str, Json, Facts, str]] = [
    ("live-needs-gate", {}, facts(model(is_active=True)), "goes live whatever it scores"),
    ("live-needs-gate", {}, facts(model()), "goes live whatever it scores"),
    ("live-needs-gate", {}, facts(model(is_active=True, gate=GATE)), ""),
    ("live-needs-gate", {}, facts(model(is_active=False)), ""),
    ("live-needs-gate", {}, facts(config(build_only=True)), ""),
    ("live-needs-gate", {}, facts(model(gate=GATE)), ""),
    ("gate-at-least", {"auc": 0.8}, facts(model(gate=GATE)), "asks for auc 0.7: ask for at least"),
    ("gate-at-least", {"reach": 3}, facts(model(gate=GATE)), "says nothing of reach"),
    ("gate-at-least", {"mse": 0.1}, facts(model(gate={"mse": 0.2})), "ask for at most 0.1"),
    ("gate-at-least", {"fitness": "good"}, facts(model(gate={"fitness": 9})), "fitness 9"),
    ("gate-at-least", {"healthy": True}, facts(model(gate={"healthy": False})), "unhealthy"),
    ("gate-at-least", {"auc": 0.7, "mse": 0.2}, facts(model(gate={"auc": 0.7, "mse": 0.1})), ""),
    ("gate-at-least", {"auc": 0.8}, facts(model()), ""),
    ("label-required", {}, facts(model()), "has no label"),
    ("label-required", {}, facts(model(label=" ")), "has no label"),
    ("label-required", {}, facts(model(label="Growth")), ""),
    ("name-pattern", {"pattern": "^team-"}, facts(model(name="x")), 'named "x"'),
    ("name-pattern", {"pattern": "^team-"}, facts(model()), 'named "grow"'),
    ("name-pattern", {"pattern": "^team-"}, facts(model(name="team-x")), ""),
    ("forbidden-fields", {"fields": ["email"]}, facts(config(additional=["Email"])), "Email"),
    ("forbidden-fields", {"fields": ["*gender*"]}, facts(config(additional=["a_gender"])), "a_ge"),
    ("forbidden-fields", {"fields": ["email"]}, facts(config(additional=["email_ct"])), ""),
    ("forbidden-fields", {"fields": ["email"]}, facts(config(auto_tune=True), api="v2"), "blocked"),
    ("forbidden-fields", {"fields": ["email"]}, facts(config(auto_tune=True)), ""),
    (
        "forbidden-fields",
        {"fields": ["email", "*gender*"]},
        facts(config(auto_tune=True, blocked=["email", "gender"]), api="v2"),
        "",
    ),
    ("used-name-declared", {}, account(uses={"grow": USES}), "audience likely"),
    ("used-name-declared", {}, account(declared=model(name="x"), uses={"grow": USES}), ""),
    ("used-name-declared", {}, account(uses={"grow": ()}), ""),
    ("re-run-is-watched", {}, facts(config(re_run=True)), "declare under watch"),
    ("re-run-is-watched", {}, facts(model(config={"re_run": True}, watch={"auc": 0.7})), ""),
    ("re-run-is-watched", {}, facts(model()), ""),
    ("no-delete", {}, facts(model(on_delete="delete")), "grow is to be deleted"),
    ("no-delete", {}, facts(model(on_delete={"delete": "even_if_used"})), "is to be deleted"),
    ("no-delete", {}, facts(removed={"old": Removal(on_delete="delete")}), "old is to be deleted"),
    ("no-delete", {}, facts(model(on_delete="retain")), ""),
    ("live-slots-left", {"count": 2}, account(live=18, joining=1), "1 of 20 places"),
    ("live-slots-left", {"count": 2}, account(live=17, joining=1), ""),
    ("proved-in", {"stack": "dev"}, facts(unproved={"dev": {"grow": ("no",)}}), "dev: no"),
    ("proved-in", {"stack": "dev"}, facts(unproved={"dev": {}}), ""),
    ("only-from-branch", {"branch": "main"}, facts(checkout=Checkout(("x",))), "this is x"),
    ("only-from-branch", {"branch": "main"}, facts(checkout=Checkout()), "on no branch"),
    ("only-from-branch", {"branch": "main"}, facts(checkout=Checkout(problem="no git")), "no git"),
    (
        "only-from-branch",
        {"branch": "main"},
        facts(checkout=Checkout(("main",), ("stacks/prod.yaml",))),
        "not committed: stacks/prod.yaml",
    ),
    ("only-from-branch", {"branch": "main"}, facts(checkout=Checkout(("main", "x"))), ""),
]


@pytest.mark.parametrize(("rule_id", "values", "told", "said"), CASES)
def test_a_rule_is_broken_or_kept(rule_id: str, values: Json, told: Facts, said: str) -> None:
    """One sentence each, which names the model."""
    rule = builtin_rules()[rule_id].model_validate(values)
    found = list(rule.check(told))

    assert len(found) == (1 if said else 0)
    assert all(said in one.what for one in found)


def test_every_rule_is_tried_both_ways() -> None:
    """Who adds a rule adds it here: one case that breaks it, one that keeps it."""
    assert {case[0] for case in CASES if case[3]} == set(builtin_rules())
    assert {case[0] for case in CASES if not case[3]} == set(builtin_rules())


def test_every_rule_says_what_it_means_and_takes_no_other_values() -> None:
    """`lytics-ml rules` shows the first line of a docstring."""
    for rule in builtin_rules().values():
        assert rule.means().endswith(".")
        with pytest.raises(ValidationError, match="extra_forbidden"):
            rule.model_validate({"unknown": 1})


def active(rule_id: str, level: Level = Level.ERROR, **values: object) -> ActiveRule:
    """Return a rule as `rules.yaml` sets it in line 3."""
    rule = builtin_rules()[rule_id].model_validate(values)
    return ActiveRule(rule, level, FileLine("stacks/rules.yaml", 3))


PLACES = Places({"grow": FileLine("stacks/prod.yaml", 5)})


def test_a_breach_is_told_with_its_rule_and_its_place() -> None:
    """A model's in its file, a stack's where the rule is set; errors come first."""
    checkout = Checkout(("x",))
    rules = [active("label-required", Level.WARN), active("only-from-branch", branch="main")]
    verdict = judge(rules, facts(checkout=checkout), PLACES)

    assert [str(one).split(": ")[0] for one in verdict.breaches] == [
        "[only-from-branch] stacks/rules.yaml:3",
        "[label-required] stacks/prod.yaml:5",
    ]
    assert [one.rule for one in verdict.errors] == ["only-from-branch"]
    assert [one.rule for one in verdict.warnings] == ["label-required"]


def test_what_is_off_or_excepted_breaks_nothing() -> None:
    """An exception is kept apart, so that it can be shown."""
    excepted = Places(PLACES.keys, {"grow": {"label-required": FileLine("stacks/prod.yaml", 7)}})
    off = judge([active("label-required", Level.OFF)], facts(), PLACES)
    verdict = judge([active("label-required")], facts(), excepted)

    assert off.breaches == verdict.breaches == ()
    assert [one.rule for one in verdict.excepted] == ["label-required"]


@pytest.mark.parametrize("rules", [[active("label-required")], []])
def test_an_exception_that_nothing_needs_is_told(rules: list[ActiveRule]) -> None:
    """Whether the model keeps the rule now, or the rule doesn't hold here."""
    excepted = Places(PLACES.keys, {"grow": {"label-required": FileLine("stacks/prod.yaml", 7)}})
    [warned] = judge(rules, facts(model(label="x")), excepted).breaches

    assert warned.level is Level.WARN
    assert str(warned).startswith("[label-required] stacks/prod.yaml:7: grow is excepted and")


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_an_exception_that_one_generation_needs_stands_in_both(api: str) -> None:
    """A stack that speaks the other generation of the API for a while changes no file for it."""
    rules = [active("forbidden-fields", fields=["email"])]
    excepted = Places({}, {"grow": {"forbidden-fields": FileLine("stacks/prod.yaml", 7)}})
    assert judge(rules, facts(config(auto_tune=True), api=api), excepted).breaches == ()
    [warned] = judge(rules, facts(config(), api=api), excepted).breaches
    assert "take the exception out" in str(warned)


def test_a_rule_that_lacks_what_it_needs_is_not_checked_and_its_exceptions_stand() -> None:
    """Without git, account or audiences nothing is said for or against anybody."""
    rules = [
        active("used-name-declared"),
        active("live-slots-left", count=1),
        active("only-from-branch", branch="main"),
        active("proved-in", stack="dev"),
    ]
    excepted = Places({}, {"grow": {"used-name-declared": FileLine("stacks/prod.yaml", 7)}})
    verdict = judge(rules, facts(), excepted)

    assert verdict.breaches == ()
    assert verdict.unchecked == tuple(one.rule.id for one in rules)


@pytest.mark.parametrize(
    ("listed", "joining"), [([], 1), ([False], 0), ([True], 0), ([False, True], 0)]
)
def test_what_is_to_go_live_is_counted_as_previews_count_it(
    listed: list[bool], joining: int
) -> None:
    """A model that is trained and not live stays so where nothing is declared of going live."""
    models = [
        Model.model_validate({"id": f"{i}" * 32, "name": "grow", "is_active": is_active})
        for i, is_active in enumerate(listed)
    ]
    shown = account_facts({"grow": Declared(model(name="grow"))}, models, None)
    assert (shown.live, shown.joining) == (sum(listed), joining)
