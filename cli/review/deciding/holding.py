"""What an `up` holds back because a gate fails on numbers that are known today. Pure.

The engine deletes what was removed or replaced after a program that ended well, and only then.
"""

from collections.abc import Collection, Iterator

from cli.review.change import Change
from cli.review.words import Quoted, Words, joined, words
from cli.workspace.state import StackState


def held_back(changes: Collection[Change], state: StackState) -> Words:
    """Return the sentence for an `up` that will end with an error over a gate, or nothing.

    Args:
        changes: all that the `up` does.
        state: what is there before.
    """
    failing = [change for change in changes if change.failing and change.sets_live]
    if not failing:
        return ()
    why = [
        words(
            Quoted(change.key),
            " doesn't pass its gate: ",
            Quoted(", ".join(f"{p.number} {p.measured}, {p.wanted}" for p in change.failing)),
        )
        for change in failing
    ]
    waiting = list(_waiting(changes, state))
    start = ("This up will end with an error, as ", *joined(why, "; "))
    if not waiting:
        return words(*start)
    return words(
        *start,
        ". It holds back, until an up succeeds: ",
        *joined(waiting, ", "),
    )


def _waiting(changes: Collection[Change], state: StackState) -> Iterator[Words]:
    for change in changes:
        if "removed" in change.actions:
            yield words("the removal of ", Quoted(change.key))
        elif change.old is not None and {"retrained", "taken up again"} & set(change.actions):
            yield words("the old model of ", Quoted(change.key))
    for resource in state.models:
        if resource.is_leaving:
            yield words("the model of ", Quoted(resource.key), " that was replaced earlier")
