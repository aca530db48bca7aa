"""The tree of errors: what each says, and what may be done about it."""

import pytest

from providers.lytics import errors
from providers.lytics.errors import DeclarationError, Problem, RequestError, class_for_status

TREE = {
    "SettingsError": "LyticsError",
    "DeclarationError": "LyticsError",
    "NoFileError": "DeclarationError",
    "ConflictError": "LyticsError",
    "AccountError": "LyticsError",
    "HistoryError": "LyticsError",
    "RequestError": "LyticsError",
    "ConnectError": "RequestError",
    "WrongAddressError": "ConnectError",
    "ReplyLostError": "RequestError",
    "TimedOutError": "ReplyLostError",
    "UnreadableReplyError": "RequestError",
    "NotTheApiError": "UnreadableReplyError",
    "PagedListError": "UnreadableReplyError",
    "RedirectedError": "RequestError",
    "StatusError": "RequestError",
    "NotAuthorizedError": "StatusError",
    "ForbiddenError": "StatusError",
    "NotFoundError": "StatusError",
    "RateLimitedError": "StatusError",
    "ServerFaultError": "StatusError",
    "GatewayTimeoutError": "ServerFaultError",
    "RejectedError": "StatusError",
}


def test_the_tree_is_the_one_that_is_drawn() -> None:
    """Every error that the docstring draws stands below the one that it is drawn under."""
    found = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.LyticsError)
    }
    assert found == {"LyticsError": "Exception", **TREE}
    assert all(name in (errors.__doc__ or "") for name in found)


@pytest.mark.parametrize(
    ("name", "may_have_worked", "repeat"),
    [
        ("ConnectError", False, True),
        ("ReplyLostError", True, True),
        ("TimedOutError", True, True),
        ("UnreadableReplyError", True, True),
        ("NotAuthorizedError", False, False),
        ("ForbiddenError", False, False),
        ("NotFoundError", False, False),
        ("RateLimitedError", True, True),
        ("ServerFaultError", True, True),
        ("GatewayTimeoutError", True, True),
        ("RejectedError", False, False),
    ],
)
def test_what_may_have_taken_effect(name: str, *, may_have_worked: bool, repeat: bool) -> None:
    """Each error says whether the request may have worked, and whether it may be sent again."""
    kind: type[RequestError] = getattr(errors, name)
    assert (kind.may_have_taken_effect, kind.safe_to_repeat) == (may_have_worked, repeat)


GATEWAYS_GAVE_UP = (408, 504, 522, 524)


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_has_a_class(status: int) -> None:
    """Every status from 400 on has a class, and every 5xx is the API's trouble."""
    found = class_for_status(status)
    assert issubclass(found, errors.StatusError)
    trouble = status >= 500 or status in GATEWAYS_GAVE_UP
    assert issubclass(found, errors.ServerFaultError) is trouble


@pytest.mark.parametrize("status", range(400, 600))
def test_a_gateway_that_gave_up_waiting_is_told_apart(status: int) -> None:
    """Only where a gateway stopped waiting may the API carry the request out later."""
    later = class_for_status(status).may_take_effect_later
    assert later is (status in GATEWAYS_GAVE_UP)


def test_only_a_request_nobody_waits_for_may_take_effect_later() -> None:
    """Of the errors without a status, a time-out alone leaves the request under way."""
    kinds = (getattr(errors, name) for name in TREE)
    found = {kind.__name__ for kind in kinds if getattr(kind, "may_take_effect_later", False)}
    assert found == {"TimedOutError", "GatewayTimeoutError"}


def test_all_problems_are_told_at_once() -> None:
    """A declaration's error holds every problem, a line each."""
    error = DeclarationError("title:", [Problem("a.yaml, line 1", "x"), Problem("b", "y")])
    assert str(error) == "title:\n  - a.yaml, line 1: x\n  - b: y"
    assert error.problems == (Problem("a.yaml, line 1", "x"), Problem("b", "y"))
