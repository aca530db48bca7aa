"""Which audiences a change leaves without new scores. Pure.

Lytics docs, "Evaluating Lookalike Models": a deactivated model stops scoring, and users keep the
scores that they have. So an audience doesn't empty at once: it goes stale.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cli.review.change import Loss, Review, Subject
from cli.review.words import Quoted, Words, words
from providers.lytics.domain.audiences import Uses, named, users_left
from providers.lytics.domain.live.liveness import stays_live_replaced, way_of
from providers.lytics.shapes import Model


def by_replacement(  # noqa: PLR0913 - the parts of one replacement
    key: str,
    live: Subject | None,
    new_name: str | None,
    new: Mapping[str, Any],
    policy: str,
    *,
    keep: str,
    is_trained: bool = False,
) -> tuple[Words, Words] | None:
    """Return how a replacement ends a score, and what would keep it; None if it goes on.

    Args:
        key: the declaration's key.
        live: the model that is live today.
        new_name: the name of the one that replaces it, None where it isn't known.
        new: what is declared.
        policy: the `on_delete` of the live one.
        keep: the name to declare so that the account lists the next one as the live one.
        is_trained: whether the one that replaces it is there already, under its name.
    """
    way = way_of(new)
    if live is None or new_name is None or stays_live_replaced(policy, way):
        return None
    if way.is_set_live_by_nobody:
        return None
    if new.get("is_active") is False:
        return words("is replaced by one that isn't to be live"), ()
    if new_name == live.name:
        return None
    how = words("is replaced by one that is named ", Quoted(new_name))
    if new.get("name") is not None or is_trained:
        return how, words("A model that keeps the name keeps them: declare name: ", Quoted(keep))
    return how, words(
        "They follow if the name stays: run ", Quoted(f"bin/lytics-ml keep-name {key}"), " first"
    )


def loss(
    live: Subject | None,
    ends: tuple[Words, Words] | None,
    uses: Uses | None,
    account: Mapping[str, Model] | None,
    excepted: str,
) -> Loss | None:
    """Return the audiences that lose a live model's score, None if there are none."""
    if live is None or ends is None or uses is None:
        return None
    users = users_left(live.name, live.id, uses, (account or {}).values())
    return Loss(live.name, users, *ends, excepted=excepted) if users else None


def deletion_problem(
    subject: Subject,
    on_delete: Iterable[object],
    uses: Uses | None,
    account: Mapping[str, Model] | None,
) -> tuple[Words, ...]:
    """Return why `up` will refuse to delete a model, empty if it won't.

    Args:
        subject: the model that is to go.
        on_delete: what is said of it in the state, and today; all must say `delete`.
        uses: who uses what.
        account: the account's models.
    """
    if uses is None or set(on_delete) != {"delete"}:
        return ()
    users = users_left(subject.name, subject.id, uses, (account or {}).values())
    if not users:
        return ()
    refused = words(
        "model ",
        Quoted(subject.id),
        " isn't deleted, as its score is used by ",
        Quoted(named(users)),
        ". Change them first, or declare on_delete: deactivate, which leaves them the scores that "
        "they have, or on_delete: {delete: even_if_used}",
    )
    return (refused,)


def told_losses(review: Review) -> Iterator[tuple[str, Words]]:
    """Yield for each loss a heading and a sentence, as every way of showing it says them."""
    for key, one in review.losing:
        many = len({use.audience.id for use in one.uses}) > 1
        audiences = words(
            "audiences " if many else "audience ",
            Quoted(named(one.uses)),
            f" {'lose their' if many else 'loses its'} scores: the model ",
            Quoted(one.name),
            " ",
            *one.how,
            f". {'They keep' if many else 'It keeps'} the scores that are there, and "
            f"{'get' if many else 'gets'} no new ones",
        )
        offer = (". ", *one.offer) if one.offer else ()
        reason = (". The reason: ", Quoted(one.excepted)) if one.excepted else ()
        yield key, words(*audiences, *offer, *reason)


def verdict(review: Review) -> str:
    """Return the word before losses: refused, forced, or that all of them have a reason."""
    if all(one.excepted for _, one in review.losing):
        return "Excepted"
    return "Forced" if review.forced else "Refused"
