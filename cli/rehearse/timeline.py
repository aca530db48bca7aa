"""What a rehearsal came to: each write, what was live after it, and what is amiss. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.rehearse.rehearsal import Gap, Left, Moment, Peak, Rehearsal, Write
from cli.rehearse.scores import Gates
from cli.workspace.kinship import key_in
from cli.workspace.state import StackState
from providers.lytics.domain.audiences import Use, Uses
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.live.liveness import LIVE_LIMIT

Json = Mapping[str, Any]
_REFUSED = 400
# What `up` ends with (providers/lytics/program/ending/outcomes.py): gates, and all else.
_NOT_PASSED = re.compile(r"error: (\d+) models? did not pass")


@dataclass(frozen=True)
class Seen:
    """What was seen of one rehearsal.

    Attributes:
        gates: what new models scored.
        exit: the exit code of the `up`.
        output: all that it said.
        before: the state before it.
        after: the state after it.
        models_before: the account's models before it, as the sandbox keeps them.
        models_after: the same after it.
        log: the requests that wrote, as the sandbox logged them.
        second_log: those of the second `up`.
        declared: what the stack file declares.
        uses: who uses which score, None if that isn't known.
    """

    gates: Gates
    exit: int
    output: str
    before: StackState
    after: StackState
    models_before: Sequence[Json]
    models_after: Sequence[Json]
    log: Sequence[Json]
    second_log: Sequence[Json] = ()
    declared: Mapping[str, ModelDeclaration] = field(default_factory=dict)
    uses: Uses | None = None


def rehearsal_of(seen: Seen) -> Rehearsal:
    """Return what a rehearsal came to."""
    owners = _Owners(seen)
    writes = tuple(_write(at, entry, owners) for at, entry in enumerate(seen.log, start=1))
    live = tuple(_moments(seen, owners))
    errors = errors_in(seen.output) if seen.exit else ""
    return Rehearsal(
        gates=seen.gates,
        exit=seen.exit,
        as_declared=not seen.exit
        or (seen.gates != "pass" and _failed_by_gates_alone(seen, errors)),
        writes=writes,
        live=live,
        gaps=tuple(_gaps(live, seen.declared)),
        over_limit=tuple(_peaks(seen, writes, live, owners)),
        left_behind=tuple(_left(seen, owners)),
        losing=_losing(seen),
        second_up_writes=len(seen.second_log),
        errors=errors,
    )


class _Owners:
    """Which key a model belongs to."""

    def __init__(self, seen: Seen) -> None:
        renamed = {one.was: key for key, one in seen.declared.items() if one.was}
        self._by_id: dict[str, str] = {}
        for state in (seen.before, seen.after):
            for resource in state.models:
                self._by_id[resource.id] = renamed.get(resource.key, resource.key)
            for key, activation in state.activations.items():
                live_id = activation.outputs.get("live_model_id")
                if isinstance(live_id, str):
                    self._by_id.setdefault(live_id, renamed.get(key, key))
        self._by_name = {one.name: key for key, one in seen.declared.items() if one.name}
        known = {str(model["id"]) for model in seen.models_before}
        for model in seen.models_after:
            # A model that the rehearsal made is ours; one from before only if a state has it.
            if model["id"] not in known:
                self._by_id.setdefault(str(model["id"]), self.of_name(str(model["name"])))

    def of_name(self, name: str) -> str:
        return self._by_name.get(name) or key_in(name) or ""

    def of(self, model_id: object) -> str:
        return self._by_id.get(str(model_id), "")

    def grouped(self, ids: Iterable[str]) -> tuple[dict[str, tuple[str, ...]], int]:
        """Return live models by key, and how many are others'."""
        found: dict[str, tuple[str, ...]] = {}
        others = 0
        for model_id in ids:
            key = self.of(model_id)
            if key:
                found[key] = (*found.get(key, ()), model_id)
            else:
                others += 1
        return dict(sorted(found.items())), others


def _sent(entry: Json) -> dict[str, Any]:
    """Return what a request says, in its body or, as v2 does, in its query."""
    body = entry.get("body")
    if isinstance(body, dict):
        return body
    pairs = (pair.partition("=") for pair in str(entry.get("query") or "").split("&") if pair)
    words = {"true": True, "false": False}
    return {name: words.get(value, value) for name, _, value in pairs}


def _write(at: int, entry: Json, owners: _Owners) -> Write:
    sent, status = _sent(entry), int(entry.get("status") or 0)
    key = owners.of(entry.get("model")) or owners.of_name(str(sent.get("name") or ""))
    refused = status if status >= _REFUSED else 0
    what = ", ".join(_deeds(entry["method"], str(entry["path"]), sent)) or "changes nothing"
    return Write(
        at,
        str(entry["method"]),
        str(entry["path"]),
        key,
        f"{what}; refused: {refused}" if refused else what,
        refused,
        str(entry.get("model") or ""),
    )


