"""Declarations for models that an account has already. Pure: nothing is asked, nothing written."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cli.importing.keys import key_of
from providers.lytics.domain.declaration import ModelDeclaration, ModelInputs
from providers.lytics.domain.declaration import problems_across_fields as problems_across
from providers.lytics.domain.explain import explain
from providers.lytics.domain.fields import Name
from providers.lytics.domain.finding.creation import adoption_problems
from providers.lytics.domain.identity import (
    CONFIG_DEFAULTS,
    forms,
    lineage,
    lineages_of,
    proof_in,
    same_name,
)
from providers.lytics.domain.live.liveness import goes_live_by_itself, is_first_build
from providers.lytics.domain.segments import SegmentBook, is_id
from providers.lytics.shapes import Model
from providers.lytics.stack_file.reader import Stack

Json = dict[str, Any]
LONGEST_LABEL = 1000
RETRAINED_WITHIN = "10d"
"""Lytics trains a model with re_run every week; what it leaves alone for longer is worth a look."""


@dataclass(frozen=True)
class Known:
    """What is there already.

    Attributes:
        project: the Pulumi project's name.
        name: the stack's name.
        stack: its declarations.
        defaults: what its `defaults` say.
        book: the account's segments.
        in_state: ids of the state's models, with their keys.
        lineages: lineages of the state's models, with their keys.
    """

    project: str
    name: str
    stack: Stack
    defaults: Mapping[str, Any]
    book: SegmentBook
    in_state: Mapping[str, str] = field(default_factory=dict)
    lineages: Mapping[str, str] = field(default_factory=dict)

    def lineage_of(self, key: str) -> str:
        """Return the lineage that a new declaration of a key would have."""
        return lineage(self.project, self.name, key)

    @property
    def taken_keys(self) -> set[str]:
        """Keys that a new declaration can't have."""
        earlier = {model.was for model in self.stack.models.values() if model.was}
        return {*self.stack.models, *self.stack.removed, *self.in_state.values(), *earlier}


