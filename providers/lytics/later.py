"""Outputs of coroutines, with types that a checker can follow."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import pulumi

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def then(
    output: pulumi.Output[_Given], coroutine: Callable[[_Given], Awaitable[_Made]]
) -> pulumi.Output[_Made]:
    """Return what a coroutine makes of an output's value; it isn't run on an unknown one."""
    return output.apply(cast("Callable[[_Given], _Made]", coroutine))


def awaited(coroutine: Awaitable[_Made]) -> pulumi.Output[_Made]:
    """Return a coroutine's result as an output."""
    return cast("pulumi.Output[_Made]", pulumi.Output.from_input(cast("Any", coroutine)))
