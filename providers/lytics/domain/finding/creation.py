"""What a create comes to: a model is adopted, taken up, trained, or none for a reason. Pure.

The provider acts on it; the preview, the review and `recover` report it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.finding.matching import Wanted, contradictions, likely, matches
from providers.lytics.domain.finding.ownership import Holding, Others
from providers.lytics.domain.identity import (
    NameIndex,
    forms,
    lives,
    normalised_config,
    proof_in,
    same_name,
)
from providers.lytics.errors import ConflictError
from providers.lytics.pages import page
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Account:
    """What a create can know of an account, and of the stacks that have its models.

    Attributes:
        models: the account's models by id.
        names: finds them by name.
        holdings: asks which models the states of the project's stacks have; only asked where an
            existing model may be meant.
        in_use: the key of the resource that has come to a model in this run, None if none has.
    """

    models: Mapping[str, Model]
    names: NameIndex
    holdings: Callable[[], Iterable[Holding]] = tuple
    in_use: Callable[[str], str | None] = field(default=lambda _id: None)


@dataclass(frozen=True)
class Adopt:
    """The model that `adopt` names is taken over."""

    wanted: Wanted
    model: Model


@dataclass(frozen=True)
class TakeUp:
    """A model that was trained for these very inputs, by this declaration, is used again."""

    wanted: Wanted
    model: Model


@dataclass(frozen=True)
class Train:
    """A model is trained.

    Attributes:
        wanted: what is to be trained, under the lineage that it gets.
        before: ids of matching models that can't be used; they were there before this create.
        note: why an existing model that looks right isn't taken up, "" where there is none.
    """

    wanted: Wanted
    before: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Refuse:
    """A person has to decide first.

    Attributes:
        title: what can't be done.
        reasons: why, a sentence each.
    """

    title: str
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n  - ".join([self.title, *self.reasons])


Decision = Adopt | TakeUp | Train | Refuse


def decide(wanted: Wanted, account: Account) -> Decision:
    """Tell what a create comes to.

    Args:
        wanted: the declaration, and what its state remembers.
        account: what there is.
    """
    inputs = wanted.inputs
    others = _Lazy(account, wanted)
    wanted, note = _under_its_lineage(wanted, account, others)
    if inputs.adopt is not None and inputs.adopt not in {*wanted.replaced, *wanted.trained}:
        model = account.models.get(inputs.adopt)
        problems = adoption_problems(wanted.inputs, model)
        if model is not None and not problems and (holder := others().having(model.id)):
            removal = f"removed: {{{holder.key}: {{on_delete: retain}}}}"
            problems = [f"{holder} has it; take it out there first with {removal} and pulumi up"]
        if problems or model is None:
            return Refuse(f"'{inputs.key}' can't adopt model {inputs.adopt}:", tuple(problems))
        return Adopt(wanted, model)
    try:
        found = matches(wanted, likely(wanted, account.models, account.names))
    except ConflictError as exc:
        return Refuse(str(exc))
    usable = [model for model in found if not model.is_invalid]
    if not usable:
        return Train(wanted, frozenset(model.id for model in found), note)
    free = [m for m in usable if account.in_use(m.id) in {None, inputs.key}]
    taken = []
    for model in free:
        remembered = model.id in wanted.trained
        holder = others().having(model.id) if remembered else others().remembering(model.id)
        if holder is None:
            return TakeUp(wanted, model)
        taken.append((model, holder))
    return _refused(wanted, usable[0], taken, account)


def _refused(
    wanted: Wanted, first: Model, taken: list[tuple[Model, Holding]], account: Account
) -> Refuse:
    key = wanted.inputs.key
    if not taken:
        return Refuse(
            f"'{account.in_use(first.id)}' and '{key}' both come to model {first.id}. "
            "Give one of them another name, or other inputs"
        )
    model, holder = taken[0]
    return Refuse(
        f"'{key}' comes to model {model.id} \"{model.name}\", and {holder} has it. "
        "Give one of them another name or generation, or take it out there with "
        f"on_delete: retain and adopt it here. See {page('concepts/ownership')}"
    )


class _Lazy:
    """What the other declarations have; asked for once, when it is first needed."""

    def __init__(self, account: Account, wanted: Wanted) -> None:
        self._account = account
        self._wanted = wanted
        self._others: Others | None = None

    def __call__(self) -> Others:
        if self._others is None:
            kept = None if self._wanted.is_first else self._wanted.inputs.lineage
            inputs = self._wanted.inputs
            self._others = Others(self._account.holdings(), inputs.stack, inputs.key, kept)
        return self._others


def _under_its_lineage(
    wanted: Wanted, account: Account, others: Callable[[], Others]
) -> tuple[Wanted, str]:
    """Return what is wanted, with the lineage that it gets, and why that isn't its first one.

    A declaration keeps the lineage of its state. A new one gets the first that no other has.
    """
    if not wanted.is_first:
        return wanted, ""
    holder: Holding | None = None
    for lineage in lives(wanted.inputs.lineage):
        ids = [i for i in account.names.made_for(lineage) if i in account.models]
        now = others().using(lineage, ids) if ids else None
        if now is None:
            inputs = wanted.inputs.model_copy(update={"lineage": lineage})
            note = "" if holder is None else f"{holder} has the models of this name"
            return replace(wanted, inputs=inputs), note
        holder = now
    message = f"'{wanted.inputs.key}': every lineage is in use; choose another key"
    raise ConflictError(message)


def adoption_problems(inputs: ModelInputs, model: Model | None) -> list[str]:
    """Return why a model can't be adopted as declared, a sentence each."""
    if model is None:
        return [f"the account has no model {inputs.adopt}"]
    proof = proof_in(model.name)
    if proof is not None and not inputs.take_over and proof[0] not in forms(inputs.lineage):
        what = f'its name "{model.name}" shows that another declaration or stack made it'
        return [f"{what}; once that one has let it go, say take_over: true"]
    return _differences_that_replace(inputs, model)


def _differences_that_replace(inputs: ModelInputs, model: Model) -> list[str]:
    # Lytics alters names: a model that was made under the declared one may be listed as "ML: …".
    named = inputs.name is None or same_name(inputs.name, model.name)
    differing = [
        f"{name}: declared {wanted}, the model has {actual}"
        for name, wanted, actual in (
            ("name", None if named else inputs.name, model.name),
            ("source", inputs.source, model.source.lower()),
            ("target", inputs.target, model.target.lower()),
        )
        if wanted is not None and wanted != actual
    ]
    declared = normalised_config(
        inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    )
    reported = model.config.reported()
    return differing + [
        f"config.{key}: declared {declared[key]}, the model has {reported[key]}"
        for key in contradictions(inputs, model)
    ]


def payload(wanted: Wanted) -> dict[str, Any]:
    """Return the body of a create; every documented default is sent, so that none can change.

    A model that must not go live by itself is built with `build_only`; one that is meant to be
    live is built without it. Where nothing is declared, nothing is sent.
    """
    inputs = wanted.inputs
    declared = inputs.config.model_dump(exclude_none=True) if inputs.config else {}
    config = normalised_config(declared)
    if inputs.must_not_go_live_by_itself:
        config["build_only"] = True
    elif inputs.is_active and "build_only" not in config:
        config["build_only"] = False
    body: dict[str, Any] = {
        "name": wanted.name,
        "source": inputs.source,
        "target": inputs.target,
        "config": config,
    }
    if inputs.label is not None:
        body["label"] = inputs.label
    return body
