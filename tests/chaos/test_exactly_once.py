from collections.abc import Iterator

import pytest

from providers.lytics.errors import TimedOutError
from tests.support.lab import Lab, declared, start_lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A sandbox of its own, and runs against it."""
    lab = start_lab()
    yield lab
    lab.close()


def test_late_create_is_not_sent_twice(lab: Lab) -> None:
    """A create that the API carries out after everyone stopped waiting is found by the next run."""
    lab.account.fault(method="POST", path="^/api/ml$", what="slow", seconds=2)
    with pytest.raises(TimedOutError):
        lab.lifecycle(reply_timeout_s=0.2, settle_s=0.05, patience_s=5).create(declared())
    lab.account.wait(lab.account.models)
    (only,) = lab.account.models()
    model_id, _ = lab.lifecycle().create(declared())
    assert model_id == only
    assert list(lab.account.models()) == [only]
    assert len(lab.posts()) == 1
