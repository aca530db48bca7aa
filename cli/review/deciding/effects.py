"""What a change means for people and campaigns, a sentence each. Pure.

Lytics docs, "Building Lookalike Models": profiles hold a model's score under its name, in
`segment_prediction`; "Evaluating Lookalike Models": a deactivated model stops scoring, and users
keep the scores that they have.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.review.change import Subject
from cli.review.words import Quoted, Words, words
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.live.liveness import Way, to_write, way_of
from providers.lytics.shapes import Model

_ONLY_STATE = "The state remembers it; nothing is written to Lytics"
_GOING_LIVE = {
    Way.LIVE: "It goes live when it is trained",
    Way.BY_ITSELF: "It goes live by itself when it is trained",
    Way.SWAP: "It goes live when it is trained and passes its gate",
    Way.JUDGED: "It is trained and judged by its gate; nothing is set live",
    Way.WAITS: "It is trained, and not live",
    Way.NEVER: "It is trained, and not live",
}


def _model(model: Model | Subject) -> Words:
    named = (" (", Quoted(model.name), ")") if model.name else ()
    return words(Quoted(model.id), *named)


def coming_to(action: str, found: Model | None) -> Iterator[Words]:
    """Say which existing model a declaration comes to."""
    if action == "taken up again" and found is not None:
        day = found.created[:10] or "a day that Lytics doesn't tell"
        yield words(
            "Nothing is trained: model ", Quoted(found.id), f", created {day}, is this very one"
        )
    elif action == "adopted":
        which = (": ", *_model(found)) if found is not None else ()
        yield words("An existing model is taken over, nothing is trained", *which)


def going_live(new: Mapping[str, Any], *, has_gate: bool) -> Iterator[Words]:
    """Say how a new model becomes live, or that it doesn't."""
    way = way_of(new)
    yield words(_GOING_LIVE[Way.LIVE if way is Way.SWAP and not has_gate else way])


def existing(found: Model, inputs: ModelInputs, *, has_gate: bool) -> Iterator[Words]:
    """Say whether a model that is trained already is live then, and what is written to it."""
    way = way_of(inputs.model_dump())
    written = to_write(found, wanted=inputs.is_active)
    if found.is_active and written is False:
        yield words("It is live, and is stopped: its scoring ends")
    elif found.is_active and way is Way.SWAP and has_gate:
        yield words("It is live already and stays so; its gate is judged")
    elif found.is_active:
        yield words("It is live already, and stays so")
    elif way is Way.SWAP and has_gate:
        yield words("It isn't live, and is set live if it passes its gate")
    elif way is Way.SWAP or written is True:
        yield words("It isn't live, and is set live")
    else:
        yield words("It isn't live, and stays so")
    if inputs.label is not None and inputs.label != found.label:
        yield words("Its label, ", Quoted(found.label or "none"), ", is written anew")


def replacing(
    live: Subject | None, new: Mapping[str, Any], policy: str, *, has_gate: bool, is_trained: bool
) -> Iterator[Words]:
    """Say what a new model, or an earlier one that `is_trained`, means for what is live."""
    if live is None:
        yield words("No model of this declaration is live today, so nobody's scores stop")
        yield from going_live(new, has_gate=has_gate)
        return
    model = words("Model ", Quoted(live.id))
    if way_of(new).is_set_live_by_nobody:
        yield words(*model, " stays live: nothing sets the new one live")
        if policy != "retain":
            yield words(
                "pulumi up fails rather than retire it, until somebody sets the new one live or "
                "is_active is declared"
            )
        return
    waits = has_gate and way_of(new) is Way.SWAP
    if is_trained:
        until = "the earlier one has passed its gate" if waits else "the earlier one is live"
    else:
        until = f"the new one is trained{' and has passed its gate' if waits else ''}"
    yield words(*model, f" stays live until {until}")
    if new.get("is_active") is False:
        yield words("The new model isn't to be live: scoring ends")


