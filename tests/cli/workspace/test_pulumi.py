"""Running Pulumi: what is added to its own words."""

import pytest

from cli.workspace.pulumi import PulumiError


@pytest.mark.parametrize(
    "said",
    [
        "error: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
        "error: get stack secrets manager: incorrect passphrase",
    ],
)
def test_a_passphrase_that_is_missing_or_wrong_comes_with_what_to_type(said: str) -> None:
    """Pulumi doesn't say which passphrase it means, nor how to set it."""
    told = str(PulumiError(("preview",), said)).splitlines()
    assert told[-1] == (
        "Set the passphrase that was chosen at `bin/pulumi stack init`: "
        "export PULUMI_CONFIG_PASSPHRASE=... (the stack local of `make up` has its own: "
        "unset PULUMI_CONFIG_PASSPHRASE)"
    )
