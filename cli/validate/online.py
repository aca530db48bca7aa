"""What only the API can tell of a stack file: segments, limit of live models, adopted ids."""

from collections.abc import Iterator, Mapping

from cli.audiences.ask import ask_for_audiences
from cli.edit.places import Places
from cli.errors import CliError
from cli.rules.check import Asked, judge_account
from cli.validate.validation import FileReport, Finding, take_verdict
from cli.workspace.account import connected, proven, settings_of
from cli.workspace.project import Project
from cli.workspace.rights import rights_of
from cli.workspace.segments import fault_of
from cli.workspace.state import Resource, StackState, read_state_if_made
from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.diff import differ
from providers.lytics.domain.fields import policy_of
from providers.lytics.domain.finding.creation import adoption_problems
from providers.lytics.domain.identity import lineage, lineages_of, proof_in, same_name
from providers.lytics.domain.live.liveness import (
    LIVE_LIMIT,
    is_first_build,
    joins,
    over_limit,
    way_of,
)
from providers.lytics.domain.rulebook import OF_ACCOUNT
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.errors import ConflictError, LyticsError
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import Stack
from providers.lytics.stack_file.rules_file import rules_of
from providers.lytics.text import shown


def check_online(project: Project, report: FileReport) -> None:
    """Add to a report what the API says about a stack; a file with mistakes isn't asked about.

    Args:
        project: where the stack is.
        report: of its file; findings, notes and what could not be checked are added.
    """
    if report.stack is None:
        report.unchecked.append("the API wasn't asked, because the file has mistakes")
        return
    try:
        state = read_state_if_made(project, report.name)
        settings = settings_of(project, report.name)
        with connected(settings) as client:
            account = proven(settings, client, state).looks.any().models
            _Check(project, report, report.stack, client, state).all(account)
            report.notes.append(str(rights_of(settings, client)))
    except (CliError, LyticsError) as exc:
        report.unchecked.append(str(exc))


class _Check:
    """The checks of one stack against its account."""

    def __init__(
        self,
        project: Project,
        report: FileReport,
        stack: Stack,
        client: LyticsClient,
        state: StackState,
    ) -> None:
        self._project = project
        self._report = report
        self._stack = stack
        self._client = client
        self._state = state
        self._book = SegmentBook([])
        self._places = Places(report.path)
        self._lineages = {key: lineages_of(project.name, report.name, key) for key in stack.models}

    def all(self, account: Mapping[str, Model]) -> None:
        """Run every check; one that fails doesn't stop the others."""
        for check in (self._segments, lambda: self._rules(account)):
            try:
                check()
            except LyticsError as exc:
                self._report.unchecked.append(str(exc))
        self._adoptions(account)
        self._live_limit(account)

    def _find(self, what: str, *place: str) -> None:
        line, column = self._places.find(*place)
        path = shown(self._report.path)
        self._report.findings.append(Finding(path, f"{'.'.join(place)}: {what}", line, column))

    # --- segments ---------------------------------------------------------------------------

    def _segments(self) -> None:
        places = list(self._references())
        wanted = {reference for _, reference in places}
        listed = self._client.list_segments()
        self._book = SegmentBook(listed)
        faults = fault_of(self._client, listed, wanted)
        for place, reference in dict.fromkeys(places):
            if faults[reference]:
                self._find(faults[reference], *place)

    def _references(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield each slug or id with the place to correct it: under segments if it has a name."""
        for key, model in self._stack.models.items():
            for side in ("source", "target"):
                written = str(getattr(model, side))
                if written in self._stack.segments:
                    yield ("segments", written), self._stack.segments[written]
                else:
                    yield ("models", key, side), written

    # --- models -----------------------------------------------------------------------------

    def _rules(self, account: Mapping[str, Model]) -> None:
        """Check the rules for which the account is asked."""
        if not rules_of(self._stack).needs & OF_ACCOUNT:
            return
        asked = Asked(tuple(account.values()), ask_for_audiences(self._client).uses)
        judged = judge_account(self._project, self._stack, asked)
        take_verdict(self._report, judged.verdict)
        self._report.unchecked += judged.notes

    def _adoptions(self, account: Mapping[str, Model]) -> None:
        for key, model in self._stack.models.items():
            if model.adopt is not None:
                for problem in self._adoption_problems(key, account):
                    self._find(problem, "models", key, "adopt")

    def _adoption_problems(self, key: str, account: Mapping[str, Model]) -> list[str]:
        """Return why an `up` will refuse an adoption, or another id than the one it took over."""
        declared, kept = self._stack.models[key], self._state.model(key)
        if kept is None and (declared.adopt or "") not in account:
            return [f"the account has no model {declared.adopt}"]
        sides = (self._stack.segment(side) for side in (declared.source, declared.target))
        source, target = (self._book.id_of(side) for side in sides)
        if source is None or target is None:
            return []  # That is told already, where the segments are.
        own = lineage(self._project.name, self._state.stack, key)
        inputs = declared.inputs(key=key, lineage=own, source=source, target=target)
        try:
            if kept is None:
                return adoption_problems(inputs, account.get(str(declared.adopt)))
            differ(kept.id, kept.outputs, inputs.model_dump(exclude_none=True))
        except ConflictError as exc:
            return [str(exc)]
        return []

    def _live_limit(self, account: Mapping[str, Model]) -> None:
        live = [model for model in account.values() if model.is_active]
        joining = sum(self._joins(key, account, live) for key in self._stack.models)
        leaving = sum(
            model.is_active is False and self._has_live(key, live)
            for key, model in self._stack.models.items()
        ) + sum(one.id in {m.id for m in live} for one in self._removed())
        told = over_limit(len(live), joining, leaving)
        if told:
            self._find(told, "models")
        else:
            total = len(live) + joining - leaving
            self._report.notes.append(f"{total} of {LIVE_LIMIT} live models, once this is up")

    def _joins(self, key: str, account: Mapping[str, Model], live: list[Model]) -> bool:
        declared = self._stack.models[key]
        way = way_of(declared.settings)
        adopted = account.get(declared.adopt or "")
        is_new = self._state.model(key) is None and (adopted is None or is_first_build(adopted))
        return joins(way, is_new=is_new, has_live=self._has_live(key, live))

    def _removed(self) -> Iterator[Resource]:
        """Yield what the state has, the file doesn't declare, and an `up` stops."""
        earlier = {model.was for model in self._stack.models.values()}
        for one in self._state.models:
            if one.is_leaving or one.key in {*self._stack.models, *earlier}:
                continue
            removal = self._stack.removed.get(one.key)
            said = removal.on_delete if removal else one.outputs.get("on_delete")
            if policy_of(said) != "retain":
                yield one

    def _has_live(self, key: str, live: list[Model]) -> bool:
        return any(self._is_of(key, model) for model in live)

    def _is_of(self, key: str, model: Model) -> bool:
        """Tell whether a model of the account is, or was, this declaration's."""
        declared, kept = self._stack.models[key], self._state.model(key)
        proof = proof_in(model.name)
        return (
            model.id in {declared.adopt, kept.id if kept else None}
            or (proof is not None and proof[0] in self._lineages[key])
            or (declared.name is not None and same_name(declared.name, model.name))
        )
