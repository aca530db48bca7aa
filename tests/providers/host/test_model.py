"""The dynamic providers, called as the engine's host process calls them."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.output import Unknown as EngineUnknown
from pulumi.runtime import rpc

from providers.lytics import MlModelActivationProvider, MlModelProvider, model
from providers.lytics.domain.diff import Unknown
from providers.lytics.errors import ConflictError
from providers.lytics.host import run as run_module
from providers.lytics.host.engine import adapter
from providers.lytics.host.engine.adapter import ProviderFaultError, StatelessProvider, plain, told
from tests.support.lab import ALL_USERS, HIGH_VALUE, Lab, declared, properties, through_engine

Json = dict[str, Any]
Act = Callable[[], object]
UNKNOWN: Any = rpc.UNKNOWN
NOT_KNOWN: Any = EngineUnknown()  # type: ignore[no-untyped-call]


@pytest.fixture(autouse=True)
def _nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model._declared.cache_clear()


def of(lab: Lab, provider: StatelessProvider, **settings: Any) -> Any:  # noqa: ANN401 - a provider
    """Return a provider whose run is one against the sandbox."""
    provider._run = lab.run(**settings)
    return provider


def models(lab: Lab, **settings: Any) -> MlModelProvider:  # noqa: ANN401 - as Lab.run
    """Return the provider of models in a run of its own."""
    found: MlModelProvider = of(lab, MlModelProvider(), **settings)
    return found


def activations(lab: Lab) -> MlModelActivationProvider:
    """Return the provider of activations in a run of its own."""
    found: MlModelActivationProvider = of(lab, MlModelActivationProvider())
    return found


def failures(provider: MlModelProvider, props: Json, olds: Json | None = None) -> list[str]:
    """Return what check finds, as property and sentence."""
    return [f"{f.property}: {f.reason}" for f in provider.check(olds or {}, props).failures]


# --- what the state keeps -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        (MlModelProvider, b"\x16providers.lytics.model\x94\x8c\x0fMlModelProvider"),
        (
            MlModelActivationProvider,
            b"\x1bproviders.lytics.activation\x94\x8c\x19MlModelActivationProvider",
        ),
    ],
)
def test_the_state_keeps_the_dotted_path_alone(
    provider: type[StatelessProvider], path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored of a provider is its module path and class name: a permanent interface."""
    monkeypatch.setenv("LIOKEY", "at.secret.key")
    pickled = base64.b64decode(serialize_provider(provider()))
    assert path in pickled
    assert len(pickled) < len(path) + 30
    assert b"secret" not in pickled
    assert provider.serialize_as_secret_always is False


def test_a_provider_holds_nothing_before_it_is_configured() -> None:
    """A provider has no argument and no state of its own."""
    assert vars(MlModelProvider()) == {}


def test_both_providers_share_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The providers of one process share what the process knows."""
    monkeypatch.setattr(run_module, "_runs", {})
    monkeypatch.setenv("LIOKEY", "k")
    request = ConfigureRequest(Config({"lytics:accountId": "1234"}, "lytics-ml"))
    first, second = MlModelProvider(), MlModelActivationProvider()
    first.configure(request)
    second.configure(request)
    assert first.run is second.run
    assert first.run.settings.account_id == 1234


def test_a_configuration_that_cant_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong setting fails with a sentence before anything is asked."""
    monkeypatch.setattr(run_module, "_runs", {})
    request = ConfigureRequest(Config({"lytics:accountId": "x"}, "lytics-ml"))
    with pytest.raises(ProviderFaultError) as caught:
        MlModelProvider().configure(request)
    assert str(caught.value) == (
        "MlModelProvider: the configuration can't be used: "
        "lytics:accountId must be a whole number, for example 1234"
    )


# --- check ----------------------------------------------------------------------------------


