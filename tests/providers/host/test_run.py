"""What one run knows: whose account it is, who is which model, what was looked at."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from providers.lytics.account.model_list import Look, Looks
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.finding.ownership import Holding
from providers.lytics.errors import AccountError, ConflictError, ForbiddenError, RequestError
from providers.lytics.host import run as run_module
from providers.lytics.host.declared import Declarations
from providers.lytics.host.lifecycle import ModelLifecycle
from providers.lytics.host.run import Run, start_run
from providers.lytics.shapes import Model
from tests.support.lab import Lab, declared
from tests.support.timing import QUICK

Json = dict[str, Any]
MODEL_ID = "a" * 32


@contextmanager
def account(
    models: list[Json],
    segments: list[Json],
    made: Json | None = None,
    aid: int | None = None,
    forbidden: str | None = None,
) -> Iterator[Run]:
    """Return a run against an account whose objects say of themselves what is given."""

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path == forbidden:
            return httpx.Response(403, json={"message": "no"})
        if request.method == "POST":
            return httpx.Response(201, json={"data": made})
        if request.url.path.startswith("/api/ml/"):
            return httpx.Response(404, json={"data": None, "status": 404, "message": "no"})
        listed = segments if "segment" in request.url.path else models
        return httpx.Response(200, json={"data": listed})

    settings = Settings(api_key="k", patience_s=0.01, settle_s=0.01, account_id=aid)
    with LyticsClient(settings, httpx.MockTransport(reply), QUICK) as client:
        said: list[str] = []
        yield Run(settings, client, said.append, QUICK)


# --- accounts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("models", "segments", "aid"),
    [
        ([{"id": "b", "aid": 1234}], [], None),
        ([{"id": "c"}, {"id": "b", "aid": 1234}], [], 1234),
        ([], [{"id": "s"}, {"id": "s", "aid": 1234}], 1234),
        ([{"id": "b"}], [{"id": "s", "aid": 1234}], 1234),
        ([], [], 1234),
    ],
)
def test_a_model_is_gone_when_the_account_is_proven(
    models: list[Json], segments: list[Json], aid: int | None
) -> None:
    """Gone is what a GET denies, where another object's aid or lytics:accountId proves the key."""
    with account(models, segments, aid=aid) as run:
        assert run.find(MODEL_ID, run.looks.any()) is None


def test_a_state_and_a_segment_prove_an_empty_account() -> None:
    """The account that the state speaks of is proven by any object of the same number."""
    with account([], [{"id": "s", "aid": 1234}]) as run:
        run.expect_account(1234.0)
        assert run.find(MODEL_ID, run.looks.any()) is None


@pytest.mark.parametrize("aid", [None, 1234])
def test_a_key_that_may_not_see_segments(aid: int | None) -> None:
    """In an empty account lytics:accountId vouches for a key without Audience View; else it is 403.

    What the state says is no proof of what the key opens.
    """
    with account([], [], aid=aid, forbidden="/api/segment") as run:
        run.expect_account(1234.0)
        if aid is None:
            with pytest.raises(ForbiddenError, match="Audience View"):
                run.prove_account()
        else:
            assert run.prove_account() == aid


@pytest.mark.parametrize("expected", [None, 1234.0])
def test_an_empty_account_without_proof_is_no_proof(expected: float | None) -> None:
    """Where nothing says whose account it is, nothing is gone."""
    with account([{"id": "b"}], []) as run:
        run.expect_account(expected)
        with pytest.raises(AccountError) as caught:
            run.find(MODEL_ID, run.looks.any())
    assert str(caught.value) == (
        f"model {MODEL_ID} isn't found, and nothing in the account says whose it is: it "
        "may be another account's key. Nothing was changed. Set lytics:accountId to go on. "
        "See docs/concepts/account.md"
    )


@pytest.mark.parametrize(
    ("models", "segments"),
    [([{"id": "b", "aid": 5678}], []), ([], [{"id": "s", "aid": 5678}])],
)
def test_an_object_of_another_account_is_proof_of_the_contrary(
    models: list[Json], segments: list[Json]
) -> None:
    """One object of another account is enough to refuse the key."""
    with account(models, segments) as run:
        run.expect_account("1234")
        with pytest.raises(AccountError, match="the key belongs to account 5678"):
            run.find(MODEL_ID, run.looks.any())


def test_a_model_of_another_account_is_refused() -> None:
    """A model that is found, and is another account's, is refused."""
    with (
        account([{"id": MODEL_ID, "aid": 5678}], [], aid=1234) as run,
        pytest.raises(AccountError, match="Nothing was changed"),
    ):
        run.find(MODEL_ID, run.looks.any())


