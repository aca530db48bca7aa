"""`only-from-branch`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from providers.lytics.domain.rulebook import Facts, Found, Rule

_MOST = 5


class OnlyFromBranch(Rule):
    """The stack changes only from one branch, and from a clean tree.

    Takes `branch`.
    """

    id = "only-from-branch"
    needs = frozenset({"git"})
    branch: Annotated[str, Field(min_length=1, description="the branch's name")]

    def check(self, facts: Facts) -> Iterator[Found]:
        """Yield that this is another branch, or that files differ from it."""
        checkout = facts.checkout
        if checkout is None:
            return
        if checkout.problem:
            yield Found(f"{facts.stack} changes only from {self.branch}: {checkout.problem}")
        elif self.branch not in checkout.branches:
            here = (
                ", ".join(checkout.branches) or "a commit that is on no branch that is known here"
            )
            yield Found(f"{facts.stack} changes only from {self.branch}, and this is {here}")
        if changed := checkout.changed:
            more = f" and {len(changed) - _MOST} more" if len(changed) > _MOST else ""
            files = f"{', '.join(changed[:_MOST])}{more}"
            yield Found(f"{facts.stack} changes only from a clean tree; not committed: {files}")