def test_check_passes_what_is_right(lab: Lab) -> None:
    """Check finds nothing in a right declaration, sends nothing and hands it on as it is."""
    props = {**properties(declared(label="text")), "__provider": "pickle", "on_delete": None}
    result = models(lab).check({}, props)
    assert result.failures == []
    assert result.inputs == props
    assert lab.account.requests() == []


def test_check_reports_everything_at_once(lab: Lab) -> None:
    """Every mistake is a failure of its own, with its property and what would be right."""
    props = {
        "key": "churn",
        "lineage": "1f2e3d",
        "source": ALL_USERS,
        "target": ALL_USERS,
        "name": "a/b",
        "label": 7.0,
        "is_active": "yes",
        "on_delete": "keep",
        "generation": 1.5,
        "colour": "red",
        "adopt": "12",
        "config": {"collect": 50.0, "use_scoers": True},
    }
    assert failures(models(lab), props) == [
        "name: a name can't hold / (Lytics uses it as a key); leave it out",
        "label: expected text; put it in quotes, got 7",
        'is_active: expected true or false, got "yes"',
        "config.collect: must be at least 100, got 50",
        (
            "config.use_scoers: unknown key, did you mean use_scores? Known: additional, "
            "auto_tune, blocked, build_only, collect, re_run, tune_model, use_content, use_scores"
        ),
        "generation: expected a whole number, got 1.5",
        "on_delete: expected deactivate, hide, delete, retain or {delete: even_if_used}, got keep",
        "adopt: expected an id of 32 hex digits, for example cf21ba3ceb194961b964358ee92ec4a9",
        (
            "colour: unknown key. Known: activation, adopt, build_timeout, config, generation, "
            "is_active, key, label, lineage, name, on_delete, source, source_name, stack, swap, "
            "take_over, target, target_name"
        ),
        "target: source and target are the same segment; a model needs two",
    ]


@pytest.mark.parametrize(
    ("props", "found"),
    [
        (
            {"config": {"use_scores": "true"}},
            'config.use_scores: expected true or false, got "true"',
        ),
        (
            {"config": {"use_scores": True, "collect": "5000"}},
            'config.collect: expected a whole number, got "5000"',
        ),
        ({"generation": "2"}, 'generation: expected a whole number, got "2"'),
        ({"is_active": 1.0}, "is_active: expected true or false, got 1"),
    ],
)
def test_check_refuses_text_for_numbers(lab: Lab, props: Json, found: str) -> None:
    """A value of another type is a mistake: taken for right, it would differ at every `up`."""
    assert failures(models(lab), {**properties(declared()), **props}) == [found]


@pytest.mark.parametrize(
    "config", [UNKNOWN, {"use_scores": UNKNOWN}, {"additional": UNKNOWN}, {"additional": [UNKNOWN]}]
)
def test_check_judges_nothing_unknown(lab: Lab, config: Any) -> None:  # noqa: ANN401 - unknown
    """A value that a preview doesn't know yet is no mistake."""
    props = {**properties(declared()), "config": config, "source": UNKNOWN, "label": UNKNOWN}
    assert failures(models(lab), props) == []


def test_check_keeps_the_lineage_of_the_first_create(lab: Lab) -> None:
    """A model that is renamed keeps its lineage, also in the check of its replacement."""
    provider = models(lab)
    renamed = properties(declared(key="renamed", lineage="ffffff"))
    first = provider.check({"lineage": "1f2e3d"}, renamed)
    second = provider.check({}, renamed)
    assert first.inputs["lineage"] == second.inputs["lineage"] == "1f2e3d"
    unknown = provider.check({}, {**renamed, "lineage": UNKNOWN})
    assert unknown.inputs["lineage"] == UNKNOWN