def test_a_new_model_of_another_account_is_refused() -> None:
    """A create that lands in another account fails, and names the stray model and both accounts."""
    with (
        account([], [], made={"id": MODEL_ID, "aid": 5678}, aid=1234) as run,
        pytest.raises(AccountError) as caught,
    ):
        ModelLifecycle(run).create(declared())
    assert str(caught.value) == (
        f"model {MODEL_ID} was made for 'churn' in account 5678, expected account 1234: delete it "
        "there, and use the key of the account that this stack manages (LIOKEY wins over "
        "lytics:apiKey)"
    )


def test_an_unknown_account_is_learnt() -> None:
    """A run that expects no account yet takes the first that a state names."""
    with account([], []) as run:
        assert run.prove_account() is None
        run.expect_account(None)
        run.expect_account(1234)
        run.expect_account(1234.0)
        with pytest.raises(AccountError):
            run.expect_account(5678)


# --- who is which model ---------------------------------------------------------------------


def test_one_id_one_resource() -> None:
    """The second resource that comes to an id is refused, the first may come again."""
    declared = Declarations()
    churn = declared.get("churn", "1f2e3d")
    declared.keep(churn, MODEL_ID)
    declared.keep(churn, MODEL_ID)
    assert declared.owner(MODEL_ID) == "churn"
    assert declared.of_model(MODEL_ID) is churn
    with pytest.raises(ConflictError, match="'churn' and 'other' both come to model"):
        declared.keep(declared.get("other", "ffffff"), MODEL_ID)


def test_a_replaced_model_that_is_kept_is_replaced_no_more() -> None:
    """What a create comes back to isn't what is being replaced."""
    run = Run(Settings(api_key="k"))
    churn = run.declared.get("churn", "1f2e3d")
    run.declared.replace(churn, MODEL_ID, "delete")
    assert churn.replaced == {MODEL_ID}
    assert run.declared.policy_of(MODEL_ID) == "delete"
    assert run.lineage_of(MODEL_ID) is None
    run.declared.keep(churn, MODEL_ID)
    assert churn.replaced == set()
    assert run.lineage_of(MODEL_ID) is churn
    assert run.owner(MODEL_ID) == "churn"


def test_successor_is_the_declaration_that_keeps_the_lineage() -> None:
    """What a state was written for is found by its lineage, the same key before another one."""
    declared = Declarations()
    renamed = declared.get("new", "1f2e3d")
    declared.remember(renamed, "1f2e3d", {})
    assert declared.successor_of("old", "1f2e3d") is renamed
    same = declared.get("old", "aaaaaa")
    declared.remember(same, "1f2e3d", {})
    assert declared.successor_of("old", "1f2e3d") is same
    assert declared.successor_of("old", "ffffff") is None


def test_a_stored_lineage_stays() -> None:
    """A resource keeps the lineage it was created with, also in a check without old inputs."""
    declared = Declarations()
    assert not declared.is_checked("new")
    assert declared.checked("new", None) == "new"
    assert declared.is_checked("new")
    assert declared.checked("new", "old") == "old"
    assert declared.checked("new", None) == "old"
    assert declared.is_checked("old")
    assert not declared.is_checked(None)


def test_what_the_states_have_is_asked_for_once() -> None:
    """Pulumi is asked where it matters whose a model is, and once in a run."""
    asked: list[int] = []

    def ask() -> list[Holding]:
        asked.append(1)
        return [Holding("prod", "churn", MODEL_ID)]

    run = Run(Settings(api_key="k"), holdings=ask)
    assert asked == []
    assert run.holdings() == run.holdings() == (Holding("prod", "churn", MODEL_ID),)
    assert asked == [1]


def test_one_process_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both providers of a process share one run."""
    monkeypatch.setattr(run_module, "_runs", {})
    first = start_run(lambda key: "1234" if key == "accountId" else None)
    assert start_run(lambda _: None) is first
    assert first.settings.account_id == 1234


def test_a_run_needs_no_client_before_it_asks(lab: Lab) -> None:
    """A client is made when it is first needed, and once."""
    assert Run(Settings()).settings.api_key is None
    run = Run(lab.settings())
    with run.client as client:
        assert run.client is client
        assert run.looks is run.looks
        assert run.baseline() == frozenset()


# --- looks ----------------------------------------------------------------------------------


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


def test_baseline_is_what_was_there_before(lab: Lab, lab_with: Callable[..., Lab]) -> None:
    """The baseline is what was there before this run created anything."""
    there = lab.account.create()
    run = lab.run()
    lifecycle = ModelLifecycle(run)
    lifecycle.create(declared())
    lifecycle.create(declared(lineage="ffffff"))
    assert run.baseline() == {there}
    assert lab_with().run().baseline() == frozenset()
