"""Which updates of a model work, and whether they keep what they are sent."""

from uuid import uuid4

from cli.doctor.probe import got, no_answer
from cli.doctor.report import Report
from cli.screen.terminal import safe
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.requests import Request, Requests
from providers.lytics.api.settings import Settings

LABEL = "  Probe: 50 % & more #1 née  two "
_SILENT = object()


class Updating:
    """Changes the label of a probe in every way.

    Args:
        settings: address, key and generation.
        client: speaks to the account.
        report: gets a check for each question.
        model_id: the probe.
    """

    def __init__(
        self, settings: Settings, client: LyticsClient, report: Report, model_id: str
    ) -> None:
        self._settings = settings
        self._client = client
        self._report = report
        self._requests = Requests(settings.api)
        self._id = model_id

    def all(self) -> None:
        """Ask every question."""
        self._updates()
        self._label()

    def _updates(self) -> None:
        """Ask which of POST, PUT and a query changes a label; v2 documents PUT with a query."""
        path = self._requests.fetch_model(self._id).path
        is_v2 = self._settings.api == "v2"
        ways: dict[str, tuple[str, str, bool]] = {
            "update-post": ("POST", "Does POST update a model?", False),
            "update-put": ("PUT", "Does PUT update a model?", is_v2),
            "update-query": ("PUT", "Does an update read the query?", True),
        }
        for id_, (method, question, in_query) in ways.items():
            if is_v2 and method == "POST":
                self._report.add(id_, question, "not asked", "v2 documents PUT alone")
                continue
            label = f"{id_} {uuid4().hex[:6]}"
            sent = {"params": {"label": label}} if in_query else {"body": {"label": label}}
            answer = got(self._client, Request(method, path, **sent))  # type: ignore[arg-type]
            if answer is None:
                no_answer(self._report, id_, question)
                continue
            shown = self._shown_label()
            works = answer.is_good and shown == label
            self._report.profile[id_.replace("-", "_")] = works
            is_used = (method == "PUT") is is_v2
            means = "lytics-ml updates so" if is_used else "lytics-ml does without"
            if is_used and not works:
                other = "v1" if is_v2 else "v2"
                means = f"label and is_active can't be changed: set lytics:api to {other}"
            seen = f"yes, {answer.status}" if works else f"no, {answer.status}"
            self._report.add(id_, question, seen, means, safe=works or not is_used)

    def _shown_label(self) -> object:
        answer = got(self._client, self._requests.fetch_model(self._id))
        data = answer.data if answer is not None else None
        return data.get("label") if isinstance(data, dict) else _SILENT

    def _label(self) -> None:
        question = "Are labels kept as they are sent?"
        answer = got(self._client, self._requests.update_model(self._id, {"label": LABEL}))
        shown = self._shown_label()
        if answer is None or not answer.is_good or shown is _SILENT:
            no_answer(self._report, "label-altered", question)
            return
        is_altered = shown != LABEL
        self._report.profile["label_altered"] = is_altered
        means = "a label that is declared is the label that is shown"
        if is_altered:
            means = "declare labels without outer or double spaces, or every up writes them"
        seen = f"no, it became {safe(shown, 60)!r}" if is_altered else "yes"
        self._report.add("label-altered", question, seen, means, safe=not is_altered)