@pytest.mark.parametrize(
    "gate",
    [
        UNKNOWN,
        NOT_KNOWN,
        {"auc": UNKNOWN},
        {"auc": NOT_KNOWN, "reach": 3.0},
        {"beats_current": {"auc": NOT_KNOWN}},
    ],
)
def test_a_gate_that_isnt_known_is_not_judged(lab: Lab, gate: Any) -> None:  # noqa: ANN401 - unknown
    """In a preview a bound may not be known yet: it is no mistake, and it may be a change."""
    props = {"key": "churn", "model_id": "a" * 32, "activate": True, "gate": gate}
    provider = activations(lab)
    assert provider.check({}, props).failures == []
    state = {**props, "gate": {"auc": 0.5, "healthy": True}, "passed": True, "live": True}
    assert provider.diff("churn", state, props).changes is True
    assert lab.account.requests() == []


# --- the life of a model --------------------------------------------------------------------


def test_a_model_from_create_to_delete(lab: Lab) -> None:
    """Create, diff, update, read and delete work on what the engine hands over."""
    before, after = properties(declared(label="old")), properties(declared(label="new"))
    made = models(lab).create(before)
    lab.wait_until_built(str(made.id))
    state = through_engine(made.outs)
    assert models(lab).diff(str(made.id), state, before).changes is False
    found = models(lab).diff(str(made.id), state, after)
    assert (found.changes, found.replaces) == (True, [])
    updated = through_engine(models(lab).update(str(made.id), state, after).outs)
    assert updated["label"] == "new"
    assert models(lab).diff(str(made.id), updated, after).changes is False
    read = models(lab).read(str(made.id), updated)
    outputs, inputs = read.outs or {}, read.inputs or {}
    assert (read.id, outputs["state"], inputs["label"]) == (made.id, "complete", "new")
    models(lab).delete(str(made.id), updated)
    assert lab.account.live_ids() == set()


def test_what_a_refresh_compares_is_not_in_use(lab: Lab) -> None:
    """A refresh compares without a check; only what is checked stays when it is deleted."""
    given = properties(declared())
    made = models(lab).create(given)
    lab.wait_until_built(str(made.id))
    state = through_engine(made.outs)
    for is_declared in (True, False):
        provider = models(lab)
        provider.diff(str(made.id), state, given)
        if is_declared:
            provider.check(given, given)
            provider.diff(str(made.id), state, given)
        provider.delete(str(made.id), state)
        assert (lab.account.live_ids() == {made.id}) is is_declared


def test_a_replacement_is_said(lab: Lab) -> None:
    """A change of what trains is a replacement, by the field that changed."""
    made = models(lab).create(properties(declared()))
    after = properties(declared(generation=2))
    found = models(lab).diff(str(made.id), through_engine(made.outs), after)
    assert (found.changes, found.replaces) == (True, ["generation"])


def test_an_update_keeps_the_lineage(lab: Lab) -> None:
    """A renamed model keeps its lineage through an update."""
    made = models(lab).create(properties(declared()))
    renamed = properties(declared(key="renamed", lineage="ffffff", on_delete="retain"))
    updated = models(lab).update(str(made.id), through_engine(made.outs), renamed)
    outputs = updated.outs or {}
    assert (outputs["lineage"], outputs["key"]) == ("1f2e3d", "renamed")


def test_a_model_that_is_gone_is_told_as_pulumi_wants_it(lab: Lab) -> None:
    """Only a definite not-found means gone: an empty id."""
    made = models(lab).create(properties(declared()))
    lab.account.remove(str(made.id))
    read = models(lab).read(str(made.id), through_engine(made.outs))
    assert (read.id, read.outs) == ("", {})


def test_a_removal_in_the_stack_file_says_how_a_model_leaves(lab: Lab, tmp_path: Path) -> None:
    """`removed:` in the stack's file wins over the policy that the state keeps."""
    made = models(lab).create(properties(declared(stack="dev", on_delete="delete")))
    (tmp_path / "stacks").mkdir()
    stack_file = tmp_path / "stacks" / "dev.yaml"
    stack_file.write_text("models: {}\nremoved: {churn: {on_delete: retain}}\n")
    lab.wait_until_built(str(made.id))
    models(lab).delete(str(made.id), through_engine(made.outs))
    assert lab.account.live_ids() == {made.id}
    assert model.declared_policy("dev", "other") is None
    assert model.declared_policy("prod", "churn") is None


