import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from providers.lytics.domain.live.liveness import Unheeded
from providers.lytics.errors import ServerFaultError
from providers.lytics.program.builds.settling import made_true
from providers.lytics.program.builds.watcher import Built
from providers.lytics.program.ending.outcomes import Failure
from providers.lytics.shapes import Model

ID = "a" * 32


class Lytics:
    """An API that does what it is asked, and keeps what was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[dict[str, Any]] = []

    def update_model(self, model_id: str, changes: dict[str, Any]) -> Model:
        """Set is_active, or fail."""
        self.asked.append(changes)
        if self.error is not None:
            raise self.error
        return Model(id=model_id, state="complete", is_active=changes["is_active"])


def shown(*, is_active: bool, state: str = "complete") -> Model:
    """Return a model as Lytics shows it."""
    return Model(id=ID, state=state, is_active=is_active)


def settled(
    lytics: Lytics,
    built: Built,
    *,
    wanted: bool | None,
    kept: Unheeded | None = None,
    was_built: bool = False,
) -> Failure | None:
    """Settle one model, and return what went wrong."""
    seen: list[Model] = []
    program = SimpleNamespace(client=lytics, watcher=SimpleNamespace(remember=seen.append))
    model = SimpleNamespace(traits=SimpleNamespace(key="grow", is_active=wanted))
    coroutine = made_true(
        cast("Any", program), cast("Any", model), built, kept, was_built=was_built
    )
    return asyncio.run(coroutine)


@pytest.mark.parametrize(
    ("built", "wanted", "was_built"),
    [
        (Built(shown(is_active=False), was_awaited=True), False, False),
        (Built(shown(is_active=False), was_awaited=True), None, False),
        (Built(shown(is_active=False)), True, True),
        (Built(shown(is_active=False, state="building"), is_late=True), True, False),
        (Built(None, "is gone"), True, False),
    ],
)
def test_what_is_as_declared_or_isnt_built_is_left(
    built: Built, *, wanted: bool | None, was_built: bool
) -> None:
    """Nothing is written where is_active is so, isn't declared, or the build isn't over."""
    lytics = Lytics()
    assert settled(lytics, built, wanted=wanted, was_built=was_built) is None
    assert lytics.asked == []


@pytest.mark.parametrize(("wanted", "does"), [(True, "sets it live"), (False, "stops it")])
def test_what_an_earlier_run_built_is_told(*, wanted: bool, does: str) -> None:
    """A model that was trained between two runs, without a refresh, isn't written to unseen."""
    lytics = Lytics()
    failure = settled(lytics, Built(shown(is_active=not wanted)), wanted=wanted)
    assert failure is not None
    assert failure.what.endswith(f"pulumi up --refresh {does}")
    assert lytics.asked == []


def test_an_api_that_fails_is_told() -> None:
    """An API that fails at the end ends the up with what helps, and no traceback."""
    lytics = Lytics(ServerFaultError("POST", f"/api/ml/{ID}", status=500))
    built = Built(shown(is_active=False), was_awaited=True)
    failure = settled(lytics, built, wanted=True)
    assert failure is not None
    assert failure.what.startswith(f"is_active of model {ID} can't be set: POST /api/ml/{ID}: 500")
    assert failure.what.endswith("Run pulumi up --refresh")


def test_what_the_state_keeps_is_told() -> None:
    """What Lytics didn't do when the resource was written to ends every up until it is so."""
    kept = Unheeded(ID, is_active=False, how="refused", words="in use")
    failure = settled(Lytics(), Built(shown(is_active=True)), wanted=False, kept=kept)
    assert failure == Failure("grow", kept.problem("declare is_active: true"))
