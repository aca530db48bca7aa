"""One look into ML List for all who can use it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest

from providers.lytics.account.model_list import Look, Looks
from providers.lytics.errors import RequestError
from providers.lytics.shapes import Model


class Lister:
    """Lists models, and counts how often."""

    def __init__(self, took_s: float = 0.0) -> None:
        self.took_s = took_s
        self.calls = 0
        self.fails: Exception | None = None
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def __call__(self) -> list[Model]:
        """List one model, whose label says which look it is of."""
        with self._lock:
            self.calls += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        sleep(self.took_s)
        with self._lock:
            self.at_once -= 1
        if self.fails is not None:
            raise self.fails
        return [Model(id="a", label=str(self.calls), aid=None), Model(id="b", aid=7)]


def test_a_look_is_shared_while_it_is_young() -> None:
    """Whoever can use the newest look gets it; who needs a younger one asks."""
    lister = Lister()
    looks = Looks(lister)
    assert looks.any() is looks.any() is looks.at_most_old(60)
    assert lister.calls == 1
    assert looks.now().models["a"].label == "2"
    sleep(0.002)
    assert looks.at_most_old(0.001).models["a"].label == "3"
    assert looks.any().aid == 7
    assert Look(0.0, {}).aid is None


def test_who_waits_gets_what_was_asked_for_meanwhile() -> None:
    """One request is under way at most, and one more serves all who came while it was."""
    lister = Lister(took_s=0.05)
    looks = Looks(lister)
    began_s = monotonic()
    together = threading.Barrier(20)

    def ask(_: int) -> Look:
        together.wait()
        return looks.now()

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(ask, range(20)))
    assert lister.most_at_once == 1
    assert lister.calls < 15
    assert all(look.started_s >= began_s for look in found)


def test_a_failed_look_fails_all_who_waited_for_it() -> None:
    """Who waits for a look that fails hears of it, and doesn't ask once more each."""
    lister = Lister(took_s=0.05)
    lister.fails = RequestError("GET", "/api/ml", "broken")
    looks = Looks(lister)
    together = threading.Barrier(10)

    def ask(_: int) -> str:
        together.wait()
        with pytest.raises(RequestError) as caught:
            looks.now()
        return str(caught.value)

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(ask, range(10))) == {"GET /api/ml: broken"}
    assert lister.calls < 8
    lister.fails = None
    assert looks.any().models["b"].id == "b"


@pytest.mark.parametrize("looked", [False, True])
def test_what_a_write_returned_is_remembered(*, looked: bool) -> None:
    """The newest look knows what the run itself has just written, and nothing before the first."""
    looks = Looks(Lister())
    if looked:
        looks.any()
    looks.remember(Model(id="a", label="written"))
    looks.remember(Model(id="c"))
    looks.forget("b")
    expected = ({"a", "c"}, "written") if looked else ({"a", "b"}, "1")
    assert (set(looks.any().models), looks.any().models["a"].label) == expected