@dataclass
class Import:
    """What an import comes to.

    Attributes:
        declared: the new declarations, by key.
        skipped: models that are not declared, with the reason.
        refused: those of them that can't be declared, though they aren't yet.
        notes: what a declaration leaves out, a sentence each.
        named: ids that were asked for one by one.
    """

    declared: dict[str, Json] = field(default_factory=dict)
    skipped: list[tuple[Model, str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    named: Collection[str] = ()

    @property
    def named_and_refused(self) -> set[str]:
        """Models that were asked for one by one and can't be declared."""
        return {*self.named} & self.refused


def plan_import(
    known: Known,
    models: Iterable[Model],
    account: Collection[Model],
    *,
    named: Collection[str] = (),
    take_over: bool = False,
) -> Import:
    """Return the declarations that take models over as they are.

    Args:
        known: the stack and its account.
        models: those to take over.
        account: all of the account.
        named: ids that were asked for one by one: these may be invalid.
        take_over: whether to take models that another stack's lineage made.
    """
    plan = Import(named=named)
    taken = known.taken_keys
    owned = _lineages(known)
    for model in sorted(models, key=lambda one: one.age_key):
        if reason := _declared_already(known, owned, model):
            plan.skipped.append((model, reason))
            continue
        key = key_of(model, taken)
        proof = proof_in(model.name)
        made_elsewhere = proof is not None and proof[0] not in forms(known.lineage_of(key))
        if reason := _unwanted(model, model.id in named, made_elsewhere and not take_over):
            plan.skipped.append((model, reason))
            plan.refused.add(model.id)
            continue
        notes: list[str] = []
        declared = _declaration(known, model, account, notes)
        if made_elsewhere:
            declared = {**declared, "take_over": True}
        if reason := _misfit(known, key, declared, model):
            plan.skipped.append((model, f"can't be declared: {reason}"))
            plan.refused.add(model.id)
            continue
        taken.add(key)
        plan.declared[key] = declared
        plan.notes += [f"{key}: {note}" for note in notes]
    return plan


def _lineages(known: Known) -> dict[str, str]:
    own = {
        name: key
        for key in known.stack.models
        for name in lineages_of(known.project, known.name, key)
    }
    return {**own, **known.lineages}


def _declared_already(known: Known, owned: Mapping[str, str], model: Model) -> str:
    if model.id in known.in_state:
        return f"is {known.in_state[model.id]} in the state already"
    for key, declared in known.stack.models.items():
        if declared.adopt == model.id:
            return f"is adopted by {key} already"
        if declared.name is not None and same_name(declared.name, model.name):
            return f"has the name that {key} declares"
    proof = proof_in(model.name)
    if proof is not None and proof[0] in owned:
        return f"was made for {owned[proof[0]]} of this stack"
    return ""


def _unwanted(model: Model, is_named: bool, is_foreign: bool) -> str:  # noqa: FBT001 - private
    if is_foreign:
        return (
            "its name shows that another stack or declaration made it. When that one doesn't "
            "declare it any more, --take-over imports it"
        )
    if model.is_invalid and not is_named:
        why = f" ({model.reason})" if model.reason else ""
        return f"is invalid{why}; name its id to import it, an up then asks to retrain it"
    return ""


def _declaration(known: Known, model: Model, account: Collection[Model], notes: list[str]) -> Json:
    declared: Json = {"adopt": model.id.lower()}
    if _is_usable_name(known, model, account):
        declared["name"] = model.name
    elif proof_in(model.name) is None:
        notes.append("its name can't be declared; a successor is named after the key")
    if model.label and _is_text(model.label, LONGEST_LABEL):
        declared["label"] = model.label
    elif model.label:
        notes.append("its label can't be declared; it isn't managed")
    declared["source"] = _segment(known, model.source)
    declared["target"] = _segment(known, model.target)
    if not is_first_build(model):
        declared["is_active"] = model.is_active
    elif not goes_live_by_itself(model):
        declared["is_active"] = False
    else:
        notes.append("is being built and may go live by itself; is_active isn't managed")
    if config := _config(known, model, has_is_active="is_active" in declared):
        declared["config"] = config
    if declared.get("is_active") and model.config.re_run and "watch" not in known.defaults:
        declared["watch"] = {"stale": RETRAINED_WITHIN}
    return declared


def _is_usable_name(known: Known, model: Model, account: Collection[Model]) -> bool:
    """Tell whether a declaration can hold a name, and it names this model alone."""
    try:
        TypeAdapter(Name).validate_python(model.name)
    except ValidationError:
        return False
    if proof_in(model.name) is not None or not _is_text(model.name, len(model.name)):
        return False
    names = [m.name for m in known.stack.models.values() if m.name is not None]
    others = [other.name for other in account if other.id != model.id]
    return not any(same_name(model.name, name) for name in (*names, *others))


def _is_text(value: str, longest: int) -> bool:
    """Tell whether a text of the API can be written to a file."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(value) <= longest


def _segment(known: Known, segment_id: str) -> str:
    """Return the stack's name for a segment, or its slug, or its id."""
    wanted = segment_id.lower()
    for name, reference in known.stack.segments.items():
        if known.book.id_of(reference) == wanted:
            return name
    slug = known.book.slug_of(wanted)
    usable = slug is not None and slug not in known.stack.segments and slug.isprintable()
    if slug is not None and usable and not is_id(slug) and known.book.id_of(slug) == wanted:
        return slug
    return wanted


def _config(known: Known, model: Model, *, has_is_active: bool) -> Json:
    """Return what the API reports, without documented defaults and what is_active says already."""
    shared = known.defaults.get("config")
    shared = shared if isinstance(shared, dict) else {}
    kept: Json = {}
    for name, value in model.config.reported().items():
        implied = name == "build_only" and has_is_active
        is_default = name in CONFIG_DEFAULTS and CONFIG_DEFAULTS[name] == value
        if name in shared or not (implied or is_default):
            kept[name] = value
    return kept


def _misfit(known: Known, key: str, declared: Json, model: Model) -> str:
    """Return why a declaration would not adopt its model as it is, "" if it would."""
    shared = {k: v for k, v in known.defaults.items() if k in ModelDeclaration.model_fields}
    config = {**(shared.get("config") or {}), **(declared.get("config") or {})}
    merged = {**shared, **declared, **({"config": config} if config else {})}
    try:
        parsed = ModelDeclaration.model_validate(merged, strict=True)
        inputs = parsed.inputs(
            key=key, lineage=known.lineage_of(key), source=model.source, target=model.target
        )
    except ValidationError as exc:
        return "; ".join(f"{_dotted(place)}: {what}" for place, what in explain(exc, ModelInputs))
    resolved = {**merged, "source": model.source.lower(), "target": model.target.lower()}
    across = [what for _, what in problems_across(resolved)]
    return "; ".join([*across, *adoption_problems(inputs, model)])


def _dotted(place: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in place)