def test_a_removal_is_found_after_key_and_stack_were_renamed(lab: Lab, tmp_path: Path) -> None:
    """The state gets today's key and stack, so that `removed:` is found under them."""
    made = models(lab).create(properties(declared(stack="dev", on_delete="delete")))
    lab.wait_until_built(str(made.id))
    state = through_engine(made.outs)
    today = properties(declared(key="new", lineage="ffffff", stack="prod", on_delete="delete"))
    found = models(lab).diff(str(made.id), state, today)
    assert (found.changes, found.replaces) == (True, [])
    mark = lab.account.mark()
    state = through_engine(models(lab).update(str(made.id), state, today).outs)
    assert lab.account.writes(mark) == []
    (tmp_path / "stacks").mkdir()
    stack_file = tmp_path / "stacks" / "prod.yaml"
    stack_file.write_text("models: {}\nremoved: {new: {on_delete: retain}}\n")
    models(lab).delete(str(made.id), state)
    assert lab.account.live_ids() == {made.id}


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("create", "Failed to create model 'churn': POST /api/ml: 403"),
        ("read", "Failed to read model 'churn' (a1): GET /api/ml: 403"),
        ("update", "Failed to update model 'churn' (a1): GET /api/ml: 403"),
        ("delete", "Failed to retire model 'churn' (a1): GET /api/ml: 403"),
        ("diff", "Failed to compare model 'churn': 'churn' manages model a1 already"),
    ],
)
def test_a_failure_is_a_sentence(lab: Lab, act: str, sentence: str) -> None:
    """What reaches the user says what was being done, on what, and why it failed."""
    provider = models(lab)
    method = "POST" if act == "create" else ""
    lab.account.fault(method=method, status=403, times=None)
    props = properties(declared())
    calls: dict[str, Act] = {
        "create": lambda: provider.create(props),
        "read": lambda: provider.read("a1", props),
        "update": lambda: provider.update("a1", props, props),
        "delete": lambda: provider.delete("a1", props),
        "diff": lambda: provider.diff("a1", props, {**props, "adopt": "0" * 32}),
    }
    with pytest.raises(ProviderFaultError) as caught:
        calls[act]()
    assert str(caught.value).startswith(sentence)
    assert "sandbox" not in str(caught.value)


# --- activations ----------------------------------------------------------------------------


def test_an_activation_from_create_to_delete(lab: Lab) -> None:
    """An activation judges, sets live, is read, and is deleted without a write."""
    model_id, _ = lab.created(activation="swap")
    props: Json = {"key": "churn", "model_id": model_id, "activate": True, "gate": {"auc": 0.1}}
    assert activations(lab).check({}, props).failures == []
    made = activations(lab).create(props)
    state = through_engine(made.outs)
    assert (made.id, state["live"], state["aid"]) == ("churn", True, 1234)
    assert activations(lab).diff("churn", state, props).changes is False
    lab.account.change(model_id, is_active=False)
    read = through_engine(activations(lab).read("churn", state).outs)
    found = activations(lab).diff("churn", read, props)
    assert (found.changes, found.replaces) == (True, [])
    assert (activations(lab).update("churn", read, props).outs or {})["live"] is True
    mark = lab.account.mark()
    activations(lab).delete("churn", state)
    assert lab.account.writes(mark) == []


def test_a_wrong_gate_is_refused_by_check(lab: Lab) -> None:
    """A gate with an unknown or impossible number is refused with the allowed range."""
    props = {"key": "churn", "model_id": UNKNOWN, "gate": {"auc": 75.0, "acuracy": 6.0}}
    found = activations(lab).check({}, props).failures
    assert [f"{f.property}: {f.reason}" for f in found] == [
        "gate.auc: must be at most 1, got 75",
        (
            "gate.acuracy: unknown key, did you mean accuracy? Known: accuracy, auc, "
            "audience_similarity, beats_current, fitness, healthy, mse, reach, rsq"
        ),
    ]