def _deeds(method: str, path: str, sent: Json) -> Iterator[str]:
    if method == "DELETE":
        yield "deletes the model"
    elif path.endswith("/ml"):
        waits = bool((sent.get("config") or {}).get("build_only"))
        yield "trains a model, not to go live by itself" if waits else "trains a model, to go live"
    else:
        if "is_active" in sent:
            yield "sets it live" if sent["is_active"] else "stops it"
        if "label" in sent:
            yield "sets its label"
        if "hidden" in sent:
            yield "hides it" if sent["hidden"] else "shows it again"


def _moments(seen: Seen, owners: _Owners) -> Iterator[Moment]:
    first = [str(model["id"]) for model in seen.models_before if model["is_active"]]
    for after, entry in enumerate([{"live": first}, *seen.log]):
        live = entry.get("live") or []
        if after == len(seen.log) and after:
            # Models that go live by themselves do so after the last write too.
            live = [str(model["id"]) for model in seen.models_after if model["is_active"]]
        yield Moment(after, *owners.grouped(live))


def _gaps(live: Sequence[Moment], declared: Mapping[str, ModelDeclaration]) -> Iterator[Gap]:
    keys = sorted({key for moment in live for key in moment.keys})
    for key in keys:
        is_wanted = key in declared and declared[key].is_active is True
        begin: int | None = None
        was_live = False
        for moment in live:
            if key in moment.keys:
                if begin is not None:
                    yield Gap(key, begin, moment.after)
                begin, was_live = None, True
            elif was_live and begin is None:
                begin = moment.after
        if begin is not None and is_wanted:
            yield Gap(key, begin, None)


def _peaks(
    seen: Seen, writes: Sequence[Write], live: Sequence[Moment], owners: _Owners
) -> Iterator[Peak]:
    before = {str(model["id"]) for model in seen.models_before}
    waiting = {
        str(model["id"])
        for model in seen.models_after
        if model["id"] not in before
        and model["state"] == "complete"
        and not (model["is_active"] or model["stopped"] or model["config"]["build_only"])
    }
    for write, entry, moment in zip(writes, seen.log, live[1:], strict=True):
        wants_live = _sent(entry).get("is_active") is True and bool(write.refused)
        by_itself = write.method == "POST" and write.model_id in waiting
        if moment.live > LIVE_LIMIT:
            yield Peak(write.key, write.at, moment.live)
        elif (wants_live or by_itself) and moment.live >= LIVE_LIMIT:
            yield Peak(owners.of(write.model_id) or write.key, write.at, moment.live + 1)


def _left(seen: Seen, owners: _Owners) -> Iterator[Left]:
    before = {str(model["id"]) for model in seen.models_before}
    held = {resource.id for resource in seen.after.models}
    ours = {resource.id for resource in seen.before.models}
    for model in seen.models_after:
        model_id = str(model["id"])
        if model_id not in held and (model_id in ours or model_id not in before):
            yield Left(
                owners.of(model_id), model_id, str(model["name"]), live=bool(model["is_active"])
            )


def _losing(seen: Seen) -> dict[str, tuple[Use, ...]] | None:
    if seen.uses is None:
        return None

    def live(models: Sequence[Json]) -> dict[str, None]:
        return {_shown_name(model): None for model in models if model["is_active"]}

    still = live(seen.models_after)
    ended = [name for name in live(seen.models_before) if name not in still]
    return {name: users for name in ended if (users := seen.uses.of(name))}


def _shown_name(model: Json) -> str:
    return str((model.get("odd") or {}).get("name", model["name"]))


def _failed_by_gates_alone(seen: Seen, errors: str) -> bool:
    """Tell whether an `up` failed as it was meant to: because of its gates, and of nothing else."""
    failed = {
        key for key, one in seen.after.activations.items() if one.outputs.get("passed") is False
    }
    told = _NOT_PASSED.findall(errors)
    return bool(failed) and told == [str(len(failed))] and errors.count("error:") == 1


def errors_in(output: str) -> str:
    """Return what a user sees of what went wrong: the diagnostics at the end of an `up`."""
    lines = output.splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith("Diagnostics:")), None)
    if start is None:
        return output.strip()
    end = next(
        (at for at in range(start + 1, len(lines)) if lines[at] and not lines[at][0].isspace()),
        len(lines),
    )
    return "\n".join(line for line in lines[start + 1 : end]).strip("\n")
