"""What the doctor finds out without writing anything."""

import json
from collections import Counter
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from statistics import median
from time import time
from typing import Any, get_args

from cli.doctor.report import Report
from cli.errors import CliError
from cli.screen.terminal import count, safe
from cli.workspace.project import Project
from cli.workspace.pulumi import run_pulumi
from cli.workspace.rights import rights_of
from cli.workspace.state import StackState
from providers.lytics.api import protocol
from providers.lytics.api.account_profile import mark_of
from providers.lytics.api.answer import Answer
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.requests import Request, Requests
from providers.lytics.api.settings import Generation, Settings
from providers.lytics.domain.live.liveness import LIVE_LIMIT
from providers.lytics.errors import LyticsError, RequestError

# What the documents of both generations and recorded replies have.
FIELDS = {
    *("aid", "id", "name", "label", "state", "source", "target", "type", "is_healthy"),
    *("is_active", "created", "updated", "config", "reason", "error", "author_id", "work_ids"),
    *("hidden", "description", "additional_data", "account_id"),
}
CONFIG_FIELDS = {
    *("collect", "use_scores", "use_content", "build_only", "auto_tune", "tune_model", "re_run"),
    *("additional", "blocked", "model_type", "internal", "custom_segment_ids", "use_ent_store"),
}
STATES = {"complete", "completed", "building", "invalid"}
TYPES = {"", "rf", "gbm", "lr"}
APART_S = 30.0
"""Seconds that clocks may be apart: dates in states and logs can still be compared."""
MOST_NAMED = 8
Json = dict[str, Any]


