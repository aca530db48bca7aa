"""Makes a review of what a preview, the state and the API say. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from cli.audiences.ask import Audiences
from cli.drift.compare import Drift
from cli.review import effects, losses
from cli.review.change import Change, GatePart, Loss, Numbers, Property, Review, Subject
from cli.review.plan import Plan, Step
from cli.review.words import Quoted, Words, words
from cli.screen.markdown import plain
from cli.workspace.state import StackState
from providers.lytics.domain.audiences import Use, Uses
from providers.lytics.domain.creation import Account, Adopt, Refuse, TakeUp, decide
from providers.lytics.domain.declaration import ModelInputs, policy_of
from providers.lytics.domain.diff import Difference, Unknown, config_differences, differ
from providers.lytics.domain.gate import Gate, kept_gate
from providers.lytics.domain.identity import NameIndex, normalised_config
from providers.lytics.domain.judging import evaluate, scores_of
from providers.lytics.domain.liveness import LIVE_LIMIT
from providers.lytics.domain.matching import Wanted
from providers.lytics.domain.ownership import Holding
from providers.lytics.domain.rulebook import LOSES_SCORES
from providers.lytics.errors import ConflictError
from providers.lytics.shapes import Model, Summary

MOST_FEATURES = 8


@dataclass(frozen=True)
class Facts:
    """What is known besides the preview.

    Attributes:
        state: the stack's state.
        account: the account's models by id; None if the API wasn't asked or didn't answer.
        summaries: numbers of models, by id.
        removals: how the stack file lets models go that it no longer declares.
        why_unknown: why the API wasn't asked, "" if it was.
        audiences: who uses the account's models.
        excepted: by key, why a change may leave audiences without scores.
        drifts: what somebody changed in Lytics since the last `up`.
        holdings: asks which models the states of the project's stacks have.
    """

    state: StackState
    account: Mapping[str, Model] | None = None
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    removals: Mapping[str, str] = field(default_factory=dict)
    why_unknown: str = ""
    audiences: Audiences = field(default_factory=Audiences)
    excepted: Mapping[str, str] = field(default_factory=dict)
    drifts: tuple[Drift, ...] = ()
    holdings: Callable[[], Iterable[Holding]] = tuple

    @property
    def uses(self) -> Uses | None:
        """Who uses which model; None if that isn't known."""
        return self.audiences.uses

    @cached_property
    def names(self) -> NameIndex:
        """Finds the account's models by name."""
        return NameIndex((model.id, model.name) for model in (self.account or {}).values())


def review_of(plan: Plan, facts: Facts) -> Review:
    """Return what a preview comes to."""
    steps = {**_unchanged(plan, facts.state), **plan.models}
    changes = [c for c in (_Reader(plan, facts, s).change() for s in steps.values()) if c]
    changed = {change.key for change in changes}
    existing = sum(step.op != "create" for step in steps.values())
    return Review(
        stack=facts.state.stack,
        changes=tuple(sorted(changes, key=lambda change: change.order)),
        existing=existing,
        unchanged=sum(key not in changed for key in steps),
        notes=tuple(_notes(facts, changes)),
    )


def _unchanged(plan: Plan, state: StackState) -> dict[str, Step]:
    """Return the models that a preview without --show-sames leaves out."""
    told = {key for step in plan.models.values() for key in (step.key, step.old_key)}
    return {
        one.key: Step(
            "same",
            one.key,
            one.key,
            one.id,
            one.outputs,
            {
                name: value
                for name, value in one.outputs.items()
                if name in ModelInputs.model_fields
            },
        )
        for one in state.models
        if not one.is_leaving and one.key not in told
    }


def ids_worth_asking(review: Review) -> list[str]:
    """Return the ids of the models whose numbers a reviewer wants."""
    subjects = [s for c in review.changes for s in (c.live, c.old, c.new) if s is not None]
    return list(dict.fromkeys(subject.id for subject in subjects))


def _notes(facts: Facts, changes: list[Change]) -> Iterator[Words]:
    if facts.account is None:
        yield words("Live models and scores aren't known: ", Quoted(facts.why_unknown))
    else:
        live = sum(model.is_active for model in facts.account.values())
        joining = sum(
            change.live is None and effects.goes_live(change.actions, change.effects)
            for change in changes
        )
        if live + joining > LIVE_LIMIT:
            yield words(
                f"{live} models of the account are live and {joining} more are to be; "
                f"Lytics allows {LIVE_LIMIT}"
            )
        yield from _notes_on_audiences(facts, changes)
    for drift in facts.drifts:
        yield words(
            "Changed in Lytics since the last up: ",
            Quoted(drift.key),
            f", {drift.property}: ",
            Quoted(drift.declared),
            " is ",
            Quoted(drift.actual),
            f"; {drift.advice}",
        )
    for resource in facts.state.models:
        if resource.is_leaving:
            yield words(
                "Model ",
                Quoted(resource.id),
                " of ",
                Quoted(resource.key),
                " was replaced earlier and leaves once its successor is in place",
            )
    if facts.state.pending:
        yield words("An interrupted run left something over: run lytics-ml recover first")