def renaming(old: Subject, new_name: str | None, *, declared: bool) -> Iterator[Words]:
    """Say what becomes of the key under which audiences find the score."""
    if new_name is None:
        yield words("The new model's name isn't known without a key of the account")
    elif new_name == old.name:
        yield words(
            "The audience key stays ",
            Quoted(old.name),
            ": audiences follow. Both models write it until the old one is stopped, after the new "
            "one is live",
        )
    else:
        why = "" if declared else ", a default name, which changes with every new model"
        yield words(
            "The audience key changes from ",
            Quoted(old.name),
            " to ",
            Quoted(new_name),
            f"{why}: audiences built on the old one don't follow. A declared name stays the same"
            if not declared
            else ": audiences built on the old one don't follow",
        )


def repointing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Words]:
    """Say that a segment's slug is another segment now."""
    for side in ("source", "target"):
        spelling = new.get(f"{side}_name")
        before, after = old.get(side), new.get(side)
        same = spelling is not None and spelling == old.get(f"{side}_name")
        if same and isinstance(before, str) and isinstance(after, str) and before != after:
            yield words(
                "The slug ",
                Quoted(str(spelling)),
                f" of {side} is another segment than before: ",
                Quoted(before),
                " is now ",
                Quoted(after),
                ". Nobody changed the file for this",
            )


def removing(old: Subject, policy: str) -> Iterator[Words]:
    """Say what removal means."""
    if not old.live:
        yield words("It isn't live, so nobody's scores stop")
    elif policy == "retain":
        yield words("It stays live, and nobody manages it any more: ", Quoted(old.name))
    else:
        yield words(
            "Scoring ends: audiences on ",
            Quoted(old.name),
            " keep the users and scores that they have, and get no new ones",
        )


def left_behind(
    old: Subject, policy: str, *, can_delete: bool = True, is_swapped: bool = False
) -> Words:
    """Say what stays in the account.

    Args:
        old: the model that leaves.
        policy: how it leaves.
        can_delete: whether the account is not known to have no delete.
        is_swapped: whether a swap has stopped it by then.
    """
    model = ("Model ", *_model(old))
    if policy == "delete" and not can_delete:
        return words(
            *model,
            " can't be deleted, as the account's profile says: pulumi up ends with an error. Say "
            "on_delete: deactivate",
        )
    if policy == "delete":
        return words(*model, " is deleted: going back means training again")
    if policy == "retain":
        live = "live" if old.live and not is_swapped else "not live"
        return words(*model, f" stays as it is, {live}")
    hidden = " and hidden" if policy == "hide" else ""
    return words(*model, f" stays in the account, not live{hidden}; going back takes it up again")


def leaving(old: Subject, policy: str) -> Iterator[Words]:
    """Say what becomes of a model that an earlier run has replaced, and couldn't let go."""
    yield words(
        "Model ", *_model(old), " was replaced earlier and leaves once its successor is live"
    )
    if old.live and policy != "retain":
        yield words("Its scoring ends then")


def in_place(actions: Sequence[str], old: Subject | None) -> Iterator[Words]:
    """Say what changes in place mean."""
    name = Quoted(old.name if old else "")
    if "relabelled" in actions:
        yield words("Only the text that people see changes; the audience key stays ", name)
    if "activated" in actions:
        yield words("Scoring begins under the audience key ", name)
    if "deactivated" in actions:
        yield words(
            "Scoring ends: audiences on ",
            name,
            " keep the users and scores that they have, and get no new ones",
        )
    if "judged again" in actions:
        yield words("Nothing is trained; what is live stays live until another one passes")
    if "renamed" in actions:
        yield words("Only the key in the file changes; the model and its name stay")
    if "settings" in actions:
        written = {"relabelled", "activated", "deactivated"} & set(actions)
        rest = "What else changes is kept in the state alone" if written else _ONLY_STATE
        yield words(rest)
