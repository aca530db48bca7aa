"""Models that an earlier run has replaced and couldn't let go: they leave with this `up`. Pure.

A gate that failed, of whichever model, and a run that was killed leave them in the state.
"""

from collections.abc import Collection, Iterator, Mapping

from cli.review.change import Change, Loss, Subject
from cli.review.deciding import effects, losses
from cli.review.deciding.subjects import subject_of
from cli.review.known import Known
from cli.review.plan import Step
from cli.review.words import Words, words
from cli.workspace.state import Resource
from providers.lytics.domain.fields import policy_of


def left_over(
    known: Known, steps: Mapping[str, Step], changes: Collection[Change]
) -> Iterator[Change]:
    """Yield what becomes of each, but for those that another change speaks of.

    Args:
        known: what is known.
        steps: what happens to each declaration's model.
        changes: what is said of those.
    """
    told = {s.id for c in changes for s in (c.live, c.old, c.new) if s is not None}
    current = {one.id for one in known.state.models if not one.is_leaving}
    for resource in known.state.models:
        if resource.is_leaving and resource.id not in told | current:
            yield _change(known, resource, steps.get(resource.key))


def _change(known: Known, resource: Resource, step: Step | None) -> Change:
    key, kept = resource.key, resource.outputs
    subject = subject_of(known, resource.id, str(kept.get("name") or ""))
    live = subject if subject.live else None
    declared = step is not None and step.op != "delete"
    said = kept.get("on_delete") if declared else known.removals.get(key, kept.get("on_delete"))
    policy = policy_of(said)
    today = step.new.get("on_delete") if step is not None and declared else said
    return Change(
        key=key,
        actions=("left over",),
        live=live,
        old=subject,
        effects=tuple(effects.leaving(subject, policy)),
        left_behind=effects.left_behind(subject, policy, can_delete=known.can_delete),
        problems=losses.deletion_problem(subject, (said, today), known.uses, known.account),
        loss=_loss(known, key, live, step if declared else None, policy),
        uses=known.uses.of(subject.name) if known.uses is not None else (),
        source=str(kept.get("source_name") or kept.get("source") or ""),
    )


def _loss(
    known: Known, key: str, live: Subject | None, step: Step | None, policy: str
) -> Loss | None:
    if policy == "retain":
        return None
    ends: tuple[Words, Words] | None = (words("is removed"), ())
    if step is not None:
        successor = known.state.model(step.old_key or key)
        name = str(successor.outputs.get("name") or "") if successor is not None else None
        keep = known.to_send(live.name if live else "")
        ends = losses.by_replacement(key, live, name, step.new, policy, keep=keep, is_trained=True)
    return losses.loss(live, ends, known.uses, known.account, known.excepted.get(key, ""))
