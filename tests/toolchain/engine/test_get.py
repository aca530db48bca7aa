import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.stub import ROOT, script
from toolchain import places
from toolchain.engine import build, download, get, on_path
from toolchain.errors import NotInstalledError, UnavailableError


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an otherwise empty folder all of PATH."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in ("sh", "env"):
        (folder / tool).symlink_to(shutil.which(tool) or "")
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the cache."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("LYTICS_ML_CACHE", str(folder))
    return folder


def pulumi_that_says(folder: Path, version: str, *, with_host: bool = True) -> Path:
    """Pretend an engine."""
    if with_host:
        script(folder / "pulumi-language-python", "#!/bin/sh\n")
    return script(folder / "pulumi", f"#!/bin/sh\necho '{version}'\n")


@pytest.mark.parametrize("version", ["v3.230.0", "v3.250.0", "3.299.1", "v3.251.0-alpha.x1"])
def test_supported_pulumi_on_path_is_used(path: Path, version: str) -> None:
    """An engine that the user has installed is taken, nothing is downloaded or built."""
    pulumi_that_says(path, version)
    assert on_path.find() == path


@pytest.mark.parametrize(
    ("version", "reason"),
    [("v3.229.9", "is v3.229.9"), ("v4.0.0", "is v4.0.0"), ("", "says nothing"), ("ok", "(ok)")],
)
def test_unsupported_pulumi_is_named(path: Path, version: str, reason: str) -> None:
    """An engine that is too old, too new or unclear is passed over, and the reason is told."""
    pulumi = pulumi_that_says(path, version)
    with pytest.raises(UnavailableError) as caught:
        on_path.find()
    assert str(pulumi) in str(caught.value)
    assert reason in str(caught.value)


def test_pulumi_without_python_host_is_named(path: Path) -> None:
    """An engine that can't run Python programs is no engine for us."""
    pulumi_that_says(path, "v3.250.0", with_host=False)
    with pytest.raises(UnavailableError, match="has no pulumi-language-python"):
        on_path.find()


def test_later_pulumi_on_path_counts(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that doesn't fit doesn't hide one that does."""
    pulumi_that_says(path, "v3.1.0")
    pulumi_that_says(tmp_path / "later", "v3.250.0")
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{tmp_path / 'later'}")
    assert on_path.find() == tmp_path / "later"


def test_stubs_are_no_engines(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub never finds itself, nor the stub of another clone, which would start looking too."""
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.defpath}")
    (path / "pulumi").symlink_to(ROOT / "bin" / "pulumi")
    other = tmp_path / "clone" / "bin"
    other.mkdir(parents=True)
    shutil.copy(ROOT / "bin" / "pulumi", other / "pulumi")
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{other}{os.pathsep}{os.defpath}")
    with pytest.raises(UnavailableError, match="stub") as caught:
        on_path.find()
    assert str(path / "pulumi") not in str(caught.value)


def way_that_works(target: Path) -> None:
    """Pretend to get an engine."""
    script(target / "pulumi", "#!/bin/sh\n")


def way_that_is_missing(reason: str) -> Callable[[Path], None]:
    """Pretend that a way doesn't exist here."""

    def way(_target: Path) -> None:
        raise UnavailableError(reason)

    return way


@pytest.mark.usefixtures("path", "cache")
def test_download_comes_before_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minutes of a build are spent only where a download is not to be had."""
    monkeypatch.setattr(get, "download", way_that_works)
    monkeypatch.setattr(get, "build", way_that_is_missing("must not be asked"))
    assert get.get_engine() == places.engine_folder()


@pytest.mark.usefixtures("path", "cache")
def test_failed_download_is_followed_by_the_build(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the download fails, the user reads why, and the build is tried."""
    monkeypatch.setattr(get, "download", way_that_is_missing("no such host"))
    monkeypatch.setattr(get, "build", way_that_works)
    assert get.get_engine() == places.engine_folder()
    assert "no Pulumi by download: no such host" in capsys.readouterr().err


