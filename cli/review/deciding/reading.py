"""Makes a review of what a preview, the state and the API say. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from pydantic import ValidationError

from cli.review.change import Change, GatePart, Loss, Property, Review, Subject
from cli.review.deciding import effects, losses
from cli.review.deciding.holding import held_back
from cli.review.deciding.leftovers import left_over
from cli.review.deciding.notes import notes_on
from cli.review.deciding.properties import changed_properties, gate_differences, new_properties
from cli.review.deciding.subjects import subject_of
from cli.review.known import Known
from cli.review.plan import Plan, Step
from cli.review.words import Quoted, Words, words
from cli.workspace.state import StackState
from providers.lytics.domain.audiences import Use
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.fields import policy_of
from providers.lytics.domain.finding.creation import Account, Adopt, Refuse, TakeUp, decide
from providers.lytics.domain.finding.matching import Wanted
from providers.lytics.domain.live.gate import kept_gate
from providers.lytics.domain.live.judging import evaluate
from providers.lytics.domain.live.liveness import Way, is_first_build, joins, way_of
from providers.lytics.shapes import Model, Summary


def review_of(plan: Plan, known: Known) -> Review:
    """Return what a preview comes to."""
    steps = {**_unchanged(plan, known.state), **plan.models}
    changes = [c for c in (_Reader(plan, known, s).change() for s in steps.values()) if c]
    changes += left_over(known, steps, changes)
    changed = {change.key for change in changes}
    existing = sum(step.op != "create" for step in steps.values())
    return Review(
        stack=known.state.stack,
        changes=tuple(sorted(changes, key=lambda change: change.order)),
        existing=existing,
        unchanged=sum(key not in changed for key in steps),
        notes=tuple(notes_on(known, changes)),
        held_back=held_back(changes, known.state),
    )


def _unchanged(plan: Plan, state: StackState) -> dict[str, Step]:
    """Return the models that a preview without --show-sames leaves out."""
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
        if not one.is_leaving and one.key not in plan.told
    }


def ids_worth_asking(review: Review) -> list[str]:
    """Return the ids of the models whose numbers a reviewer wants."""
    subjects = [s for c in review.changes for s in (c.live, c.old, c.new) if s is not None]
    return list(dict.fromkeys(subject.id for subject in subjects))


def segments_of(step: Step) -> list[str]:
    """Return the ids of the segments that a new model is trained on, those that are known."""
    sides = (step.new.get(side) for side in ("source", "target"))
    return [side for side in sides if isinstance(side, str)]


class _Reader:
    """Reads what happens to one model."""

    def __init__(self, plan: Plan, known: Known, step: Step) -> None:
        self._known = known
        self._step = step
        self._activation = plan.activations.get(step.key)
        kept = known.state.activations.get(step.old_key or step.key)
        self._kept = dict(kept.outputs) if kept else {}
        if self._activation is not None and self._activation.old:
            self._kept = {**self._kept, **self._activation.old}

    def change(self) -> Change | None:
        """Return what happens, None if nothing does."""
        found = self._change()
        if found is None or self._step.op == "delete":
            return found
        has_live = found.live_today is not None
        is_new = self._step.op in {"create", "replace"} and found.new is None
        more = joins(way_of(self._step.new), is_new=is_new, has_live=has_live)
        sets_live = self._activation is not None and bool(self._activation.new.get("activate"))
        found = replace(found, joins=more, sets_live=sets_live)
        return self._swapped(found) if found.swaps else found

    def _swapped(self, found: Change) -> Change:
        """Return a change by which a model that is there already takes a live one's place."""
        live, old = found.live, found.old
        assert live is not None  # noqa: S101 - a swap has both
        assert old is not None  # noqa: S101 - as above
        ends = self._ends(live, old.name, is_trained=True)
        declared = self._step.new.get("name") is not None
        return replace(
            found,
            effects=(*found.effects, *effects.renaming(live, old.name, declared=declared)),
            left_behind=self._left_behind(live, old),
            loss=self._loss(live, ends),
        )

    def _change(self) -> Change | None:
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
        return subject_of(self._known, model_id, name, live=live)

    def _old(self) -> Subject:
        name = str(self._step.old.get("name") or "")
        kept = self._kept.get("live") if self._kept else self._step.old.get("live")
        known = self._known.account is None
        return self._subject(self._step.id, name, live=bool(kept) if known else False)

    def _live(self) -> Subject | None:
        """Return the model of this declaration that is live today: not always the state's."""
        before = self._kept.get("live_model_id")
        if isinstance(before, str) and before != self._step.id:
            found = self._subject(before, live=self._known.account is None)
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
        told = [*effects.coming_to(action, found), *self._becoming_live(inputs, found)]
        gate = self._activation.new.get("gate") if self._activation else None
        return Change(
            key=self._step.key,
            actions=(action,),
            properties=new_properties(self._step.new, self._listed_as(inputs, found), gate),
            new=new,
            effects=tuple(told),
            gate=self._gate(new, None),
            problems=(*problems, *(() if found else self._segment_problems())),
        )

    def _becoming_live(self, inputs: ModelInputs | None, found: Model | None) -> Iterator[Words]:
        """Say how the model of a new declaration becomes live: one that exists may be already."""
        if inputs is None or found is None or is_first_build(found):
            return effects.going_live(self._step.new, has_gate=self._has_gate)
        return effects.existing(found, inputs, has_gate=self._has_gate)

    def _listed_as(self, inputs: ModelInputs | None, found: Model | None) -> str | None:
        """Return the name by which audiences will find the score; None where it isn't known."""
        if found is not None:
            return found.name
        if inputs is None:
            return None
        return self._known.listed_as(Wanted(inputs).name)

    def _segment_problems(self) -> tuple[Words, ...]:
        """Return why nothing can be trained on what is declared."""
        wrong = (self._known.segment_problems.get(s) for s in segments_of(self._step))
        return tuple(words(Quoted(one)) for one in dict.fromkeys(filter(None, wrong)))

    def _replaced(self) -> Change:
        inputs, old, live = self._inputs(), self._old(), self._live()
        found, action, problems = self._come_to(inputs, "retrained")
        new = self._subject(found.id) if found else None
        name = self._listed_as(inputs, found)
        ends = self._ends(live, name)
        if name != (live or old).name and name is not None:
            said = (self._step.old.get("on_delete"), self._step.new.get("on_delete"))
            problems = (*problems, *self._deletion_problem(live or old, *said))
        # After a failed gate the model before is live still; going back comes to that very one.
        is_live_one = found is not None and live is not None and found.id == live.id
        if is_live_one and found is not None and inputs is not None:
            becoming = effects.existing(found, inputs, has_gate=self._has_gate)
        else:
            becoming = self._taking_over(live or old, live, name, found)
        told = [
            *effects.coming_to(action, found),
            *becoming,
            *effects.repointing(self._step.old, self._step.new),
        ]
        return Change(
            key=self._step.key,
            actions=self._with_renaming(action),
            properties=changed_properties(self._step),
            live=live,
            old=old,
            new=new,
            effects=tuple(told),
            gate=self._gate(new, live),
            left_behind=self._left_behind(None if is_live_one else live, old),
            problems=(*problems, *(() if found else self._segment_problems())),
            loss=self._loss(live, ends),
            uses=self._users(live or old),
            source=self._source(),
        )

    def _taking_over(
        self, before: Subject, live: Subject | None, name: str | None, found: Model | None
    ) -> Iterator[Words]:
        """Say what becomes of the model before, and of the key under which its score is found."""
        yield from effects.replacing(
            live,
            self._step.new,
            self._policy,
            has_gate=self._has_gate,
            is_trained=found is not None and not is_first_build(found),
        )
        declared = self._step.new.get("name") is not None
        yield from effects.renaming(before, name, declared=declared)

    def _ends(
        self, live: Subject | None, name: str | None, *, is_trained: bool = False
    ) -> tuple[Words, Words] | None:
        step, keep = self._step, self._known.to_send(live.name if live else "")
        return losses.by_replacement(
            step.key, live, name, step.new, self._policy, keep=keep, is_trained=is_trained
        )

    def _loss(self, live: Subject | None, ends: tuple[Words, Words] | None) -> Loss | None:
        known, key = self._known, self._step.key
        return losses.loss(live, ends, known.uses, known.account, known.excepted.get(key, ""))

    def _deletion_problem(self, subject: Subject, *on_delete: object) -> tuple[Words, ...]:
        known = self._known
        return losses.deletion_problem(subject, on_delete, known.uses, known.account)

    def _users(self, subject: Subject | None) -> tuple[Use, ...]:
        uses = self._known.uses
        return uses.of(subject.name) if uses is not None and subject is not None else ()

    def _source(self) -> str:
        declared = self._step.new or self._step.old
        return str(declared.get("source_name") or declared.get("source") or "")

    @property
    def _has_gate(self) -> bool:
        """Whether a gate decides; the state knows it of an activation that the plan leaves out."""
        declared = self._activation.new if self._activation else self._kept
        return kept_gate(declared.get("gate")) is not None

    @property
    def _policy(self) -> str:
        return policy_of(self._step.old.get("on_delete"))

    def _left_behind(self, live: Subject | None, old: Subject) -> Words:
        way = way_of(self._step.new)
        if live and self._policy != "retain" and way.is_set_live_by_nobody:
            return ()
        return effects.left_behind(
            live or old,
            self._policy,
            can_delete=self._known.can_delete,
            is_swapped=way is Way.SWAP,
        )

    def _removed(self) -> Change:
        old, live = self._old(), self._live()
        declared = self._known.removals.get(self._step.key)
        policy = policy_of(declared) if declared else self._policy
        return Change(
            key=self._step.key,
            actions=("removed",),
            live=live,
            old=old,
            effects=(self._why_removed(), *effects.removing(live or old, policy)),
            left_behind=effects.left_behind(live or old, policy, can_delete=self._known.can_delete),
            problems=self._deletion_problem(
                live or old, declared or self._step.old.get("on_delete")
            ),
            loss=self._loss(live, (words("is removed"), ()) if policy != "retain" else None),
            uses=self._users(live or old),
            source=self._source(),
        )

    def _why_removed(self) -> Words:
        file, key = Quoted(self._known.file or "the stack file"), self._step.key
        if key in self._known.removals:
            return words(file, " lets it go, under ", Quoted(f"removed.{key}"))
        return words(file, " doesn't declare it any more")

    def _updated(self) -> Change | None:
        properties = changed_properties(self._step)
        old, live = (self._old(), self._live()) if self._step.id else (None, None)
        actions = list(self._in_place(properties))
        actions += [] if not self._is_renamed() else ["renamed"]
        is_judged = self._activation is not None and self._activation.op in {"update", "create"}
        if is_judged:
            actions += self._judged(old)
            assert self._activation is not None  # noqa: S101 - told by is_judged
            properties = (
                *properties,
                *gate_differences(self._activation.old.get("gate"), self._activation.new),
            )
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
        account, step = self._known.account, self._step
        if inputs is None or account is None:
            return None, "adopted" if step.new.get("adopt") and not step.id else otherwise, ()
        kept = str(step.old.get("lineage") or inputs.lineage)
        wanted = Wanted(
            inputs.model_copy(update={"lineage": kept}),
            {step.id} if step.id else set(),
            step.old.get("trained") or {},
            account,
        )
        match decide(wanted, Account(account, self._known.names, self._known.holdings)):
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

    def _gate(self, new: Subject | None, live: Subject | None) -> tuple[GatePart, ...]:
        gate = kept_gate(self._activation.new.get("gate")) if self._activation else None
        if gate is None:
            return ()
        summaries = self._known.summaries
        summary = summaries.get(new.id) if new else None
        # Going back is a decision: what was live before needn't beat what replaced it.
        is_return = new is not None and new.id in (self._kept.get("earned") or [])
        is_other = live is not None and not is_return and (new is None or live.id != new.id)
        current = summaries.get(live.id) if live is not None and is_other else None
        verdict = evaluate(gate, summary or Summary(), current)
        if summary is not None:
            return tuple(GatePart(p.number, p.wanted, p.measured, p.passed) for p in verdict.parts)
        return tuple(GatePart(p.number, p.wanted) for p in verdict.parts)


def with_limits(review: Review, refused: tuple[Words, ...], *, forced: bool) -> Review:
    """Return a review with what the limits say of it."""
    return replace(review, refusals=refused, forced=forced)
