"""Asks Pulumi and the API what a review needs; sends GETs only."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli.errors import CliError
from cli.models.rows import SUMMARIES_AT_ONCE
from cli.review.change import Review
from cli.review.plan import Plan, parse_plan
from cli.review.reading import Facts, ids_worth_asking, review_of
from cli.workspace.account import connected, settings_of
from cli.workspace.project import Project
from cli.workspace.pulumi import PulumiError, run_pulumi
from cli.workspace.removals import declared_removals
from cli.workspace.state import StackState
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.errors import LyticsError
from providers.lytics.host.run import Run
from providers.lytics.shapes import Model, Summary


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
        message = f"The preview of {stack} failed:\n{_errors(exc.said)}"
        raise CliError(message) from exc


def _errors(said: str) -> str:
    try:
        return parse_plan(said).errors or said
    except CliError:
        return said


def ask(project: Project, state: StackState, plan: Plan) -> Review:
    """Return the review of a preview, with what the API knows of its models.

    Without a key, or where the API doesn't answer, the review says what it doesn't know.

    Raises:
        CliError: the stack's config can't be read.
    """
    removals = declared_removals(project.stack_file(state.stack))
    try:
        settings = settings_of(project, state.stack)
        with connected(settings) as client:
            account = _account(settings, client, state)
            facts = Facts(state, account, {}, removals)
            wanted = ids_worth_asking(review_of(plan, facts))
            summaries = _summaries(client, [account[i] for i in wanted if i in account])
            return review_of(plan, Facts(state, account, summaries, removals))
    except LyticsError as exc:
        return review_of(plan, Facts(state, None, {}, removals, why_unknown=str(exc)))


def _account(settings: Settings, client: LyticsClient, state: StackState) -> dict[str, Model]:
    run = Run(settings, client, say=lambda _line: None)
    for resource in state.models:
        run.expect_account(resource.outputs.get("aid"))
    look = run.looks.any()
    run.prove_account(look)
    for resource in state.models:
        if (model := look.models.get(resource.id)) is not None:
            model.require_readable()
    return dict(look.models)


def _summaries(client: LyticsClient, models: Iterable[Model]) -> dict[str, Summary]:
    """Return the numbers of trained models; one that can't be had is left out."""

    def one(model: Model) -> Summary | None:
        try:
            return client.fetch_summary(model.id)
        except LyticsError:
            return None  # A chart less is no reason to review nothing.

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