def _notes_on_audiences(facts: Facts, changes: list[Change]) -> Iterator[Words]:
    """Say what isn't known of audiences, and which exceptions nothing needs."""
    if facts.audiences.why_unknown:
        yield words(Quoted(facts.audiences.why_unknown))
    unread = facts.uses.unread if facts.uses else ()
    if unread and any(change.touches_live for change in changes):
        yield words(
            f"{len(unread)} audiences can't be read, and may use these models too: ",
            Quoted("lytics-ml audiences"),
            " names them",
        )
    losing = {change.key for change in changes if change.loss is not None}
    for key in facts.excepted:
        if key not in losing and facts.uses is not None:
            yield words(
                Quoted(key),
                f" is excepted from {LOSES_SCORES}, and no audience loses by this change: take "
                "the exception out",
            )


class _Reader:
    """Reads what happens to one model."""

    def __init__(self, plan: Plan, facts: Facts, step: Step) -> None:
        self._facts = facts
        self._step = step
        self._activation = plan.activations.get(step.key)
        kept = facts.state.activations.get(step.old_key or step.key)
        self._kept = dict(kept.outputs) if kept else {}
        if self._activation is not None and self._activation.old:
            self._kept = {**self._kept, **self._activation.old}

    def change(self) -> Change | None:
        """Return what happens, None if nothing does."""
        match self._step.op:
            case "create":
                return self._created()
            case "delete":
                return self._removed()
            case "replace":
                return self._replaced()
        return self._updated()

    # --- what there is ----------------------------------------------------------------------

    def _subject(self, model_id: str, name: str = "", *, live: bool | None = None) -> Subject:
        model = (self._facts.account or {}).get(model_id)
        summary = self._facts.summaries.get(model_id)
        numbers = _numbers(summary) if summary is not None else None
        if model is not None:
            return Subject(model_id, model.name, model.is_active, numbers)
        return Subject(model_id, name, live, numbers)

    def _old(self) -> Subject:
        name = str(self._step.old.get("name") or "")
        kept = self._kept.get("live") if self._kept else self._step.old.get("live")
        known = self._facts.account is None
        return self._subject(self._step.id, name, live=bool(kept) if known else False)

    def _live(self) -> Subject | None:
        """Return the model of this declaration that is live today: not always the state's."""
        before = self._kept.get("live_model_id")
        if isinstance(before, str) and before != self._step.id:
            found = self._subject(before, live=self._facts.account is None)
            if found.live:
                return found
        old = self._old() if self._step.id else None
        return old if old is not None and old.live else None

    def _inputs(self) -> ModelInputs | None:
        """Return what is declared, None while something of it isn't known."""
        try:
            return ModelInputs.model_validate(dict(self._step.new))
        except ValidationError:
            return None

    # --- what happens -----------------------------------------------------------------------

    def _created(self) -> Change:
        inputs = self._inputs()
        found, action, problems = self._come_to(inputs, "created")
        new = self._subject(found.id) if found else None
        told = [*effects.coming_to(action, found), *effects.going_live(self._step.new)]
        return Change(
            key=self._step.key,
            actions=(action,),
            new=new,
            effects=tuple(told),
            gate=self._gate(new, None),
            problems=problems,
        )

    def _replaced(self) -> Change:
        inputs, old, live = self._inputs(), self._old(), self._live()
        found, action, problems = self._come_to(inputs, "retrained")
        new = self._subject(found.id) if found else None
        name = found.name if found else Wanted(inputs).name if inputs else None
        ends = losses.by_replacement(self._step.key, live, name, self._step.new, self._policy)
        if name != (live or old).name and name is not None:
            said = (self._step.old.get("on_delete"), self._step.new.get("on_delete"))
            problems = (*problems, *self._deletion_problem(live or old, *said))
        told = [
            *effects.coming_to(action, found),
            *effects.replacing(live, self._step.new, self._policy),
            *effects.renaming(live or old, name, declared=self._step.new.get("name") is not None),
            *effects.repointing(self._step.old, self._step.new),
        ]
        return Change(
            key=self._step.key,
            actions=self._with_renaming(action),
            properties=self._properties(),
            live=live,
            old=old,
            new=new,
            effects=tuple(told),
            gate=self._gate(new, live),
            left_behind=self._left_behind(live, old),
            problems=problems,
            loss=self._loss(live, ends),
            uses=self._users(live or old),
            source=self._source(),
        )

    def _loss(self, live: Subject | None, ends: tuple[Words, Words] | None) -> Loss | None:
        facts, key = self._facts, self._step.key
        return losses.loss(live, ends, facts.uses, facts.account, facts.excepted.get(key, ""))

    def _deletion_problem(self, subject: Subject, *on_delete: object) -> tuple[Words, ...]:
        facts = self._facts
        return losses.deletion_problem(subject, on_delete, facts.uses, facts.account)

    def _users(self, subject: Subject | None) -> tuple[Use, ...]:
        uses = self._facts.uses
        return uses.of(subject.name) if uses is not None and subject is not None else ()

    def _source(self) -> str:
        declared = self._step.new or self._step.old
        return str(declared.get("source_name") or declared.get("source") or "")

    @property
    def _policy(self) -> str:
        return policy_of(self._step.old.get("on_delete"))

    def _left_behind(self, live: Subject | None, old: Subject) -> Words:
        if live and self._policy != "retain" and effects.is_set_live_by_nobody(self._step.new):
            return ()
        return effects.left_behind(live or old, self._policy)

    def _removed(self) -> Change:
        old, live = self._old(), self._live()
        declared = self._facts.removals.get(self._step.key)
        policy = policy_of(declared) if declared else self._policy
        return Change(
            key=self._step.key,
            actions=("removed",),
            live=live,
            old=old,
            effects=tuple(effects.removing(live or old, policy)),
            left_behind=effects.left_behind(live or old, policy),
            problems=self._deletion_problem(
                live or old, declared or self._step.old.get("on_delete")
            ),
            loss=self._loss(live, (words("is removed"), ()) if policy != "retain" else None),
            uses=self._users(live or old),
            source=self._source(),
        )

    def _updated(self) -> Change | None:
        properties = self._properties()
        old, live = (self._old(), self._live()) if self._step.id else (None, None)
        actions = list(self._in_place(properties))
        actions += [] if not self._is_renamed() else ["renamed"]
        is_judged = self._activation is not None and self._activation.op in {"update", "create"}
        if is_judged:
            actions += self._judged(old)
            properties = (*properties, *self._gate_property())
        if not actions:
            return None
        told = [
            *effects.in_place(actions, old),
            *effects.repointing(self._step.old, self._step.new),
        ]
        gate = self._gate(old, live if live != old else None) if is_judged else ()
        stops = "deactivated" in actions
        return Change(
            key=self._step.key,
            actions=tuple(dict.fromkeys(actions)),
            properties=properties,
            live=live,
            old=old,
            new=old if is_judged and live != old else None,
            effects=tuple(told),
            gate=gate,
            loss=self._loss(live, (words("is stopped"), ()) if stops else None),
            uses=self._users(live or old),
            source=self._source(),
        )

    def _come_to(
        self, inputs: ModelInputs | None, otherwise: str
    ) -> tuple[Model | None, str, tuple[Words, ...]]:
        """Tell which model of the account a create comes to, and what that is called."""
        account, step = self._facts.account, self._step
        if inputs is None or account is None:
            return None, "adopted" if step.new.get("adopt") and not step.id else otherwise, ()
        kept = str(step.old.get("lineage") or inputs.lineage)
        wanted = Wanted(
            inputs.model_copy(update={"lineage": kept}),
            {step.id} if step.id else set(),
            step.old.get("trained") or {},
            account,
        )
        match decide(wanted, Account(account, self._facts.names, self._facts.holdings)):
            case Adopt(model=model):
                return model, "adopted", ()
            case TakeUp(model=model):
                return model, "taken up again", ()
            case Refuse(title=title, reasons=reasons):
                adopted = account.get(inputs.adopt or "")
                told = tuple(words(Quoted(one)) for one in reasons or (title,))
                return adopted, "adopted" if reasons else otherwise, told
        return None, otherwise, ()

    def _is_renamed(self) -> bool:
        return bool(self._step.old_key) and self._step.old_key != self._step.key

    def _with_renaming(self, action: str) -> tuple[str, ...]:
        return (action, "renamed") if self._is_renamed() else (action,)

    def _in_place(self, properties: tuple[Property, ...]) -> Iterator[str]:
        names = {one.name for one in properties}
        if self._step.op == "same":
            return
        if "label" in names:
            yield "relabelled"
        if "is_active" in names:
            yield "activated" if self._step.new.get("is_active") else "deactivated"
        if names - {"label", "is_active"}:
            yield "settings"

    def _judged(self, old: Subject | None) -> list[str]:
        """Tell what an activation that runs does: judge by another gate, or put it live again."""
        assert self._activation is not None  # noqa: S101 - the caller has looked
        kept, new = self._activation.old, self._activation.new
        gate_changed = kept_gate(kept.get("gate")) != kept_gate(new.get("gate"))
        stopped = bool(kept.get("passed")) and old is not None and old.live is False
        if stopped and not gate_changed and new.get("activate"):
            return ["activated"]
        return ["judged again"]

    def _gate_property(self) -> Iterator[Property]:
        assert self._activation is not None  # noqa: S101 - the caller has looked
        old = kept_gate(self._activation.old.get("gate"))
        new = kept_gate(self._activation.new.get("gate"))
        for name in Gate.model_fields:
            before, after = getattr(old, name, None), getattr(new, name, None)
            if before != after:
                yield Property(f"gate.{name}", _bound(before), _bound(after))

    def _gate(self, new: Subject | None, live: Subject | None) -> tuple[GatePart, ...]:
        gate = kept_gate(self._activation.new.get("gate")) if self._activation else None
        if gate is None:
            return ()
        summaries = self._facts.summaries
        summary = summaries.get(new.id) if new else None
        current = summaries.get(live.id) if live and (not new or live.id != new.id) else None
        verdict = evaluate(gate, summary or Summary(), current)
        if summary is not None:
            return tuple(GatePart(p.number, p.wanted, p.measured, p.passed) for p in verdict.parts)
        return tuple(GatePart(p.number, p.wanted) for p in verdict.parts)

    # --- why --------------------------------------------------------------------------------

    def _properties(self) -> tuple[Property, ...]:
        step = self._step
        if step.op in {"create", "delete", "same"}:
            return ()
        try:
            found = differ(step.id, step.old, step.new)
        except ConflictError:
            found = Difference()
        return tuple(_properties(found, step.old, step.new))


