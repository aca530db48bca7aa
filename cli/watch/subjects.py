"""Which models are watched, and what each has to keep. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cli.workspace.state import Resource, StackState
from providers.lytics.domain.declaration import ModelDeclaration
from providers.lytics.domain.live.gate import kept_gate
from providers.lytics.domain.live.watch import Watch, watch_of
from providers.lytics.history.timeline import Period, Timeline
from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Subject:
    """A model that is live, or should be.

    Attributes:
        key: the declaration's key.
        id: the model.
        name: its name in Lytics, as last known.
        model: what the API shows; None if the account has it no more.
        wanted: what it has to keep.
        meant_live: whether it is declared to be live.
        period: since when it is live, as far as the history knows.
        went_live_with: what it scored when it passed its gate, as the state keeps it.
    """

    key: str
    id: str
    name: str
    model: Model | None
    wanted: Watch
    meant_live: bool
    period: Period | None = None
    went_live_with: Mapping[str, float] = field(default_factory=dict)

    @property
    def since(self) -> Mapping[str, float]:
        """What it scored when it went live; empty where nothing knows."""
        return (self.period.scores if self.period else {}) or self.went_live_with

    @property
    def is_building(self) -> bool:
        """Whether Lytics trains it just now."""
        model = self.model
        return model is not None and not model.is_complete and not model.is_invalid

    @property
    def is_live(self) -> bool:
        """Whether it is live; one that is trained anew still is."""
        return self.model is not None and (self.model.is_active or self.is_building)


def subjects(
    state: StackState,
    declared: Mapping[str, ModelDeclaration],
    models: Mapping[str, Model],
    timeline: Timeline,
) -> list[Subject]:
    """Return the models of a stack that are live, or should be, in the stack file's order.

    Args:
        state: the stack's state.
        declared: the declarations by key; what they lack is taken from the state.
        models: the account's models by id.
        timeline: the stack's history.
    """
    found: dict[str, Subject] = {}
    for resource in state.models:
        activation = None if resource.is_leaving else state.activations.get(resource.key)
        wanted = _wanted(resource.key, declared, activation)
        for model_id in _ids(resource, activation):
            model = models.get(model_id)
            one = Subject(
                key=resource.key,
                id=model_id,
                name=model.name if model else str(resource.outputs.get("name") or ""),
                model=model,
                wanted=wanted,
                meant_live=_is_meant_live(resource, activation, model_id),
                period=timeline.live(model_id),
                went_live_with=_scores_at_the_gate(activation, model_id),
            )
            if _is_watched(one):
                found.setdefault(model_id, one)
    order = {key: place for place, key in enumerate(declared)}
    return sorted(found.values(), key=lambda one: order.get(one.key, len(order)))


def _ids(resource: Resource, activation: Resource | None) -> Iterator[str]:
    yield resource.id
    if activation is not None and activation.outputs.get("live_model_id"):
        yield str(activation.outputs["live_model_id"])


def _wanted(
    key: str, declared: Mapping[str, ModelDeclaration], activation: Resource | None
) -> Watch:
    if key in declared:
        return watch_of(declared[key].gate, declared[key].watch)
    return watch_of(kept_gate(activation.outputs.get("gate")) if activation else None, None)


def _is_meant_live(resource: Resource, activation: Resource | None, model_id: str) -> bool:
    if activation is not None:
        kept = activation.outputs
        return bool(kept.get("activate")) and kept.get("live_model_id") == model_id
    kept = resource.outputs
    was_trained = kept.get("state") in {"complete", "completed"}
    return not resource.is_leaving and kept.get("is_active") is True and was_trained


def _is_watched(one: Subject) -> bool:
    is_active = one.model is not None and one.model.is_active
    return is_active or one.meant_live or one.period is not None


def _scores_at_the_gate(activation: Resource | None, model_id: str) -> Mapping[str, float]:
    """Return the numbers with which a model went live; those of one that failed are not it."""
    kept = activation.outputs if activation else {}
    is_it = kept.get("model_id") == model_id == kept.get("live_model_id") and kept.get("passed")
    scores = kept.get("scores")
    if not is_it or not isinstance(scores, Mapping):
        return {}
    return {str(name): float(value) for name, value in scores.items()}
