"""What is shown of each model at the end of a run, and what is asked for it."""

import pytest

from providers.lytics.program import stack_outputs
from providers.lytics.shapes import Model


def model(**fields: object) -> Model:
    """Return a model as ML List shows it."""
    return Model.model_validate({"id": "1" * 32, "state": "complete", "is_active": True, **fields})


@pytest.mark.parametrize(
    ("seen", "live", "managed", "agrees"),
    [
        (model(), True, True, True),
        (model(is_active=False), False, True, True),
        (model(), False, False, True),
        (model(), False, True, False),
        (model(is_active=False), True, False, False),
        (model(state="building"), True, False, False),
        (None, False, False, False),
    ],
    ids=["live", "not live", "went live", "stopped now", "set live now", "building", "made now"],
)
def test_look_from_before_serves_where_this_run_changed_nothing(
    seen: Model | None, *, live: bool, managed: bool, agrees: bool
) -> None:
    """A look is asked for again where what the run did can't be in the first one."""
    fact = {"id": "1" * 32, "live": live, "managed": managed}
    assert stack_outputs._agrees(fact, seen) is agrees
