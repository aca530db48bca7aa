"""Outputs of coroutines, with types that a checker can follow."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
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


async def settled(outputs: Sequence[pulumi.Output[Any]]) -> list[Any] | None:
    """Return the values of outputs; None if this run doesn't come to know one of them.

    An `apply` isn't run where a value stays unknown, as the id of a new resource does that
    `--target` leaves out, or that failed under `--continue-on-error`.
    """
    values = [await one.future(with_unknowns=True) for one in outputs]
    return values if all([await one.is_known() for one in outputs]) else None


def made_of(outputs: Sequence[pulumi.Output[_Given]]) -> pulumi.Output[list[_Given | None]]:
    """Return the values of many outputs as one; in an `up`, None for what stays unknown."""
    return _joined(outputs, or_none=not pulumi.runtime.is_dry_run())


def all_of(outputs: Sequence[pulumi.Output[_Given]]) -> pulumi.Output[list[_Given]]:
    """Return the values of many outputs as one; it is known when all of them are."""
    return cast("pulumi.Output[list[_Given]]", _joined(outputs, or_none=False))


def _joined(
    outputs: Sequence[pulumi.Output[_Given]], *, or_none: bool
) -> pulumi.Output[list[_Given | None]]:
    """Return the values of many outputs as one.

    `Output.all` does the same with several more outputs for each, and the SDK waits for outputs in
    time that grows with the square of their number.
    """
    loop = asyncio.get_event_loop()
    values: asyncio.Future[list[_Given | None]] = loop.create_future()
    known: asyncio.Future[bool] = loop.create_future()

    async def resources() -> set[pulumi.Resource]:
        # The SDK awaits this first, and the others only if it didn't raise.
        found: set[pulumi.Resource] = set()
        try:
            given = [await one.future(with_unknowns=True) for one in outputs]
            are_known = [await one.is_known() for one in outputs]
            if or_none:
                given = [
                    one if is_known else None
                    for one, is_known in zip(given, are_known, strict=True)
                ]
            found = found.union(*[await one.resources() for one in outputs])
        except Exception as exc:  # noqa: BLE001 - raised again where the values are awaited
            values.set_exception(exc)
        else:
            values.set_result(given)
            known.set_result(or_none or all(are_known))
        return found

    return pulumi.Output(resources(), values, known)
