"""A build from source, for machines that reach Go modules but not Pulumi's downloads.

The CLI is its own module. The Python language host's module isn't served to Go; it lived inside
the SDK's until v3.69.0, and that one works with today's engine, except that it ignores
`runtime.options.virtualenv`: the virtual environment must come first on PATH. Two scripts that
belong to the host are taken from the SDK's module of the engine's version.

`cli/` and `python-host/` beside this file hold go.mod and go.sum of the two; editing them by
hand and building with `-mod=mod` is how they were made, since `go get` refuses these packages.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from toolchain.errors import NotInstalledError, UnavailableError
from toolchain.places import ROOT, VERSION
from toolchain.progress import CommandFailedError, run_watched, say

CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
HOST = "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
SDK = "github.com/pulumi/pulumi/sdk/v3"
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")

NEEDED_BYTES = 4 * 1024**3
"""Free disk space that a build from nothing needs, with some to spare."""

NEEDED_AGAIN_BYTES = 1024**3
"""Free disk space that going on with an interrupted build needs at least."""

_OLDEST_GO = (1, 21)  # later ones fetch the Go that a go.mod asks for by themselves
_SHOWN_LINES = 15


def build(target: Path) -> None:
    """Build the engine into the folder `target`, which appears only when it is complete.

    What was fetched and compiled stays beside it until the build succeeds, so that an
    interrupted one goes on where it was.

    Raises:
        UnavailableError: If there is no Go.
        NotInstalledError: If there is no space, or the build fails.
    """
    go = _find_go()
    work = target.with_name(f"{target.name}.build")
    goes_on = work.exists()
    _check_space(target.parent, NEEDED_AGAIN_BYTES if goes_on else NEEDED_BYTES)
    say(
        f"{'going on with' if goes_on else 'starting'} the build of Pulumi {VERSION} from source, "
        f"with {go}.\n"
        "  It takes about 5 minutes on 2 cores and 3.5 GB of disk meanwhile, and keeps 130 MB, in\n"
        f"  {target.parent}. It is done once; if interrupted, it goes on the next time."
    )
    output = work / "out"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    builder = _Builder(go, work)
    try:
        builder.compile("cli", CLI, output / "pulumi")
        builder.compile("python-host", HOST, output / "pulumi-language-python")
        sdk = builder.module_folder("cli", SDK)
        for script in SCRIPTS:
            copy = shutil.copyfile(sdk / script, output / Path(script).name)
            copy.chmod(0o755)
    except CommandFailedError as exc:
        said = "\n".join(f"    {line}" for line in _without_progress(exc.output)[-_SHOWN_LINES:])
        message = f"{exc}; Go's last words:\n{said}\n    What was built so far is kept in {work}."
        raise NotInstalledError(message) from exc
    output.replace(target)
    shutil.rmtree(work)


class _Builder:
    """Go, with everything that it writes inside one folder."""

    def __init__(self, go: str, work: Path) -> None:
        self._go = go
        self._work = work
        self._env = _environment(work)

    def compile(self, module: str, package: str, binary: Path) -> None:
        """Build one of our modules' packages into a binary."""
        folder = self._work / module
        folder.mkdir(exist_ok=True)
        for name in ("go.mod", "go.sum"):  # a copy, so that a build never changes the project
            shutil.copyfile(ROOT / "toolchain" / module / name, folder / name)

        modules = total = packages = 0

        def fetched(line: str) -> str:
            nonlocal modules, total
            if line.startswith("go: "):
                modules += 1
            else:
                total += 1
            return f"{modules} modules"

        def compiled(line: str) -> str:
            nonlocal packages
            packages += 1
            return f"{packages} of {total} packages, now {line.strip()}"

        listing = [self._go, "list", "-deps", "-f", "{{.ImportPath}}", package]
        run_watched(f"Fetching the source of {binary.name}", listing, self._env, fetched, folder)
        flags = f"-X {SDK}/go/common/version.Version=v{VERSION} -s -w"
        command = [self._go, "build", "-v", "-mod=readonly", "-ldflags", flags]
        command += ["-o", str(binary), package]
        run_watched(f"Compiling {binary.name}", command, self._env, compiled, folder)

    def module_folder(self, module: str, needed: str) -> Path:
        """Return where the source of a module that one of ours needs is."""
        command = [self._go, "list", "-m", "-f", "{{.Dir}}", needed]
        folder = self._work / module
        return Path(run_watched("Finding the SDK", command, self._env, lambda _: None, folder)[-1])


def _find_go() -> str:
    go = shutil.which("go")
    if not go:
        message = "there is no Go on PATH"
        raise UnavailableError(message)
    answer = subprocess.run(
        [go, "version"], check=False, capture_output=True, text=True, env=_quiet_go()
    )
    version = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    if answer.returncode or not version:
        message = f"{go} doesn't tell its version"
        raise UnavailableError(message)
    if (int(version[1]), int(version[2])) < _OLDEST_GO:
        message = f"{go} is {version[0]}, Go 1.21 or later is needed"
        raise UnavailableError(message)
    return go


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        gigabytes = 1024**3
        message = (
            f"building needs {needed / gigabytes:.1f} GB in {folder}, and only "
            f"{free / gigabytes:.1f} GB are free; make room, or set LYTICS_ML_CACHE to a folder "
            "on a larger disk"
        )
        raise NotInstalledError(message)


def _quiet_go() -> dict[str, str]:
    """Return an environment in which Go counts nothing in the user's own folders."""
    return os.environ | {"TEST_TELEMETRY_DIR": os.devnull}


def _environment(work: Path) -> dict[str, str]:
    """Return Go's environment: the user's proxies, but none of their build settings or folders."""
    env = {key: value for key, value in _quiet_go().items() if not key.startswith("CGO_")}
    for name in ("GOOS", "GOARCH", "GOEXPERIMENT", "GO111MODULE", "GOBIN", "GOTOOLDIR"):
        env.pop(name, None)
    temporary = work / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return env | {
        "CGO_ENABLED": "0",
        "GOCACHE": str(work / "cache"),
        "GOFLAGS": "-modcacherw -buildvcs=false",  # rw: so that it can be removed again
        "GOMODCACHE": str(work / "modules"),
        "GOPATH": str(work / "path"),
        "GOTMPDIR": str(temporary),
        "GOWORK": "off",
    }


def _without_progress(lines: Sequence[str]) -> list[str]:
    """Return what Go said, without the names of packages and modules that it went through."""
    return [line for line in lines if " " in line and not line.startswith("go: downloading ")]
