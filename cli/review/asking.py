"""Asks Pulumi and the API what a review needs; sends GETs only."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from cli.audiences.ask import ask_for_audiences
from cli.drift.compare import Drift, Observed, compare
from cli.errors import CliError
from cli.models.rows import SUMMARIES_AT_ONCE
from cli.review.change import Review
from cli.review.deciding.reading import ids_worth_asking, review_of, segments_of
from cli.review.known import Known
from cli.review.plan import Plan, parse_plan
from cli.review.words import Quoted, Words, words
from cli.rules.check import judge_all
from cli.rules.look import ask_for_rules
from cli.workspace.account import connected, proven, readable, settings_of
from cli.workspace.holdings import holdings_of
from cli.workspace.project import Project
from cli.workspace.pulumi import PulumiError, remedy, run_pulumi
from cli.workspace.removals import declared_models, declared_removals, excepted_from
from cli.workspace.segments import fault_of
from cli.workspace.state import StackState
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.rulebook import LOSES_SCORES, Breach
from providers.lytics.errors import AccountError, LyticsError
from providers.lytics.shapes import Model, Summary
from providers.lytics.stack_file.reader import read_stack_file
from providers.lytics.text import shown

_PREVIEWS = 2


def preview(project: Project, stack: str, save_plan: Path | None = None) -> str:
    """Run a preview and return it as JSON.

    Args:
        project: where.
        stack: the stack.
        save_plan: where to keep the plan, for `pulumi up --plan`.

    Raises:
        CliError: the preview failed; the message holds its errors.
    """
    plan = ["--save-plan", str(save_plan.resolve())] if save_plan is not None else []
    try:
        return run_pulumi(project, "preview", "--stack", stack, "--json", "--show-sames", *plan)
    except PulumiError as exc:
        message = f"The preview of {stack} failed:\n{_errors(exc.said)}{remedy(exc.said)}"
        raise CliError(message) from exc


def plan_of(project: Project, state: StackState, name: str, save_plan: Path | None = None) -> Plan:
    """Run a preview and return what it says, of every declared model that is in the state.

    Asked to show all of them, Pulumi does; a model that it left out would count as unchanged, so
    it is asked once more.

    Args:
        project: where.
        state: the stack's state.
        name: the stack.
        save_plan: where to keep the plan, for `pulumi up --plan`.

    Raises:
        CliError: the preview failed, or says nothing of a model.
    """
    declared = declared_models(project.stack_file(state.stack)) or {}
    keys = {one.key for one in state.models if not one.is_leaving} & declared.keys()
    for _ in range(_PREVIEWS):
        plan = parse_plan(preview(project, name, save_plan))
        untold = sorted(keys - plan.told)
        if plan.errors or not untold:
            return plan
    message = f"The preview of {name} says nothing of {', '.join(untold)}. Run the review again."
    raise CliError(message)


def require_account(project: Project, state: StackState) -> None:
    """Refuse a key of another account in one sentence: a preview would tell it once a model.

    Raises:
        AccountError: the key is another account's than that of the stack's models.
    """
    try:
        settings = settings_of(project, state.stack)
        with connected(settings) as client:
            proven(settings, client, state)
    except AccountError:
        raise
    except (CliError, LyticsError):
        return  # The preview itself says whether it can go on without the account.


def _errors(said: str) -> str:
    try:
        return parse_plan(said).errors or said
    except CliError:
        return said


def broken_rules(
    project: Project, state: StackState
) -> tuple[tuple[Breach, ...], tuple[Words, ...]]:
    """Return the rules that the stack breaks, and what could not be checked, a sentence each.

    Raises:
        DeclarationError: the rules can't be used.
    """
    file = project.stack_file(state.stack)
    if not file.is_file():
        return (), ()
    stack = read_stack_file(file)
    asked, why_not = ask_for_rules(project, state, stack)
    notes = [f"Rules that need the account aren't checked: {why_not}"] if why_not else []
    judged = judge_all(project, stack, state, asked)
    return judged.verdict.breaches, tuple(words(Quoted(n)) for n in (*notes, *judged.notes))


def ask(project: Project, state: StackState, plan: Plan) -> Review:
    """Return the review of a preview, with what the API knows of its models.

    Without a key, or where the API doesn't answer, the review says what it doesn't know.

    Raises:
        CliError: the stack's config can't be read.
        AccountError: the key is another account's than that of the stack's models.
    """
    file = project.stack_file(state.stack)
    known = Known(
        state,
        removals=declared_removals(file),
        excepted=excepted_from(file, LOSES_SCORES),
        file=shown(file),
    )
    try:
        settings = settings_of(project, state.stack)
        known = replace(known, profile=settings.profile)
        with connected(settings) as client:
            account = _account(settings, client, state)
            drifts = _drifts(project, state, plan, account)
            known = replace(known, account=account, drifts=drifts, holdings=holdings_of(project))
            first = review_of(plan, known)
            if first.changes:
                known = replace(known, audiences=ask_for_audiences(client))
                known = replace(known, segment_problems=_segment_problems(client, plan, known))
            wanted = [account[i] for i in ids_worth_asking(first) if i in account]
            return review_of(plan, replace(known, summaries=_summaries(client, wanted)))
    except AccountError:
        raise  # With another account's key, what the preview says is wrong.
    except LyticsError as exc:
        return review_of(plan, replace(known, account=None, why_unknown=str(exc)))


def _account(settings: Settings, client: LyticsClient, state: StackState) -> dict[str, Model]:
    models = proven(settings, client, state).looks.any().models
    readable(models.values(), state)
    return dict(models)


def _drifts(
    project: Project, state: StackState, plan: Plan, account: Mapping[str, Model]
) -> tuple[Drift, ...]:
    """Return how the account differs from what the last `up` left, as `drift` reports it.

    A model is gone where the preview, which looked, makes another one for its key.
    """
    steps = {one.key: plan.models.get(one.key) for one in state.models}
    gone = {
        one.id
        for one in state.models
        if (step := steps[one.key]) is not None and step.op == "create"
    }
    declared = declared_models(project.stack_file(state.stack))
    found = compare(project.name, state, Observed(account, gone), declared=declared)
    return tuple(one for one in found.drifts if one.kind in {"differs", "gone"})


def _segment_problems(client: LyticsClient, plan: Plan, known: Known) -> dict[str, str]:
    """Return by id why nothing can be trained on the segments of new models.

    Nothing where the key may not see segments, or the API failed: then a note says so already.
    """
    steps = [step for step in plan.models.values() if step.op in {"create", "replace"}]
    wanted = {one for step in steps for one in segments_of(step)}
    if not wanted or known.uses is None:
        return {}
    try:
        return fault_of(client, known.audiences.segments, wanted)
    except LyticsError:
        return {}


def _summaries(client: LyticsClient, models: Iterable[Model]) -> dict[str, Summary]:
    """Return the numbers of trained models; one that can't be had is left out."""

    def one(model: Model) -> Summary | None:
        try:
            return client.fetch_summary(model.id)
        except LyticsError:
            return None  # Without these numbers the review lacks only a chart.

    trained = [model for model in models if model.was_once_complete]
    with ThreadPoolExecutor(SUMMARIES_AT_ONCE) as pool:
        found = list(pool.map(one, trained))
    pairs = zip(trained, found, strict=True)
    return {model.id: summary for model, summary in pairs if summary is not None}


def read_preview(path: Path) -> str:
    """Return a preview that was made before.

    Raises:
        CliError: it can't be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        message = f"{path} can't be read: {getattr(exc, 'strerror', None) or 'not UTF-8'}"
        raise CliError(message) from exc