_GOING_LIVE = {
    None: "by itself or as is_active says",
    "swap": "once it is trained and passes",
    "observe": "never, it is only judged",
}


def _properties(
    found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Property]:
    for name in (*found.replaces, *found.writes, *found.settings):
        if name == "key":
            continue  # That it is renamed is told already.
        retrains = name in found.replaces
        if name == "config":
            yield from _config_properties(old, new)
        elif name in {"source", "target"}:
            was, becomes = (
                _segment(side.get(f"{name}_name"), side.get(name)) for side in (old, new)
            )
            yield Property(name, was, becomes, retrains)
        elif name in {"source_name", "target_name"}:
            if name.removesuffix("_name") not in found.replaces:
                yield Property(name, plain(old.get(name)), plain(new.get(name)))
        elif name == "activation":
            was, becomes = (_GOING_LIVE[side.get(name)] for side in (old, new))
            yield Property("going live", was, becomes)
        else:
            yield Property(name, plain(old.get(name)), plain(new.get(name)), retrains)


def _config_properties(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Property]:
    before, after = old.get("config"), new.get("config")
    reported = old.get("reported_config") or {}
    was, becomes = normalised_config(before), normalised_config(after)
    for name in config_differences(before, after, reported):
        old_value = was.get(name, reported.get(name))
        yield Property(f"config.{name}", plain(old_value), plain(becomes.get(name)), retrains=True)


def _segment(spelling: object, segment_id: object) -> str:
    if isinstance(segment_id, Unknown):
        return f"{spelling} (not looked up)"
    return f"{spelling} ({str(segment_id)[:8]}…)" if spelling else plain(segment_id)


def _bound(value: object) -> str:
    if hasattr(value, "model_dump"):
        return plain({k: v for k, v in value.model_dump().items() if v is not None})
    return plain(value)


def _numbers(summary: Summary) -> Numbers:
    ranked = sorted(summary.features, key=lambda feature: -(feature.importance or 0.0))
    return Numbers(
        scores=scores_of(summary),
        features=tuple((f.name, f.importance or 0.0) for f in ranked[:MOST_FEATURES]),
    )


def with_limits(review: Review, refused: tuple[Words, ...], *, forced: bool) -> Review:
    """Return a review with what the limits say of it."""
    return replace(review, refusals=refused, forced=forced)
