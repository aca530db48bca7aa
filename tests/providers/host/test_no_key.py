"""Without a key nothing is read: a preview goes on with what the state says."""

import pytest

from providers.lytics.activation import MlModelActivationProvider
from providers.lytics.api.settings import Settings
from providers.lytics.host.run import Run
from providers.lytics.model import MlModelProvider


@pytest.mark.parametrize("kind", [MlModelProvider, MlModelActivationProvider])
def test_read_without_a_key_keeps_the_state(kind: type[MlModelProvider]) -> None:
    """The state comes back as it was, and that nobody looked is said once."""
    said: list[str] = []
    provider = kind()
    provider._run = Run(Settings(), say=said.append)
    state = {"key": "churn", "live": True, "label": "x"}
    for _ in range(2):
        found = provider.read("a", state)
        assert (found.id, found.outs) == ("a", state)
    assert said == ["No API key: the state isn't compared with the account"]
