"""Finds the engine or gets it, in the order that costs the user least."""

from pathlib import Path

from toolchain.engine import on_path
from toolchain.engine.build import build
from toolchain.engine.download import download
from toolchain.errors import NotInstalledError, UnavailableError
from toolchain.lock import only_one
from toolchain.places import VERSION, engine_folder
from toolchain.progress import say

WHAT_TO_DO = (
    "What helps, whichever is easier: install Pulumi (https://www.pulumi.com/docs/install/) so "
    "that `pulumi` is on PATH, or install Go 1.21 or later (https://go.dev/dl/); then run this "
    "again."
)


def get_engine() -> Path:
    """Return a folder with a `pulumi` of a version that we support and its Python host.

    Raises:
        NotInstalledError: If there is no way to one; names what failed and what to do.
    """
    failures: list[str] = []
    try:
        return on_path.find()
    except UnavailableError as exc:
        failures.append(f"on PATH: {exc}")

    target = engine_folder()
    if (target / "pulumi").exists():
        return target  # Without a lock, as the cache may be somebody else's, to be read alone.
    with only_one(target.with_name(f"{target.name}.lock"), f"getting Pulumi {VERSION}"):
        if (target / "pulumi").exists():
            return target
        for name, way in (("download", download), ("build", build)):
            try:
                way(target)
            except NotInstalledError as exc:
                failures.append(f"{name}: {exc}")
                say(f"no Pulumi by {failures[-1]}")
            else:
                return target
    listed = "\n".join(f"  {failure}" for failure in failures)
    message = f"There is no Pulumi {VERSION} to be had on this machine.\n{listed}\n{WHAT_TO_DO}"
    raise NotInstalledError(message)