@pytest.mark.usefixtures("path", "cache")
def test_engine_in_the_cache_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was downloaded or built once is not got again."""
    way_that_works(places.engine_folder())
    monkeypatch.setattr(get, "download", way_that_is_missing("must not be asked"))
    monkeypatch.setattr(get, "build", way_that_is_missing("must not be asked"))
    assert get.get_engine() == places.engine_folder()


@pytest.mark.usefixtures("path", "cache")
def test_every_failure_and_what_to_do_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any way, one message tells what was tried, why each failed, and what helps."""
    monkeypatch.setattr(get, "download", way_that_is_missing("no such host"))
    with pytest.raises(NotInstalledError) as caught:
        get.get_engine()
    assert str(caught.value).splitlines()[1:] == [
        "  on PATH: there is no pulumi",
        "  download: no such host",
        "  build: there is no Go on PATH",
        get.WHAT_TO_DO,
    ]


INSTALLER = """#!/bin/sh
# python -P -m toolchain.engine.download ROOT
mkdir -p "$4/bin"
touch "$4/bin/pulumi"
"""


def test_download_appears_when_complete(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the installer leaves in its bin becomes the engine's folder, and nothing else stays."""
    monkeypatch.setattr(sys, "executable", str(script(cache / "python", INSTALLER)))
    download.download(cache / "engine")
    assert sorted(entry.name for entry in cache.iterdir()) == ["engine", "python"]
    assert (cache / "engine" / "pulumi").exists()


def test_failed_download_says_why_in_a_line(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an installer's words only the last line is told, and what it left is removed."""
    python = script(cache / "python", f"{INSTALLER}echo many; echo 'no such host'; exit 1\n")
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(UnavailableError, match=r"^no such host$"):
        download.download(cache / "engine")
    assert [entry.name for entry in cache.iterdir()] == ["python"]


def test_slow_download_is_given_up(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that hangs ends in time, with everything that it started."""
    beats = cache / "beats"
    beating = f"sh -c 'while :; do echo >> \"{beats}\"; sleep 0.05; done' & wait\n"
    monkeypatch.setattr(sys, "executable", str(script(cache / "python", INSTALLER + beating)))
    monkeypatch.setattr(download, "LIMIT_S", 2)
    with pytest.raises(UnavailableError, match="not done after"):
        download.download(cache / "engine")
    size = beats.stat().st_size
    time.sleep(0.3)
    assert 0 < size == beats.stat().st_size


GO = """#!/bin/sh
# Pretends to build: logs each call, and fails where FAIL_AT says.
echo "$PWD: $*" >> "$LOG"
env > "$LOG.env"
case "$*" in "$FAIL_AT"*) echo "pkg/broken: does not compile"; exit 1;; esac
case $1 in
  version) echo "go version ${GO_SAYS:-go1.26.1} linux/amd64";;
  build) while [ "$1" != -o ]; do shift; done; echo binary > "$2";;
  list) case "$*" in *Dir*) echo "$SDK";; *) echo "go: downloading x v1"; echo a/package;; esac;;
esac
"""


@pytest.fixture
def go(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pretend a Go; return the file that its calls are noted in."""
    sdk = tmp_path / "sdk"
    for name in build.SCRIPTS:
        script(sdk / name, "#!/bin/sh\n").chmod(0o444)
    script(path / "go", GO)
    monkeypatch.setenv("SDK", str(sdk))
    monkeypatch.setenv("LOG", str(tmp_path / "go-calls"))
    monkeypatch.setenv("FAIL_AT", "nothing")
    return tmp_path / "go-calls"


@pytest.mark.usefixtures("go")
def test_build_leaves_four_programs(cache: Path) -> None:
    """A build keeps what pulumi needs to run Python programs, and nothing of its gigabytes."""
    build.build(cache / "engine")
    assert [entry.name for entry in cache.iterdir()] == ["engine"]
    programs = sorted((cache / "engine").iterdir())
    assert [program.name for program in programs] == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    ]
    assert all(os.access(program, os.X_OK) for program in programs[2:])