def test_a_failing_activation_is_a_sentence(lab: Lab) -> None:
    """An activation that fails says whose it is."""
    lab.account.fault(status=403, times=None)
    props: Json = {"key": "churn", "model_id": "a" * 32}
    provider = activations(lab)
    with pytest.raises(ProviderFaultError, match=r"^Failed to activate model 'churn': GET /api/ml"):
        provider.create(props)
    with pytest.raises(ProviderFaultError, match=r"^Failed to compare the activation of 'churn': "):
        provider.diff("churn", {"gate": {"auc": 7}}, props)


def test_trouble_of_the_api_is_told_once(lab: Lab) -> None:
    """Of many operations that meet the same trouble one says what it is; what is one's own is told.

    A model's own mistake is told of each, however often its words are the same.
    """
    lab.account.fault(method="GET", path="^/api/ml$", status=503, times=None)
    provider = models(lab, patience_s=0.01)
    told = []
    for key in "abc":
        with pytest.raises(ProviderFaultError) as caught:
            provider.create(properties(declared(key=key, lineage=key * 6)))
        told.append(str(caught.value))
    assert told[0].startswith("Failed to create model 'a': GET /api/ml: 503")
    assert told[1:] == [
        f"Failed to create model '{key}': "
        "the same error as another operation of this run, which shows it in full"
        for key in "bc"
    ]
    lab.heal()
    for key in "ab":
        nowhere = properties(declared(key=key, lineage=key * 6, source="0" * 32))
        with pytest.raises(ProviderFaultError, match="source segment not found"):
            provider.create(nowhere)


def test_a_stack_file_with_mistakes_is_told_once(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many models that are to leave by a file that can't be used, one says what is wrong in it.

    `bin/pulumi` refuses such a destroy beforehand; a Pulumi of the user's own comes this far.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "broken.yaml").write_text("nonsense: 1\n")
    provider = models(lab)
    told = []
    for key in "ab":
        with pytest.raises(ProviderFaultError) as caught:
            provider.delete(key * 32, {"key": key, "stack": "broken"})
        told.append(str(caught.value))
    assert "line 1, column 1: nonsense: unknown key" in told[0]
    assert told[1].endswith(
        ": the same error as another operation of this run, which shows it in full"
    )


# --- the adapter ----------------------------------------------------------------------------


def test_plain_properties() -> None:
    """The engine's own key and nulls are gone, and what isn't known is marked."""
    found = plain({"__provider": "x", "a": 1, "b": None, "c": UNKNOWN, "d": NOT_KNOWN})
    assert set(found) == {"a", "c", "d"}
    assert isinstance(found["c"], Unknown)
    assert isinstance(found["d"], Unknown)


def test_a_fault_of_ours_says_so() -> None:
    """What nobody foresaw is a sentence too, that says whose fault it is."""
    with pytest.raises(ProviderFaultError) as caught, told("Failed to do it"):
        raise KeyError("x")  # noqa: EM101 - as Python raises it
    assert str(caught.value) == "Failed to do it: KeyError: 'x'. This is a fault of lytics-ml"
    with pytest.raises(ProviderFaultError) as caught, told("Failed to do it"):
        raise ConflictError("it can't be")  # noqa: EM101, TRY003 - a sentence
    assert str(caught.value) == "Failed to do it: it can't be"


def test_known_values_inside_unknown_ones() -> None:
    """What is known of nested properties is judged, what isn't is left out."""
    nested = {"a": [1, UNKNOWN], "b": {"c": UNKNOWN, "d": Unknown()}, "e": HIGH_VALUE}
    assert adapter._known(plain(nested)) == {"a": [1], "b": {}, "e": HIGH_VALUE}
