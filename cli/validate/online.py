"""What only the API can tell of a stack file: segments, limit of live models, adopted ids."""

from collections.abc import Iterator, Mapping

from cli.audiences.ask import ask_for_audiences
from cli.edit.places import Places
from cli.errors import CliError
from cli.rules.check import Asked, judge_account
from cli.validate.validation import Finding, Report, take_verdict
from cli.workspace.account import client_of
from cli.workspace.project import Project, shown
from cli.workspace.segments import fault_of
from providers.lytics.api.client import LyticsClient
from providers.lytics.domain.identity import lineages_of, proof_in, same_name
from providers.lytics.domain.liveness import LIVE_LIMIT
from providers.lytics.domain.rulebook import OF_ACCOUNT
from providers.lytics.errors import LyticsError
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import Stack
from providers.lytics.stack_file.rules_file import rules_of


def check_online(project: Project, report: Report) -> None:
    """Add to a report what the API says about a stack; a file with mistakes isn't asked about.

    Args:
        project: where the stack is.
        report: of its file; findings, notes and what could not be checked are added.
    """
    if report.stack is None:
        report.unchecked.append("the API wasn't asked, because the file has mistakes")
        return
    try:
        with client_of(project, report.name) as client:
            _Check(project, report, report.stack, client).all()
    except (CliError, LyticsError) as exc:
        report.unchecked.append(str(exc))


class _Check:
    """The checks of one stack against its account."""

    def __init__(
        self, project: Project, report: Report, stack: Stack, client: LyticsClient
    ) -> None:
        self._project = project
        self._report = report
        self._stack = stack
        self._client = client
        self._places = Places(report.path)
        self._lineages = {key: lineages_of(project.name, report.name, key) for key in stack.models}

    def all(self) -> None:
        """Run every check; what fails in one of them keeps the others from nothing."""
        for check in (self._segments, self._account, self._rules):
            try:
                check()
            except LyticsError as exc:
                self._report.unchecked.append(str(exc))

    def _find(self, what: str, *place: str) -> None:
        line, column = self._places.find(*place)
        path = shown(self._report.path)
        self._report.findings.append(Finding(path, f"{'.'.join(place)}: {what}", line, column))

    # --- segments ---------------------------------------------------------------------------

    def _segments(self) -> None:
        places = list(self._references())
        wanted = {reference for _, reference in places}
        faults = fault_of(self._client, self._client.list_segments(), wanted)
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

    def _rules(self) -> None:
        """Check the rules for which the account is asked."""
        if not rules_of(self._stack).needs & OF_ACCOUNT:
            return
        asked = Asked(tuple(self._client.list_models()), ask_for_audiences(self._client).uses)
        judged = judge_account(self._project, self._stack, asked)
        take_verdict(self._report, judged.verdict)
        self._report.unchecked += judged.notes

    def _account(self) -> None:
        account = {model.id: model for model in self._client.list_models()}
        for key, model in self._stack.models.items():
            if model.adopt is None or model.adopt in account:
                continue
            # A replacement may have retired the adopted model since; its id stays in the file.
            if not any(self._is_of(key, other) for other in account.values()):
                self._find(f"the account has no model {model.adopt}", "models", key, "adopt")
        self._live_limit(account)

    def _is_of(self, key: str, model: Model) -> bool:
        """Tell whether a model of the account is, or was, this declaration's."""
        declared = self._stack.models[key]
        proof = proof_in(model.name)
        return (
            model.id == declared.adopt
            or (proof is not None and proof[0] in self._lineages[key])
            or (declared.name is not None and same_name(declared.name, model.name))
        )

    def _live_limit(self, account: Mapping[str, Model]) -> None:
        live = [model for model in account.values() if model.is_active]
        joining, leaving = self._wanting_live(live, wanted=True), self._wanting_live(live)
        total = len(live) + len(joining) - len(leaving)
        if total > LIVE_LIMIT:
            what = (
                f"{len(live)} models of the account are live, {len(joining)} declared here are to "
                f"be and {len(leaving)} no longer: {total}, and Lytics allows {LIVE_LIMIT}"
            )
            self._find(what, "models")
        else:
            self._report.notes.append(f"{total} of {LIVE_LIMIT} live models, once this is up")

    def _wanting_live(self, live: list[Model], *, wanted: bool = False) -> list[str]:
        """Return who is to go live and isn't, or is to leave and is live."""
        return [
            key
            for key, model in self._stack.models.items()
            if model.is_active is wanted and self._has_live(key, live) is not wanted
        ]

    def _has_live(self, key: str, live: list[Model]) -> bool:
        return any(self._is_of(key, model) for model in live)
