import re

import pytest

from tests.support.stub import ROOT
from toolchain import pins, places
from toolchain.engine import build
from toolchain.virtualenv import DEVELOP, RUN


def pinned(requirements: str) -> dict[str, str]:
    """Return name and the rest of the pin, hashes included, of a requirements file."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / requirements).read_text(), flags=re.MULTILINE)
    entries = text.replace("\\\n", " ").splitlines()
    return {entry.split("==")[0]: " ".join(entry.split()) for entry in entries if entry.strip()}


def required(module: str) -> dict[str, str]:
    """Return the modules that a go.mod of ours requires, with their versions."""
    text = (ROOT / "toolchain" / module / "go.mod").read_text()
    return dict(re.findall(r"^(?:require|\t)\s*(\S+) (v\S+)", text, re.MULTILINE))


def test_sdk_and_engine_are_of_one_version() -> None:
    """What programs import and what runs them are released together."""
    assert pinned(RUN)["pulumi"].startswith(f"pulumi=={places.VERSION} ")
    assert f'"pulumi=={places.VERSION}"' in (ROOT / "pyproject.toml").read_text()


def test_built_engine_is_of_that_version() -> None:
    """The build makes the pinned CLI, and takes the scripts beside it from the same version."""
    modules = required("cli")
    assert modules["github.com/pulumi/pulumi/pkg/v3"] == f"v{places.VERSION}"
    assert modules[build.SDK] == f"v{places.VERSION}"


@pytest.mark.parametrize("module", ["cli", "python-host"])
def test_every_module_has_its_sum(module: str) -> None:
    """A build takes nothing whose content isn't pinned."""
    sums = (ROOT / "toolchain" / module / "go.sum").read_text()
    direct = [name for name in required(module) if name.startswith("github.com/pulumi/pulumi/")]
    assert direct
    for name in direct:
        assert f"{name} {required(module)[name]} h1:" in sums


def test_developing_needs_what_running_needs() -> None:
    """The development requirements hold every run-time pin, so that they replace them.

    What running needs on some systems only, developing may need on all.
    """
    running, developing = (
        {name: re.sub(r" ; .*?(?= --hash|$)", "", pin) for name, pin in pinned(file).items()}
        for file in (RUN, DEVELOP)
    )
    assert running.keys() <= developing.keys()
    assert {name: developing[name] for name in running} == running


@pytest.mark.parametrize("requirements", [RUN, DEVELOP])
def test_pins_say_how_they_are_made(requirements: str) -> None:
    """Who opens a pinned file reads first that it isn't edited, and what to run."""
    assert (ROOT / requirements).read_text().startswith(pins.HEADER)


@pytest.mark.parametrize("requirements", [RUN, DEVELOP])
def test_every_pin_has_hashes(requirements: str) -> None:
    """Nothing is installed whose content isn't pinned."""
    assert all("--hash=sha256:" in pin for pin in pinned(requirements).values())