def test_build_is_announced(go: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the minutes begin, the user reads how many, how much disk, and where."""
    build.build(cache / "engine")
    said = " ".join(capsys.readouterr().err.split())
    assert go.exists()
    for part in ("5 minutes", "3.5 GB", "130 MB", str(cache)):
        assert part in said


def test_build_writes_only_into_the_cache(
    go: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Go's folders and settings are ours for the build; the user's proxy stays."""
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOPROXY", "https://proxy.example")
    build.build(cache / "engine")
    lines = go.with_suffix(".env").read_text().splitlines()
    env = dict(line.split("=", 1) for line in lines if "=" in line)
    for name in ("GOCACHE", "GOMODCACHE", "GOPATH", "GOTMPDIR"):
        assert env[name].startswith(f"{cache}/engine.build/")
    assert "GOOS" not in env
    assert "vendor" not in env["GOFLAGS"]
    assert env["GOPROXY"] == "https://proxy.example"


def test_build_reports_the_pinned_version(go: Path, cache: Path) -> None:
    """The version is linked in, since a CLI without one is refused by its own tools."""
    build.build(cache / "engine")
    calls = [line for line in go.read_text().splitlines() if ": build" in line]
    assert [call.rsplit(" ", 1)[1] for call in calls] == [build.CLI, build.HOST]
    assert f"version.Version=v{places.VERSION}" in calls[0]


def test_interrupted_build_goes_on(
    go: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A build that fails shows Go's words, keeps its caches, and is gone on with the next time."""
    monkeypatch.setenv("FAIL_AT", "build")
    with pytest.raises(NotInstalledError, match="does not compile"):
        build.build(cache / "engine")
    assert not (cache / "engine").exists()
    kept = cache / "engine.build" / "cache"
    kept.mkdir()
    monkeypatch.setenv("FAIL_AT", "list -m")
    with pytest.raises(NotInstalledError):
        build.build(cache / "engine")
    assert kept.exists()
    monkeypatch.setenv("FAIL_AT", "nothing")
    capsys.readouterr()
    build.build(cache / "engine")
    assert "going on" in capsys.readouterr().err
    assert [entry.name for entry in cache.iterdir()] == ["engine"]
    assert go.exists()


@pytest.mark.usefixtures("go")
def test_ended_build_leaves_nothing_running(cache: Path, path: Path) -> None:
    """Who ends the command ends the compiler with it, which would else work on for minutes."""
    running = cache / "compiler"
    compiler = f'case $1 in build) echo $$ > "{running}"; exec /bin/sleep 600;; esac\n'
    script(path / "go", GO.replace("case $1 in\n", f"{compiler}case $1 in\n"))
    command = [sys.executable, "-P", "-m", "toolchain", "get", "any"]
    nowhere = {"https_proxy": "http://127.0.0.1:9"}  # so that nothing is downloaded
    env = os.environ | nowhere | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 300
        while not (running.exists() and running.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        process.terminate()
        process.communicate(timeout=300)
    assert process.returncode == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int(running.read_text()), 0)


def test_old_go_is_named(go: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Go that can't follow our go.mod is told with its version."""
    monkeypatch.setenv("GO_SAYS", "go1.20.3")
    with pytest.raises(UnavailableError, match=r"is go1\.20, Go 1\.21 or later is needed"):
        build.build(cache / "engine")
    assert go.exists()


@pytest.mark.usefixtures("go")
def test_full_disk_is_told_before(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the space, nothing is begun, and the user reads how much where, and what helps."""
    monkeypatch.setattr(build, "NEEDED_BYTES", 2**60)
    with pytest.raises(NotInstalledError, match=r"GB are free.*LYTICS_ML_CACHE"):
        build.build(cache / "engine")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"LYTICS_ML_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/lytics-ml"),
        ({"HOME": "/c"}, "/c/.cache/lytics-ml"),
    ],
)
def test_cache_folder_is_the_users_choice(
    env: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one folder outside the project is where the user, or the system, keeps caches."""
    for name in ("LYTICS_ML_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert str(places.cache_folder()) == expected
    script = f"root={places.ROOT}; . toolchain/bootstrap.sh; cache_folder"
    told = subprocess.run(["bash", "-c", script], cwd=places.ROOT, check=True, capture_output=True)
    assert told.stdout.decode().strip() == expected