class Looking:
    """Asks an account what it is, with GETs alone.

    Args:
        project: where the stack is.
        state: its state; models that it knows say which account it is.
        settings: address, key and generation.
        client: speaks to the account.
        report: gets a check for each question.
    """

    def __init__(
        self,
        project: Project,
        state: StackState,
        settings: Settings,
        client: LyticsClient,
        report: Report,
    ) -> None:
        self._project = project
        self._state = state
        self._settings = settings
        self._client = client
        self._report = report
        self._took_s: list[float] = []
        self._lists: dict[str, Answer | str] = {}
        self.models: list[Json] = []
        self.segments: list[Json] = []
        self.may_read = False

    def all(self) -> None:
        """Ask every question; one that can't be answered doesn't stop the others."""
        self._engine()
        self._how()
        for api in get_args(Generation):
            self._lists[api] = self._asked(Requests(api).list_models())
        chosen = self._lists[self._settings.api]
        if isinstance(chosen, Answer) and chosen.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            chosen = _words(chosen)  # Trouble of the API says nothing of the key.
        self.may_read = isinstance(chosen, Answer) and chosen.is_good
        if isinstance(chosen, Answer):
            self.models = _objects(chosen.data)
        audiences = self._asked(Requests(self._settings.api).list_segments())
        if isinstance(audiences, Answer) and audiences.is_good:
            self.segments = _objects(audiences.data)
        self._key(chosen)
        self._account()
        self._reads_models(chosen)
        self._reads_audiences(audiences)
        self._generations()
        self._latency()
        self._clock(chosen)
        self._models(chosen)
        self._live_slots()
        self._config_echo()
        self._unknown()

    def _asked(self, request: Request) -> Answer | str:
        """Return an answer, or why there is none."""
        try:
            answer = self._client.answer(request)
        except RequestError as exc:
            return exc.what
        self._took_s.append(answer.took_s)
        return answer

    def _engine(self) -> None:
        try:
            seen, is_there = f"pulumi {run_pulumi(self._project, 'version').strip()}", True
        except CliError as exc:
            seen, is_there = str(exc), False
        self._report.add(
            "engine",
            "Is the Pulumi engine there?",
            safe(seen),
            "bin/pulumi runs it" if is_there else "nothing can be applied until it is",
            safe=is_there,
        )

    def _how(self) -> None:
        settings = self._settings
        where = {
            name: settings.origins.get(name, "the default") for name in ("apiUrl", "api", "apiKey")
        }
        seen = (
            f"address {settings.api_url} from {where['apiUrl']}, API {settings.api} from "
            f"{where['api']}, key from {where['apiKey']}"
        )
        means = (
            f"lytics-ml waits {settings.reply_timeout_s:g} s for a reply, repeats a failed request "
            f"for {settings.patience_s:g} s, and looks for a new model for {settings.settle_s:g} s"
        )
        self._report.add("settings", "Which settings are used?", seen, means)

    def _key(self, chosen: Answer | str) -> None:
        question = "Is the key valid?"
        if isinstance(chosen, str):
            self._report.add("key", question, chosen, "nothing can be said", safe=None)
        elif chosen.status == HTTPStatus.UNAUTHORIZED:
            means = f"renew it in Lytics and set {self._settings.named('apiKey')}"
            self._report.add("key", question, "401, it isn't", means, safe=False)
        else:
            rights = rights_of(self._settings, self._client)
            known = "" if rights.may_write is None else f"; {rights}"
            means = "every request sends it"
            if rights.may_write is False:
                means += "; up needs one that may write, previews and drift don't"
            self._report.add("key", question, f"it is accepted{known}", means)

    def _account(self) -> None:
        question = "Whose account is it?"
        seen = next((o["aid"] for o in (*self.models, *self.segments) if o.get("aid")), None)
        known = {m.outputs.get("aid") for m in self._state.models} - {None}
        if isinstance(seen, int):
            self._report.profile["account"] = mark_of(seen)
        told = {"the state": next(iter(known), None), "lytics:accountId": self._settings.account_id}
        says = {source: int(float(str(aid))) for source, aid in told.items() if aid is not None}
        others = [source for source, aid in says.items() if aid != seen]
        if seen is None:
            means = "set lytics:accountId, so that a key of another account is refused"
            self._report.add(
                "account", question, "neither the key nor a model says so", means, safe=None
            )
        elif others:
            other = " and ".join(f"{source} says {says[source]}" for source in others)
            means = f"{other}: every command refuses this key"
            self._report.add("account", question, f"account {seen}", means, safe=False)
        else:
            source = " and ".join(says)
            means = f"as {source} says" if source else "the first up puts it into the state"
            self._report.add("account", question, f"account {seen}", means)

    def _reads_models(self, chosen: Answer | str) -> None:
        question = "May the key read models?"
        if isinstance(chosen, str):
            self._report.add("reads-models", question, chosen, "nothing can be said", safe=None)
            return
        seen = f"yes, {count(len(self.models), 'model')}" if self.may_read else _words(chosen)
        means = "up, drift and list need it"
        if not self.may_read:
            means += "; the key needs the permission View Lookalike Models"
        self._report.add("reads-models", question, seen, means, safe=self.may_read)

    def _reads_audiences(self, audiences: Answer | str) -> None:
        question = "May the key read audiences?"
        if isinstance(audiences, Answer) and audiences.is_good:
            seen = f"yes, {count(len(self.segments), 'audience')} of users"
            means = "segments can be named by slug, and what uses a model is known"
            self._report.add("reads-audiences", question, seen, means)
            return
        seen = audiences if isinstance(audiences, str) else _words(audiences)
        means = "name segments by id; which audiences use a model isn't known (Audience View)"
        self._report.add("reads-audiences", question, seen, means, safe=None)

    def _generations(self) -> None:
        served = [
            api for api, got in self._lists.items() if isinstance(got, Answer) and got.is_good
        ]
        seen = ", ".join(
            f"{api}: {got.status if isinstance(got, Answer) else got}"
            for api, got in self._lists.items()
        )
        if served:
            self._report.profile["api"] = "both" if len(served) > 1 else served[0]
        is_chosen = self._settings.api in served
        setting = self._settings.named("api")
        means = f"{self._settings.api} is used; {setting} chooses"
        if served and not is_chosen:
            means = f"{self._settings.api} is chosen and not served: set {setting} to {served[0]}"
        verdict = is_chosen if served else None
        question = "Which generations of the API answer?"
        self._report.add("generations", question, seen, means, safe=verdict)

    def _latency(self) -> None:
        question = "How quickly does it answer?"
        if not self._took_s:
            self._report.add("latency", question, "no answer", "nothing can be said", safe=None)
            return
        # The first request opens the connection as well.
        took_s = median(self._took_s[1:] or self._took_s)
        self._report.profile["latency_ms"] = round(took_s * 1000)
        means = f"lytics-ml waits up to {self._settings.reply_timeout_s:g} s for a reply"
        is_quick = took_s < self._settings.reply_timeout_s / 2
        seen = f"{took_s * 1000:.0f} ms, the median"
        self._report.add("latency", question, seen, means, safe=is_quick)

    def _clock(self, chosen: Answer | str) -> None:
        question = "Do the clocks agree?"
        date = chosen.headers.get("date", "") if isinstance(chosen, Answer) else ""
        try:
            apart_s = parsedate_to_datetime(date).timestamp() - time()
        except ValueError:
            means = "dates of Lytics and of this machine may not be comparable"
            self._report.add("clock", question, "the reply has no date", means, safe=None)
            return
        means = "dates of Lytics and of this machine can be compared"
        agrees = abs(apart_s) < APART_S
        if not agrees:
            means = "set this machine's clock: which of two models is older is judged by dates"
        self._report.add("clock", question, f"{abs(apart_s):.0f} s apart", means, safe=agrees)

    def _models(self, chosen: Answer | str) -> None:
        question = "How many models are there?"
        if not isinstance(chosen, Answer) or not self.may_read:
            self._report.add("models", question, "not seen", "nothing can be said", safe=None)
            return
        states = Counter(safe(model.get("state"), 20) for model in self.models)
        seen = f"{len(self.models)}: " + ", ".join(f"{n} {s}" for s, n in sorted(states.items()))
        try:
            request = Requests(self._settings.api).list_models()
            protocol.decipher(request, chosen.status, chosen.headers, chosen.body, time())
        except LyticsError as exc:
            self._report.add("models", question, safe(exc), "nothing is applied", safe=False)
            return
        seen = seen if self.models else "none"
        self._report.add("models", question, seen, "one list is read for all of them")

    def _live_slots(self) -> None:
        question = f"How many of the {LIVE_LIMIT} live models are there?"
        if not self.may_read:
            self._report.add("live-slots", question, "not seen", "nothing can be said", safe=None)
            return
        live = sum(model.get("is_active") is True for model in self.models)
        means = f"{LIVE_LIMIT - live} more can go live"
        if live >= LIVE_LIMIT:
            means = "no further model goes live; a swap needs swap: break_first"
        is_free = live < LIVE_LIMIT
        self._report.add("live-slots", question, f"{live} live", means, safe=is_free)

    def _config_echo(self) -> None:
        question = "Does the list tell how models were trained?"
        kinds = Counter(echo_of(model) for model in self.models)
        if not kinds:
            means = "a model of a declared name is known again only in the run that made it"
            self._report.add("config-echo", question, "no model to see", means, safe=None)
            return
        seen = (
            f"{kinds['full']} with their config, {kinds['zeroed']} with zeros in its place, "
            f"{kinds['none']} without"
        )
        means = "a model is compared with its declaration before it is taken up"
        if not kinds["full"]:
            means = "models of a declared name can't be proven: adopt takes them over"
        self._report.add("config-echo", question, seen, means)

    def _unknown(self) -> None:
        configs = [
            model["config"] for model in self.models if isinstance(model.get("config"), dict)
        ]
        fields = {name for model in self.models for name in model} - FIELDS
        fields |= {f"config.{name}" for config in configs for name in set(config) - CONFIG_FIELDS}
        fields_seen = _named(fields) or "none"
        question = "Which fields does it send that no document has?"
        is_known = True if self.models else None
        means = "lytics-ml ignores them and never changes them"
        self._report.add(
            "unknown-fields",
            question,
            fields_seen if self.models else "no model to see",
            means,
            safe=is_known,
        )
        states = {str(model.get("state", "")) for model in self.models} - STATES
        kinds = {f"type {model.get('type')}" for model in self.models} - {
            f"type {t}" for t in TYPES
        }
        kinds -= {"type None"}
        odd = states | kinds
        means = "a model in an unknown state counts as not trained, and up waits for it"
        self._report.add(
            "unknown-states",
            "Which states and types does it send that no document has?",
            (_named(odd) or "none") if self.models else "no model to see",
            means if states or not self.models else "every state is understood",
            safe=not states if self.models else None,
        )


def echo_of(model: Json) -> str:
    """Return how a model's config is reported: full, zeroed or none."""
    config = model.get("config")
    if not isinstance(config, dict) or not config:
        return "none"
    return "full" if config.get("collect") else "zeroed"


def _objects(data: object) -> list[Json]:
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def _named(names: set[str]) -> str:
    ordered = [safe(name, 40) for name in sorted(names)]
    more = f" and {len(ordered) - MOST_NAMED} more" if len(ordered) > MOST_NAMED else ""
    return ", ".join(ordered[:MOST_NAMED]) + more


def _words(answer: Answer) -> str:
    """Return a refusal in the API's words."""
    try:
        envelope = json.loads(answer.body)
        words = envelope.get("message") or envelope["errors"][0]["message"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        words = ""
    return safe(f"{answer.status} {words}".strip(), 120)
