"""Whose account a key opens, and what that is proved by."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.errors import AccountError, ForbiddenError
from providers.lytics.host.lifecycle import ModelLifecycle
from providers.lytics.host.run import Run
from tests.support.lab import declared
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
