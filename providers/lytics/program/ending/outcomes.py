"""Ends the program once, after all models have had their turn, with all that went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.lytics.pages import page
from providers.lytics.program.ending.exit import end_program, outputs_registered
from providers.lytics.program.later import awaited

if TYPE_CHECKING:
    from providers.lytics.shapes import Model


@dataclass(frozen=True)
class Live:
    """What a swap that didn't happen has left.

    Attributes:
        model_id: the model that is declared.
        live_id: the model of this declaration that the swap left live, None if there is none.
    """

    model_id: str
    live_id: str | None


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong with one model.

    Attributes:
        key: the declaration's key.
        what: a sentence.
        rows: number, wanted and measured of each part of a gate that failed.
        live: what is live of the declaration; None where no activation says it.
    """

    key: str
    what: str
    rows: tuple[tuple[str, str, str], ...] = ()
    live: Live | None = None


# The account's models by id, and a line for each model that is held back.
Aftermath = tuple[Mapping[str, "Model"], list[str]]


class Outcomes:
    """Gathers what becomes of the models, and ends the program if anything went wrong.

    Args:
        aftermath: looks, after a failure, what is live and what is held back.
    """

    def __init__(self, aftermath: Callable[[], Awaitable[Aftermath]]) -> None:
        self._aftermath = aftermath
        self._expected: list[asyncio.Future[Sequence[Failure]]] = []
        self._is_ending = False

    def expect(self, outcome: Awaitable[Sequence[Failure]]) -> None:
        """Wait for one more outcome before the program ends.

        Args:
            outcome: comes to what went wrong, to nothing where all is well. It must come to an
                end also where the engine leaves its resource out, whose id then stays unknown.
        """
        self._expected.append(asyncio.ensure_future(outcome))
        if not self._is_ending:
            self._is_ending = True
            registered = outputs_registered()
            # The SDK waits for every output before it tells the engine that all is declared.
            awaited(self._end(registered))

    @contextmanager
    def declaring(self) -> Iterator[None]:
        """Keep the program from ending while models are being declared.

        The event loop runs in between, and the first models are not all.
        """
        all_declared: asyncio.Future[Sequence[Failure]] = asyncio.get_event_loop().create_future()
        self.expect(all_declared)
        try:
            yield
        finally:
            all_declared.set_result(())

    async def _end(self, registered: Awaitable[None]) -> None:
        failures: list[Failure] = []
        while self._expected:
            # New outcomes may be added while these finish.
            expected, self._expected = self._expected, []
            for found in await asyncio.gather(*expected):
                failures += found
        if failures:
            # Without its outputs the engine shows those of before as if they were deleted.
            await registered
            end_program(report(failures, *await self._aftermath()))


def report(
    failures: list[Failure], account: Mapping[str, "Model"], held_back: Sequence[str] = ()
) -> str:
    """Return all failures as text: sentences first, then one table of what gates wanted.

    Args:
        failures: what went wrong.
        account: the account's models by id, {} where that isn't known.
        held_back: a line for each model that leaves only with an `up` that ends well.
    """
    ordered = sorted(failures, key=lambda failure: failure.key)
    models = len({failure.key for failure in ordered})
    noun = "model" if models == 1 else "models"
    lines = [f"{models} {noun} did not pass. See {page('guides/why-not-live')}"]
    lines += [f"  - {one.key}: {one.what}{_live(one.live, account)}" for one in ordered]
    rows = [(failure.key, *row) for failure in ordered for row in failure.rows]
    if rows:
        lines += ["", *_table([("model", "gate", "wanted", "measured"), *rows])]
    if held_back:
        lines += ["", "Held back until an up succeeds:", *held_back]
    return "\n".join(lines)


def _live(live: Live | None, account: Mapping[str, "Model"]) -> str:
    """Return what is live now of a declaration whose model didn't pass, as the account shows it."""
    if live is None or not account:
        return ""
    if live.live_id is None:
        return "; nothing of it is live"
    shown = account.get(live.live_id)
    if shown is None or not shown.is_active:
        return f"; model {live.live_id} was live before, and isn't any more"
    return f"; model {live.live_id} {'is' if live.live_id == live.model_id else 'stays'} live"


def _table(rows: list[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
