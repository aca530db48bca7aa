"""The program, on Pulumi's mocks: what it declares, waits for, exports and says."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown
from pulumi.runtime import mocks

from docs.made.blocks import Block, blocks_in
from providers.lytics import MlModel, MlModelActivation, MlModelActivationProvider, MlModelProvider
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.domain.identity import lineage
from providers.lytics.errors import ConflictError
from providers.lytics.program import declare as program
from providers.lytics.program import preview_notes, segment_lookup, stack_outputs, start
from providers.lytics.program.builds import waiting
from providers.lytics.program.ending import outcomes
from providers.lytics.program.program import Program as Shared
from providers.lytics.program.program import this_program, use
from tests.support.lab import ALL_USERS, HIGH_VALUE, Lab, through_engine
from tests.support.stub import ROOT
from tests.support.timing import QUICK

Json = dict[str, Any]
FEATURES = "config: {use_scores: true}"


class EndedError(Exception):
    """The program was ended with a message."""


class Engine(mocks.Mocks):
    """Creates resources as the engine does, by the real providers against the sandbox.

    Args:
        lab: the sandbox.
        preview: whether nothing is to be created.
        known: the id that every resource has in a preview already.

    Attributes:
        asked: the inputs of each resource.
        made: id and outputs of each that was made.
        left_out: the same of those that a part of the stack, which is brought up, leaves out.
    """

    def __init__(self, lab: Lab, *, preview: bool, known: str | None = None) -> None:
        self.preview = preview
        self.known = known
        self.asked: dict[str, Json] = {}
        self.left_out: dict[str, tuple[str, Json]] = {}
        self.made: dict[str, tuple[str, Json]] = {}
        self.run = lab.run()

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Check and create a resource."""
        kind = args.typ.rsplit(":", 1)[-1]
        kinds: dict[str, Any] = {
            "MlModel": MlModelProvider,
            "MlModelActivation": MlModelActivationProvider,
        }
        if kind not in kinds:
            return "stack", {}
        # Pulumi's mocks leave out what isn't known, or, in a process' first preview, say so.
        known = {k: value for k, value in args.inputs.items() if not isinstance(value, Unknown)}
        self.asked[f"{kind} {args.name}"] = known
        if self.preview:
            return self.known, args.inputs
        if f"{kind} {args.name}" in self.left_out:
            return self.left_out[f"{kind} {args.name}"]
        provider = kinds[kind]()
        provider._run = self.run
        props = through_engine(args.inputs)
        checked = provider.check({}, props)
        assert not checked.failures, [failure.reason for failure in checked.failures]
        made = provider.create(checked.inputs)
        self.made[f"{kind} {args.name}"] = made.id, {**args.inputs, **made.outs}
        return self.made[f"{kind} {args.name}"]

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Call nothing."""
        raise NotImplementedError(args.token)


def _unless_ended(loop: asyncio.AbstractEventLoop, context: Json) -> None:
    """Tell of what nobody waited for, but for what was under way when a program was ended."""
    if not isinstance(context.get("exception"), EndedError):
        loop.default_exception_handler(context)


@pytest.fixture(autouse=True)
def _loops_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the event loops that Pulumi's mocks leave open, in this thread and in others."""
    loops: list[asyncio.AbstractEventLoop] = []
    make_loop = asyncio.new_event_loop

    def make_and_note() -> asyncio.AbstractEventLoop:
        loops.append(make_loop())
        loops[-1].set_exception_handler(_unless_ended)
        return loops[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", make_and_note)
    ours = asyncio.new_event_loop()
    asyncio.set_event_loop(ours)
    yield
    asyncio.set_event_loop(ours)
    left = asyncio.all_tasks(ours)
    for task in left:
        task.cancel()
    ours.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    ours.run_until_complete(ours.shutdown_default_executor())
    for loop in loops:
        loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture(autouse=True)
def _fresh_program(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Be a program that knows nothing yet."""
    for name, value in {"LIOKEY": "sandbox", "LYTICS_API_URL": lab.account.url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LYTICS_ML_NO_WAIT", raising=False)
    monkeypatch.chdir(tmp_path)

    def end(message: str) -> None:
        raise EndedError(message)

    for module in (start, segment_lookup, outcomes):
        monkeypatch.setattr(module, "end_program", end)
    use(Shared(QUICK))
    yield
    this_program().close()
    use(Shared())


class Program:
    """Runs programs.

    Args:
        lab: the sandbox that they run against.
        folder: where their stack files are.
        told: what they log.
    """

    def __init__(self, lab: Lab, folder: Path, told: pytest.LogCaptureFixture) -> None:
        self.lab = lab
        self.folder = folder
        self._told = told
        self.exported: Json = {}
        self.known: str | None = None
        self.left_out: tuple[str, ...] = ()
        self.timing = QUICK
        self.held: list[Holding] | None = []
        self.engine = Engine(lab, preview=False)

    def run(self, body: Callable[[], Any], *, preview: bool = False, **config: str) -> Json:
        """Run a program; return its outputs."""
        before, self.engine = self.engine, Engine(self.lab, preview=preview, known=self.known)
        self.engine.left_out = {name: before.made[name] for name in self.left_out}
        this_program().close()
        use(Shared(self.timing))
        mocks.set_mocks(self.engine, "lytics-ml", "dev", preview)
        pulumi.runtime.set_all_config({f"lytics:{key}": value for key, value in config.items()})
        self.exported = {}
        with pytest.MonkeyPatch.context() as patch, self._told.at_level(logging.INFO):
            patch.setattr(pulumi, "export", self.exported.__setitem__)
            for module in (program, preview_notes):
                patch.setattr(module, "ask_holdings", self._asked)
            mocks.test(lambda: self._values(body()))()  # type: ignore[no-untyped-call]
        return self.exported

    def _asked(self) -> list[Holding]:
        if self.held is None:
            message = "no pulumi"
            raise ConflictError(message)
        return self.held

    def _values(self, _: object) -> Any:  # noqa: ANN401 - an Output
        async def keep(values: Json) -> None:
            self.exported.update(values)

        return pulumi.Output.all(**self.exported).apply(keep) if self.exported else None

    def up(self, text: str, *, preview: bool = False, **config: str) -> Json:
        """Run `__main__.py` on a stack file; return what it exports of each model."""
        (self.folder / "stacks").mkdir(exist_ok=True)
        (self.folder / "stacks" / "dev.yaml").write_text(text)

        def main() -> None:
            stack = start.read_stack()
            stack_outputs.export(program.declare(stack))

        found: Json = self.run(main, preview=preview, **config).get("models", {})
        return found

    @property
    def logged(self) -> list[str]:
        """What was logged."""
        return [record.getMessage() for record in self._told.records if record.name == "root"]


@pytest.fixture
def run(lab: Lab, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Program:
    """Programs against the sandbox."""
    return Program(lab, tmp_path, caplog)


# --- up -------------------------------------------------------------------------------------


def test_a_stack_comes_true(run: Program) -> None:
    """Every declared model is made, waited for, judged, put live and exported."""
    run.lab.account.outcome({}, summary={"auc": 0.8, "accuracy": 6, "reach": 4})
    shown = run.up(
        f"""\
models:
  plain: {{source: all_users, target: high_value, {FEATURES}}}
  gated: {{source: all_users, target: dormant, is_active: true, gate: {{auc: 0.7}}, {FEATURES}}}
  seen: {{source: {ALL_USERS}, target: {HIGH_VALUE}, gate: {{auc: 0.9}}, {FEATURES}}}
"""
    )
    by_name = {model["name"].split("-")[0]: i for i, model in run.lab.account.models().items()}
    plain, gated, seen = (shown[key] for key in ("plain", "gated", "seen"))
    assert plain.pop("name").startswith(f"plain-{lineage('lytics-ml', 'dev', 'plain')}-")
    assert plain == {"id": by_name["plain"], "state": "complete", "live": True}
    assert (gated["live"], gated["gate"], gated["auc"]) == (True, "passed", 0.8)
    assert (seen["live"], seen["gate"]) == (False, "not passed")
    assert run.lab.account.live_ids() == {by_name["plain"], by_name["gated"]}
    assert set(run.engine.asked) == {
        "MlModel plain",
        "MlModel gated",
        "MlModelActivation gated",
        "MlModel seen",
        "MlModelActivation seen",
    }
    asked = run.engine.asked["MlModel gated"]
    assert "is_active" not in asked
    assert (asked["activation"], asked["source"], asked["source_name"]) == (
        "swap",
        ALL_USERS,
        "all_users",
    )
    assert "source_name" not in run.engine.asked["MlModel seen"]
    assert any("the gate is not passed: auc: wanted at least 0.9" in one for one in run.logged)


def test_one_look_up_serves_all_segments(run: Program) -> None:
    """Slugs of any number of models cost one request."""
    models = "".join(
        f"  m{n}: {{source: all_users, target: high_value, label: l{n}, {FEATURES}}}\n"
        for n in range(5)
    )
    run.up(f"models:\n{models}")
    asked = [entry["path"] for entry in run.lab.account.requests()]
    assert asked.count("/api/segment") == 1


@pytest.mark.parametrize("preview", [False, True])
def test_rules_that_ask_the_account_cost_no_request(run: Program, *, preview: bool) -> None:
    """Rules take the models and segments that the run asks for anyway."""
    run.known = "a" * 32

    def asked() -> list[str]:
        mark = run.lab.account.mark()
        run.up(CHURN, preview=preview)
        return sorted(entry["path"] for entry in run.lab.account.requests(mark))

    asked()
    without = asked()
    rules = "live-slots-left: {level: error, count: 1}\nused-name-declared: warn\n"
    (run.folder / "stacks" / "rules.yaml").write_text(rules)
    assert asked() == (["/api/ml", "/api/segment"] if preview else without)
    assert len(without) <= 3


def test_an_old_failure_is_told_by_no_run_that_leaves_it_out(run: Program) -> None:
    """`up --target other` isn't failed by a gate that an earlier `up` judged; a full one is."""
    run.lab.account.outcome({}, summary={"auc": 0.6})
    gated = CHURN.replace("source:", "is_active: true, gate: {auc: 0.7}, source:")
    with pytest.raises(EndedError, match="churn: the gate is not passed"):
        run.up(gated)
    other = f"{gated[:-1]}, other: {{source: dormant, target: high_value, {FEATURES}}}}}"
    run.left_out = ("MlModel churn", "MlModelActivation churn")
    shown = run.up(other)
    assert (shown["churn"]["gate"], shown["other"]["live"]) == ("not passed", True)
    run.left_out = ()
    with pytest.raises(EndedError, match="churn: the gate is not passed"):
        run.up(other)


@pytest.mark.parametrize(
    ("declared", "is_told"),
    [
        ("label: nothing", True),
        ("is_active: true", True),
        ("is_active: true, config: {use_scores: true, build_only: true}", True),
        ("is_active: false", False),
        ("config: {use_scores: true, build_only: true}", False),
        ("is_active: true, gate: {healthy: false}", False),
    ],
)
def test_an_unhealthy_model_that_no_gate_held_back_is_told(
    run: Program, declared: str, *, is_told: bool
) -> None:
    """However it comes to be live, at each `up`; where a gate says otherwise nothing is said."""
    run.lab.account.outcome({}, summary={"health": "unhealthy"})
    config = "" if "config" in declared else f", {FEATURES}"
    text = f"models: {{churn: {{source: all_users, target: high_value, {declared}{config}}}}}\n"
    for _ in range(2):
        run._told.clear()
        run.up(text)
        told = [line for line in run.logged if "is live although Lytics finds it unhealthy" in line]
        assert bool(told) is is_told, run.logged


def test_a_failed_gate_ends_the_program_once_with_a_table(run: Program) -> None:
    """All that went wrong is told at the end, when every model has had its turn."""
    run.lab.account.outcome({"target": "dormant"}, state="invalid", reason="too few users")
    run.lab.account.outcome({"label": "good"}, summary={"auc": 0.9})
    run.lab.account.outcome({"label": "poor"}, summary={"auc": 0.6})
    gate = "is_active: true, gate: {auc: 0.7, healthy: false}"
    with pytest.raises(EndedError) as caught:
        run.up(
            f"""\
models:
  good: {{source: all_users, target: high_value, label: good, {gate}, {FEATURES}}}
  poor: {{source: all_users, target: high_value, label: poor, {gate}, {FEATURES}}}
  bad: {{source: all_users, target: dormant, {gate}, {FEATURES}}}
"""
        )
    told = str(caught.value).splitlines()
    (bad,) = (i for i, m in run.lab.account.models().items() if m["state"] == "invalid")
    assert told[0] == "2 models did not pass. See docs/guides/why-not-live.md"
    assert told[1].startswith(f"  - bad: model {bad} is invalid")
    assert told[1].endswith("retrain bad trains it anew; nothing of it is live")
    assert told[2:] == [
        "  - poor: the gate is not passed (auc); nothing of it is live",
        "",
        "  model  gate   wanted        measured",
        "  poor   ✗ auc  at least 0.7  0.6",
    ]
    live = {m["label"] for m in run.lab.account.models().values() if m["is_active"]}
    assert live == {"good"}


def test_an_invalid_model_without_an_activation_ends_the_program(run: Program) -> None:
    """A build that failed ends the program also where nothing has to be set live."""
    run.lab.account.outcome({}, state="invalid")
    with pytest.raises(EndedError, match=r"^1 model did not pass"):
        run.up(f"models: {{churn: {{source: all_users, target: high_value, {FEATURES}}}}}")


def test_an_invalid_model_that_is_observed_ends_the_program(run: Program) -> None:
    """An observed model is waited for as well."""
    run.lab.account.outcome({}, state="invalid")
    with pytest.raises(EndedError, match="is invalid"):
        run.up(
            f"models: {{c: {{source: all_users, target: dormant, gate: {{auc: 0}}, {FEATURES}}}}}"
        )


def test_what_stands_in_the_way_of_going_live_is_told(run: Program) -> None:
    """A model that passes and can't go live ends the program with the reason."""
    for number in range(20):
        run.lab.wait_until_built(run.lab.account.create(name=f"other{number}"))
    with pytest.raises(EndedError, match="  - c: the account has 20 of 20 live models"):
        run.up(
            "models: {c: {source: all_users, target: dormant, is_active: true, "
            "gate: {auc: 0, healthy: false}, config: {use_scores: true}}}"
        )


def test_a_gate_that_is_observed_and_passed_needs_no_warning(run: Program) -> None:
    """An observed gate is shown, and warned of only where it isn't passed."""
    shown = run.up(
        "models: {c: {source: all_users, target: dormant, "
        "gate: {auc: 0, healthy: false}, config: {use_scores: true}}}"
    )
    assert shown["c"]["gate"] == "passed"
    assert run.logged == []


def test_a_line_shows_how_far_the_builds_are(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a line that changes shows what is being built."""
    monkeypatch.setenv("LYTICS_ML_INTERACTIVE", "1")
    run.timing = replace(QUICK, live_line_s=0.01)
    run.lab.account.outcome({}, build_s=0.3)
    run.up(CHURN)
    assert "0 of 1 built, churn 0s" in run.logged


def test_without_wait_a_first_create_isnt_waited_for(run: Program) -> None:
    """With lytics:wait: false an up returns before the first build, and says what waits."""
    run.lab.account.outcome({}, build_s=60)
    shown = run.up(
        f"""\
models:
  plain: {{source: all_users, target: high_value, {FEATURES}}}
  gated: {{source: all_users, target: dormant, is_active: true, gate: {{auc: 0.7}}, {FEATURES}}}
""",
        wait="false",
    )
    assert shown["plain"]["state"] == "building"
    assert shown["gated"]["gate"] == "waits for the build"


def test_a_live_models_successor_is_waited_for(run: Program) -> None:
    """Any replacement of a live model waits, whatever lytics:wait says."""
    ours = lineage("lytics-ml", "dev", "churn")
    run.lab.created(key="churn", lineage=ours, is_active=True)
    run.lab.account.outcome({}, build_s=0.3)
    shown = run.up(
        f"""\
models:
  churn: {{source: all_users, target: high_value, generation: 2, is_active: true, {FEATURES}}}
""",
        wait="false",
    )
    assert shown["churn"]["state"] == "complete"


def test_a_build_timeout_ends_the_wait(run: Program) -> None:
    """A build that takes longer than its build_timeout ends the program, and says what helps."""
    run.lab.account.outcome({}, build_s=60)
    with pytest.raises(EndedError, match=r"is in state 'building' after 1s\. pulumi up goes on"):
        run.up(
            "models: {churn: {source: all_users, target: high_value, build_timeout: 1s, "
            f"{FEATURES}}}}}"
        )


def test_nothing_waits_where_the_operation_doesnt(
    run: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refresh or a destroy that runs the program waits for nothing."""
    monkeypatch.setenv("LYTICS_ML_NO_WAIT", "1")
    run.lab.account.outcome({}, build_s=60)
    shown = run.up(
        f"""\
models:
  plain: {{source: all_users, target: high_value, {FEATURES}}}
  gated: {{source: all_users, target: dormant, is_active: true, gate: {{auc: 0.7}}, {FEATURES}}}
"""
    )
    assert shown["plain"]["state"] == "building"


def test_outputs_may_be_old_when_the_api_doesnt_answer(
    run: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs that can't be brought up to date are those of the resources, with a warning."""
    monkeypatch.setenv("LYTICS_ML_NO_WAIT", "1")
    run.lab.account.fault(method="GET", path="^/api/ml$", status=403, skip=2, times=None)
    shown = run.up(f"models: {{churn: {{source: all_users, target: high_value, {FEATURES}}}}}")
    assert shown["churn"]["state"] in {"building", "complete"}
    assert any("the outputs may be old, the API didn't answer" in one for one in run.logged)


@pytest.mark.parametrize("models", [1, 3])
def test_outputs_keep_their_shape(run: Program, models: int) -> None:
    """Scores are shown where a gate judged them, and asked for by nobody else."""
    keys = [f"m{number}" for number in range(models)]
    declared = "".join(
        f"  {key}: {{source: all_users, target: high_value, label: {key}, {FEATURES}}}\n"
        for key in keys
    )
    shown = run.up(f"models:\n{declared}")
    shape = {"id", "name", "state", "live"}
    assert {key: set(one) for key, one in shown.items()} == dict.fromkeys(keys, shape)
    assert not [e for e in run.lab.account.requests() if e["path"].endswith("/summary")]


# --- mistakes -------------------------------------------------------------------------------


def test_a_mistake_in_the_file_ends_the_program(run: Program) -> None:
    """A stack file that can't be used ends the program with every problem."""
    with pytest.raises(EndedError, match=r"stacks/dev\.yaml can't be used:"):
        run.up("models: 1")


def test_unknown_segments_end_the_program(run: Program) -> None:
    """Every slug that the account doesn't have is told, with file and line."""
    with pytest.raises(EndedError) as caught:
        run.up(
            "segments: {short: all_user}\nmodels:\n"
            f"  churn: {{source: short, target: dormat, {FEATURES}}}\n"
        )
    assert str(caught.value).splitlines()[1:] == [
        (
            '  - stacks/dev.yaml, line 3, churn.source: unknown segment "all_user", '
            "did you mean all_users?"
        ),
        (
            '  - stacks/dev.yaml, line 3, churn.target: unknown segment "dormat", '
            "did you mean dormant?"
        ),
    ]


def test_a_segment_that_is_invalid_is_warned_of(run: Program) -> None:
    """A segment that exists and can't be used is a warning, once, with Lytics' reason."""
    one = f"{{source: retired_campaign, target: high_value, {FEATURES}}}"
    run.up(f"models: {{one: {one}}}", preview=True)
    assert run.logged == [
        (
            'segment "retired_campaign" is invalid in Lytics: field campaign_2019 no longer '
            "exists; a model that is trained from it now won't succeed"
        ),
    ]


def test_an_api_that_is_broken_is_told_once(run: Program) -> None:
    """Where no segment is looked up, an API that fails ends the program before it declares."""
    run.lab.account.fault(status=403, times=None)
    by_id = f"{{source: {ALL_USERS}, target: {HIGH_VALUE}, {FEATURES}}}"
    with pytest.raises(EndedError, match=r"^GET /api/ml: 403"):
        run.up(f"models: {{one: {by_id}, two: {by_id}}}")
    assert run.engine.asked == {}


def test_what_is_shown_without_a_key_is_what_the_state_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a key nothing is asked of the API for the outputs."""
    monkeypatch.delenv("LIOKEY")
    assert asyncio.run(stack_outputs._look(Shared(), [])) == {}


def test_two_keys_are_worth_one_warning(run: Program) -> None:
    """LIOKEY and a differing key in the stack's config: one warning, and LIOKEY wins."""
    run.up(f"models: {{m: {{source: all_users, target: dormant, {FEATURES}}}}}", apiKey="other")
    warned = [one for one in run.logged if "differ" in one]
    assert warned == ["LIOKEY and this stack's lytics:apiKey differ; LIOKEY is used"]


# --- previews -------------------------------------------------------------------------------

CHURN = f"models: {{churn: {{source: all_users, target: high_value, {FEATURES}}}}}"


def test_a_preview_of_a_new_model_says_nothing(run: Program) -> None:
    """A model that is really to be trained needs no remark, and nothing is written."""
    run.up(CHURN, preview=True)
    assert run.logged == []
    assert run.lab.account.writes(0) == []


def test_a_preview_says_what_is_taken_up_again(run: Program) -> None:
    """A rollback's preview says that it trains nothing."""
    there, _ = run.lab.created(key="churn", lineage=lineage("lytics-ml", "dev", "churn"))
    run.up(CHURN, preview=True)
    assert run.logged == [f"takes up model {there}, trained before, instead of training one"]


def test_a_preview_says_what_is_adopted(run: Program) -> None:
    """An adoption is named in the preview."""
    there = run.lab.account.create()
    run.up(CHURN.replace("source:", f"adopt: {there}, source:"), preview=True)
    assert run.logged == [f'adopts model {there}, "of_somebody_else"']


def test_a_preview_warns_where_models_cant_be_adopted(run: Program) -> None:
    """What stands in the way of adoptions is told of each model, and the preview goes on."""
    there = run.lab.account.create(config={"use_content": True, "use_scores": False})
    run.up(
        f"""\
models:
  one: {{source: all_users, target: high_value, adopt: {there}, {FEATURES}}}
  two: {{source: all_users, target: high_value, adopt: {"f" * 32}, {FEATURES}}}
  three: {{source: all_users, target: high_value, {FEATURES}}}
""",
        preview=True,
    )
    assert run.logged == [
        (
            f"'one' can't adopt model {there}:\n"
            "  - config.use_scores: declared True, the model has False"
        ),
        f"'two' can't adopt model {'f' * 32}:\n  - the account has no model {'f' * 32}",
    ]


def test_a_preview_tells_a_conflict(run: Program) -> None:
    """A declared name that only a person can decide about is told, and the preview goes on."""
    there = run.lab.account.create(name="mine")
    run.lab.account.change(there, config={"collect": 0})
    run.up(CHURN.replace("source:", "name: mine, source:"), preview=True)
    (told,) = run.logged
    assert f"add adopt: {there}" in told


def test_a_preview_of_a_replacement_knows_what_the_state_has(run: Program) -> None:
    """What is replaced, or adopted already, is told by the state: only the kept name is told."""
    first = run.lab.account.create(name="mine")
    run.held = [Holding("dev", "churn", first, "1f2e3d", {first: "00000000"})]
    run.up(CHURN.replace("source:", f"adopt: {first}, name: mine, source:"), preview=True)
    (told,) = run.logged
    assert told.startswith(
        f'model {first} also has the name "mine". If Lytics refuses a name that is'
    )


def test_a_preview_that_cant_ask_for_the_states_says_so(run: Program) -> None:
    """Where Pulumi can't say whose a model is, the preview says that it may be wrong."""
    run.held = None
    there, _ = run.lab.created(key="churn", lineage=lineage("lytics-ml", "dev", "churn"))
    run.up(CHURN, preview=True)
    assert run.logged == [
        "This preview may be wrong about models that exist already: no pulumi",
        f"takes up model {there}, trained before, instead of training one",
    ]


def test_a_preview_of_known_models_asks_nothing(run: Program) -> None:
    """Where nothing is to be created there is nothing to say, and no list is asked for."""
    run.known = "a" * 32
    (run.folder / "stacks").mkdir()
    (run.folder / "stacks" / "dev.yaml").write_text(CHURN)
    run.run(lambda: program.declare(start.read_stack()), preview=True)
    assert run.lab.lists() == []
    assert run.logged == []


def test_a_preview_tells_a_new_declaration_from_a_renamed_one(run: Program) -> None:
    """A new declaration under a renamed one's key takes nothing of it up."""
    first = lineage("lytics-ml", "dev", "churn")
    there, _ = run.lab.created(key="churn", lineage=first)
    run.held = [Holding("dev", "renamed", there, first)]
    run.up(
        f"""\
models:
  renamed: {{source: all_users, target: high_value, was: churn, {FEATURES}}}
  churn: {{source: all_users, target: high_value, {FEATURES}}}
""",
        preview=True,
    )
    assert run.logged == [
        "'renamed' of stack dev has the models of this name; a model of its own is trained"
    ]


def test_a_rename_beside_a_new_model_of_the_old_key_is_refused(run: Program) -> None:
    """Before anything is registered, with the place, and the order in which it can be done."""
    run.held = [Holding("dev", "churn", "a" * 32)]
    with pytest.raises(EndedError) as caught:
        run.up(
            f"""\
models:
  renamed: {{source: all_users, target: high_value, was: churn, {FEATURES}}}
  churn: {{source: all_users, target: high_value, {FEATURES}}}
"""
        )
    assert "stacks/dev.yaml, line 2: models.renamed.was: 'churn' is declared" in str(caught.value)
    assert run.engine.asked == {}


def test_a_preview_warns_of_the_limit(run: Program) -> None:
    """More live models than Lytics allows are told before they are refused."""
    for number in range(20):
        run.lab.wait_until_built(run.lab.account.create(name=f"other{number}"))
    run.up(CHURN.replace("source:", "is_active: true, source:"), preview=True)
    assert run.logged == [
        "20 models of the account are live and 1 more will go live; Lytics allows 20"
    ]


def test_a_preview_of_a_live_models_successor_is_no_more(run: Program) -> None:
    """A model that takes a live one's place makes the number no larger."""
    ours = lineage("lytics-ml", "dev", "churn")
    run.lab.created(key="churn", lineage=ours, is_active=True)
    for number in range(19):
        run.lab.wait_until_built(run.lab.account.create(name=f"other{number}"))
    again = "is_active: true, generation: 2, source:"
    run.up(CHURN.replace("source:", again), preview=True)
    assert run.logged == []


def test_a_preview_that_cant_look_says_so(run: Program) -> None:
    """A preview works where the API doesn't, and says what it doesn't know."""
    run.lab.account.fault(method="GET", path="^/api/ml$", status=403, times=None)
    run.up(CHURN, preview=True)
    (told,) = run.logged
    assert told.startswith("This preview can't say which models exist already: GET /api/ml: 403")


def test_a_preview_without_a_key_works(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key the preview works, asks nothing and says what it doesn't know."""
    monkeypatch.delenv("LIOKEY")
    run.up(CHURN, preview=True)
    assert run.logged == [
        (
            "No API key: segments are not looked up, and this preview can't say which models exist "
            "already. Set LIOKEY to know"
        )
    ]
    assert run.lab.account.requests() == []
    assert not {"source", "target"} & set(run.engine.asked["MlModel churn"])


def test_outputs_without_a_key_are_the_resources_own(
    run: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview without a key shows of known models what the state has."""
    monkeypatch.delenv("LIOKEY")
    run.known = "a" * 32
    text = CHURN.replace("all_users", ALL_USERS).replace("high_value", HIGH_VALUE)
    run.up(text, preview=True)
    assert run.lab.account.requests() == []


def test_an_up_without_a_key_ends(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key an up ends with what to do."""
    monkeypatch.delenv("LIOKEY")
    with pytest.raises(EndedError, match="no API key"):
        run.up(CHURN)


def test_a_model_is_gone_when_the_api_knows_none_of_its_id(run: Program) -> None:
    """A model that isn't listed is asked for by its id, which no list that lags has a part in."""
    run.lab.account.outcome({}, build_s=60)
    there = run.lab.account.create()
    is_gone = this_program().watcher._is_gone
    assert (is_gone(there), is_gone("0" * 32)) == (False, True)


# --- in Python ------------------------------------------------------------------------------


def test_a_model_in_python(run: Program) -> None:
    """A program of one's own declares models with slugs, ids and outputs as inputs."""

    def main() -> object:
        one = MlModel(
            "one",
            source="all_users",
            target=pulumi.Output.from_input("high_value"),
            config={"use_scores": True},
            label=pulumi.Output.from_input("text"),
        )
        pulumi.export("id", one.id)
        pulumi.export("state", one.state)
        pulumi.export("built", waiting.wait_until_built([one], timeout_s=30))
        return one

    shown = run.run(main)
    (model_id,) = run.lab.account.models()
    assert shown["id"] == model_id
    assert shown["built"] == {"one": model_id}
    assert run.lab.account.model(model_id)["target"] == HIGH_VALUE
    assert run.lab.account.model(model_id)["label"] == "text"


PROGRAMS = [
    block
    for file in ("README.md", "docs/reference/python.md")
    for block in blocks_in(ROOT / file)
    if block.language == "python"
]


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_programs_of_the_documents_run(block: Block, run: Program) -> None:
    """What the documents show as a program makes its models, and sets live what passes."""
    run.lab.account.outcome({}, summary={"auc": 0.9, "accuracy": 6, "reach": 4})
    run.run(lambda: exec(block.text, {}))  # noqa: S102 - the documents' own
    assert run.lab.account.models()
    assert run.lab.account.live_ids()


def test_an_unknown_slug_in_python_ends_the_program(run: Program) -> None:
    """A slug that the account doesn't have is told with the nearest that it has."""

    def main() -> None:
        MlModel("one", source="all_user", target="high_value", config={"use_scores": True})

    with pytest.raises(Exception, match='unknown segment "all_user", did you mean all_users') as it:
        run.run(main)
    assert it.value


def test_a_slug_in_a_preview_without_a_key(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key a preview doesn't know the id behind a slug."""
    monkeypatch.delenv("LIOKEY")

    def main() -> None:
        MlModel("one", source="all_users", target=HIGH_VALUE.upper(), config={"use_scores": True})

    run.run(main, preview=True)
    assert "source" not in run.engine.asked["MlModel one"]  # not known
    assert run.engine.asked["MlModel one"]["target"] == HIGH_VALUE


def test_a_child_has_a_lineage_of_its_own(run: Program) -> None:
    """A model below a parent shares no lineage with one of its key elsewhere."""

    def main() -> None:
        group = pulumi.ComponentResource("lytics:index:Group", "group")
        below = pulumi.ResourceOptions(parent=group)
        MlModel("one", source=ALL_USERS, target=HIGH_VALUE, config={"auto_tune": True}, opts=below)

    run.run(main)
    found = run.engine.asked["MlModel one"]["lineage"]
    assert found != lineage("lytics-ml", "dev", "one")
    assert len(found) == 12


@pytest.mark.parametrize("is_active", [True, None])
def test_a_gate_in_one_call_is_the_two_resources(run: Program, is_active: bool | None) -> None:  # noqa: FBT001 - a value
    """A model with a gate declares its activation: the very inputs of the two-class form."""

    def one_call() -> None:
        MlModel("one", source=ALL_USERS, target=HIGH_VALUE, gate={"auc": 0}, is_active=is_active)

    def two_classes() -> None:
        kind: Any = "swap" if is_active else "observe"
        one = MlModel("one", source=ALL_USERS, target=HIGH_VALUE, activation=kind)
        MlModelActivation("one", model=one, gate={"auc": 0})

    run.run(one_call, preview=True)
    asked = run.engine.asked
    run.run(two_classes, preview=True)
    assert asked == run.engine.asked
    assert set(asked) == {"MlModel one", "MlModelActivation one"}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"activation": "swap"}, "leave activation out"),
        ({"is_active": "later"}, "is_active must be True, False or left out"),
    ],
)
def test_gate_that_cant_be_one_call_is_refused(run: Program, more: Json, why: str) -> None:
    """What can't be decided before the run is told with what to do."""

    def main() -> None:
        MlModel("one", source=ALL_USERS, target=HIGH_VALUE, gate={"auc": 0}, **more)

    with pytest.raises(pulumi.RunError, match=why):
        run.run(main, preview=True)


def test_gate_of_a_model_that_must_not_be_live_is_left_out(run: Program) -> None:
    """`is_active=False` means no activation, as in the stack files."""

    def main() -> None:
        MlModel("one", source=ALL_USERS, target=HIGH_VALUE, gate={"auc": 0}, is_active=False)

    run.run(main, preview=True)
    assert set(run.engine.asked) == {"MlModel one"}
    assert run.engine.asked["MlModel one"]["is_active"] is False


def test_an_activation_of_a_model_that_goes_live_by_itself(run: Program) -> None:
    """A gate on a model that would go live before it is refused, with what to declare."""

    def main() -> None:
        one = MlModel("one", source=ALL_USERS, target=HIGH_VALUE, config={"use_scores": True})
        MlModelActivation("one", model=one, gate={"auc": 0.7})

    with pytest.raises(pulumi.RunError) as caught:
        run.run(main)
    assert str(caught.value) == (
        "MlModelActivation 'one' can't be used: "
        'declare the model with activation="swap", or it goes live by itself'
    )


def test_a_large_stack_is_told_how_to_be_quicker(
    run: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An `up` whose state is written after every step says which setting writes it once."""
    one = f"source: {ALL_USERS}, target: {HIGH_VALUE}, {FEATURES}"
    models = "models:\n" + "".join(f"  m{number}: {{{one}}}\n" for number in range(60))
    monkeypatch.delenv("PULUMI_SKIP_CHECKPOINTS", raising=False)
    run.up(models)
    assert any("pulumi config set lytics:stateWrites end" in line for line in run.logged)
