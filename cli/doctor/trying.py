"""What the doctor finds out with a small model that can't go live, and that it always removes."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cli.doctor.looking import Json, echo_of
from cli.doctor.probe import PROBE, got, leftovers, no_answer, remove, stop
from cli.doctor.report import Report
from cli.doctor.updating import Updating
from cli.screen.terminal import safe
from providers.lytics.api.answer import Answer
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.requests import Requests
from providers.lytics.api.settings import Settings
from providers.lytics.errors import LyticsError, RequestError

if TYPE_CHECKING:
    from providers.lytics.shapes import Model

LISTED_WITHIN_S = 60.0
POLL_S = 0.25
BUILD_POLL_S = 2.0


class Trying:
    """Makes a probe and asks with it.

    Args:
        settings: address, key and generation.
        client: speaks to the account.
        report: gets a check for each question.
        source: id of the segment to train from.
        target: id of the segment to train to.
    """

    def __init__(
        self, settings: Settings, client: LyticsClient, report: Report, source: str, target: str
    ) -> None:
        self._settings = settings
        self._client = client
        self._report = report
        self._requests = Requests(settings.api)
        self._name = f"{PROBE}{uuid4().hex[:8]}"
        self._payload: Json = {
            "name": self._name,
            "label": "lytics-ml doctor tries this account; it removes this model",
            "source": source,
            "target": target,
            "config": {"collect": 100, "build_only": True, "use_scores": True},
        }
        self._id = ""
        self._made: list[str] = []
        self._is_unsure = False

    def all(self, *, wait: bool) -> None:
        """Ask every question, and remove what was made, whatever happens."""
        try:
            self._ask(wait=wait)
        finally:
            ids = list(dict.fromkeys([*self._made, *self._unanswered()]))
            before = list(self._report.left)
            remove(self._client, self._report, ids)
            self._tell_delete(ids, before)

    def _unanswered(self) -> list[str]:
        """Return the ids of what was made by creates whose reply was lost, once they are listed."""
        end_s = monotonic() + (self._settings.settle_s if self._is_unsure else 0.0)
        while True:
            found = [one for one in leftovers(self._client) if one not in self._made]
            if found or monotonic() >= end_s:
                return found
            sleep(POLL_S)

    def _create(self) -> Answer:
        """Send a create, and note what it made, or that nobody knows."""
        self._is_unsure = True
        answer = self._client.answer(self._requests.create_model(self._payload))
        self._is_unsure = answer.is_fault
        data = answer.data
        if answer.is_good and isinstance(data, dict) and data.get("id"):
            self._made.append(str(data["id"]))
        return answer

    def _ask(self, *, wait: bool) -> None:
        started_s = monotonic()
        made = self._created()
        if made is None:
            return
        self._id = str(made["id"])
        self._name_altered(made)
        self._echo(made)
        self._active_early()
        self._summary_early()
        self._listed(started_s)
        self._same_name()
        Updating(self._settings, self._client, self._report, self._id).all()
        if wait:
            self._goes_live()

    # --- the questions ------------------------------------------------------------------------

    def _created(self) -> Json | None:
        question = "Can a model be made?"
        try:
            answer = self._create()
            found = answer.data if isinstance(answer.data, dict) else None
            if answer.is_good and found and found.get("id"):
                seen = f"yes, {answer.status}"
                self._report.add("create", question, seen, "up makes models in this way")
                return found
            seen = f"{answer.status}"
        except RequestError as exc:
            seen = exc.what
        found = self._found_after()
        if found is not None:
            seen = f"{safe(seen)}, and it was made all the same"
            self._report.add("create", question, seen, "up looks before it asks again")
            return found
        means = "no model can be trained; the other questions need one"
        self._report.add("create", question, safe(seen), means, safe=False)
        return None

    def _found_after(self) -> Json | None:
        """Look for a model whose create had no good reply, as long as the list may lag."""
        end_s = monotonic() + self._settings.settle_s
        while True:
            model = self._listed_now(lambda item: self._name in str(item.get("name", "")).lower())
            if model is not None or monotonic() >= end_s:
                return model
            sleep(POLL_S)

    def _listed_now(self, fits: Callable[[Json], bool]) -> Json | None:
        answer = got(self._client, self._requests.list_models())
        items = answer.data if answer is not None else None
        found = [i for i in items if isinstance(i, dict) and fits(i)] if items else []
        return found[0] if found else None

    def _name_altered(self, made: Mapping[str, Any]) -> None:
        question = "Does it keep the name that is sent?"
        sent, name = self._name, str(made.get("name", ""))
        how, text = "other", None
        if name == sent:
            how = "no"
        elif name.endswith(sent):
            how, text = "prefix", name.removesuffix(sent)
        elif name.startswith(sent):
            how, text = "suffix", name.removeprefix(sent)
        elif name == sent.lower():
            how = "lower"
        if how != "other":
            self._report.profile |= {"name_altered": how, "name_text": text}
        seen = {"no": "as it was sent", "lower": "in lower case"}.get(how, f"altered: {how}")
        seen += f" {safe(text, 20)!r}" if text else ""
        means = "audiences use the name that was declared"
        if how != "no":
            means = "models are known again all the same; audiences use the name that Lytics gave"
        self._report.add(
            "name-altered", question, seen, means, safe=True if how != "other" else None
        )

    def _echo(self, made: Json) -> None:
        how = echo_of(made)
        self._report.profile["config_echo"] = how
        means = "a model is compared with its declaration before it is taken up"
        if how != "full":
            means = "a model of a declared name is known again only in the run that made it"
        question = "Does a create tell the config that it was sent?"
        self._report.add("echo-after-create", question, how, means)

    def _is_building(self) -> bool:
        answer = got(self._client, Requests(self._settings.api).fetch_model(self._id))
        data = answer.data if answer is not None else None
        return isinstance(data, dict) and data.get("state") == "building"

    def _active_early(self) -> None:
        """Write is_active false: true could set a model live that never was to be."""
        question = "Is is_active taken while a model is built?"
        if not self._is_building():
            self._built_already("active-while-building", question)
            return
        answer = got(self._client, self._requests.update_model(self._id, {"is_active": False}))
        if answer is None:
            no_answer(self._report, "active-while-building", question)
            return
        how = "taken" if answer.is_good else "refused"
        self._report.profile["active_while_building"] = how
        means = "a removal stops a model that is being built"
        if how == "refused":
            means = "is_active waits until the model is built; up goes on then"
        seen = f"{answer.status}, {how}"
        self._report.add("active-while-building", question, seen, means)

    def _summary_early(self) -> None:
        question = "What is the summary while a model is built?"
        if not self._is_building():
            self._built_already("summary-while-building", question)
            return
        answer = got(self._client, self._requests.fetch_summary(self._id))
        if answer is None:
            no_answer(self._report, "summary-while-building", question)
            return
        how = _summary_of(answer)
        self._report.profile["summary_while_building"] = how
        means = "nothing is judged before a model is trained"
        is_known = True if how is not None else None
        seen = how or f"{answer.status}, and numbers"
        self._report.add("summary-while-building", question, seen, means, safe=is_known)

    def _listed(self, started_s: float) -> None:
        question = "How long until the list shows a new model?"
        first = True
        while monotonic() - started_s < LISTED_WITHIN_S:
            if self._listed_now(lambda item: item.get("id") == self._id) is not None:
                took_s = 0.0 if first else round(monotonic() - started_s, 1)
                self._report.profile["listed_after_s"] = took_s
                is_soon = took_s < self._settings.settle_s
                seen = "at once" if first else f"after {took_s:g} s"
                means = f"up looks for {self._settings.settle_s:g} s after a create"
                if not is_soon:
                    means += f": set lytics:settleSeconds to {took_s * 2:.0f}"
                self._report.add("listed-after", question, seen, means, safe=is_soon)
                return
            first = False
            sleep(POLL_S)
        seen = f"not within {LISTED_WITHIN_S:g} s"
        means = "a lost reply can't be settled: two models may be made of one declaration"
        self._report.add("listed-after", question, seen, means, safe=False)

    def _same_name(self) -> None:
        question = "What becomes of a second model of the same name?"
        answer: Answer | None
        try:
            answer = self._create()
        except RequestError:
            answer = None
        if answer is None or answer.is_fault:
            no_answer(self._report, "same-name", question)
            return
        data = answer.data if isinstance(answer.data, dict) else {}
        means = {
            "second": "up looks for a model of the name before it makes one",
            "refused": "replacing a model under a declared name needs another name",
            "renamed": "the name that Lytics gave is kept, and told",
            "same id": "one id belongs to one declaration; another one is refused",
        }
        how = "refused"
        if answer.is_good:
            same_name = data.get("name") == self._listed_name()
            how = "second" if same_name else "renamed"
            how = "same id" if data.get("id") == self._id else how
        self._report.profile["same_name"] = how
        self._report.add("same-name", question, f"{answer.status}, {how}", means[how])

    def _listed_name(self) -> object:
        answer = got(self._client, self._requests.fetch_model(self._id))
        data = answer.data if answer is not None else None
        return data.get("name") if isinstance(data, dict) else None

    def _goes_live(self) -> None:
        """Wait until the probe is trained; it was only to be built, so it must not go live."""
        question = "Does a model with build_only stay out of use when it is trained?"
        model: Model | None = None
        while model is None or model.state == "building":
            try:
                model = self._client.fetch_model(self._id)
            except LyticsError:
                model = None
                break
            if model is None:
                break
            if model.state == "building":
                sleep(BUILD_POLL_S)
        if model is None:
            no_answer(self._report, "goes-live-by-itself", question)
            return
        if model.is_active:
            stop(self._client, self._id)
            self._report.profile["goes_live_by_itself"] = True
        means = "gated and inactive models are built so"
        if model.is_active:
            means = "a gate can't hold a model back here: it went live and was stopped at once"
        seen = f"{'no, it went live' if model.is_active else 'yes'} ({safe(model.state, 20)})"
        is_safe = not model.is_active
        self._report.add("goes-live-by-itself", question, seen, means, safe=is_safe)

    def _tell_delete(self, ids: list[str], before: list[str]) -> None:
        if not ids:
            return
        failed = [one for one in self._report.left if one not in before]
        self._report.profile["delete"] = not failed
        seen, means = "yes", "on_delete: delete works; what was made here is gone"
        if failed:
            seen = "no"
            means = "use on_delete: deactivate; the probe stays, not live: delete it in Lytics"
        self._report.add("delete", "Can a model be deleted?", seen, means, safe=not failed)

    def _built_already(self, id_: str, question: str) -> None:
        means = "nothing can be said: the probe was built before it could be asked"
        self._report.add(id_, question, "built already", means, safe=None)


def _summary_of(answer: Answer) -> str | None:
    """Return what a summary of a building model is: 404, empty or zeros; None if it has numbers."""
    if answer.status == HTTPStatus.NOT_FOUND:
        return "404"
    data = answer.data if isinstance(answer.data, dict) else {}
    summary = data.get("summary") or {}
    values = [value for value in summary.values() if isinstance(value, int | float)]
    if not values:
        return "empty"
    return None if any(values) else "zeros"
