import hashlib
import json
from pathlib import Path

import pytest

from providers.lytics.api.settings import MOST_CONNECTIONS
from tests.support.stub import Answer, Stub

BACKEND, HOME = "PULUMI_BACKEND_URL", "PULUMI_HOME"
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"


def log_in(home: Path, backend: str) -> None:
    """Leave what `pulumi login` leaves in a Pulumi home."""
    home.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"current": backend, "accessTokens": {backend: ""}}, indent=4)
    (home / "credentials.json").write_text(text)


def select(home: Path, project: Path, stack: str, name: str = "shop") -> None:
    """Leave what `pulumi stack select` leaves in a Pulumi home."""
    folder = home / "workspaces"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha1(str(project).encode(), usedforsecurity=False).hexdigest()
    file = folder / f"{name}-{digest}-workspace.json"
    file.write_text(json.dumps({"stack": stack}, indent=4))


def keeps_state_in(answer: Answer, folder: Path) -> bool:
    """Tell whether state and home are by default in a folder, and that can be written to."""
    state = folder / ".pulumi" / "state"
    expected = {BACKEND: f"file://{state}", HOME: str(folder / ".pulumi" / "home")}
    return {name: answer.env.get(name) for name in expected} == expected and state.is_dir()


def test_state_is_kept_in_the_project(stub: Stub) -> None:
    """Who has set nothing finds state and home inside the project folder."""
    assert keeps_state_in(stub.run("up"), stub.root)


def test_state_belongs_to_the_project_in_use(stub: Stub, tmp_path: Path) -> None:
    """A program elsewhere, also from a folder below it, keeps its own state."""
    elsewhere = tmp_path / "elsewhere"
    below = elsewhere / "deep" / "down"
    below.mkdir(parents=True)
    (elsewhere / "Pulumi.yaml").write_text("name: other\n")
    assert keeps_state_in(stub.run("up", cwd=below), elsewhere)


@pytest.mark.parametrize("spelled", [["-C", "{}"], ["--cwd", "{}"], ["--cwd={}"], ["-C{}"]])
def test_state_follows_a_chosen_folder(stub: Stub, tmp_path: Path, spelled: list[str]) -> None:
    """--cwd chooses the project, and with it the state."""
    (tmp_path / "Pulumi.yaml").write_text("name: other\n")
    arguments = [part.format(tmp_path) for part in spelled]
    assert keeps_state_in(stub.run(*arguments, "up"), tmp_path)


def test_without_a_project_the_stubs_own_is_used(stub: Stub, tmp_path: Path) -> None:
    """Outside any project nothing is left where the caller happens to be."""
    assert keeps_state_in(stub.run("whoami", cwd=tmp_path), stub.root)
    assert not (tmp_path / ".pulumi").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [(BACKEND, "s3://team-state"), ("PULUMI_ACCESS_TOKEN", "pul-1")],
)
def test_users_backend_wins(stub: Stub, name: str, value: str) -> None:
    """A backend or a token in the environment is kept, and no other is set beside it."""
    env = stub.run("up", env={name: value}).env
    assert env[name] == value
    assert name == BACKEND or BACKEND not in env


def test_backend_of_the_project_file_wins(stub: Stub) -> None:
    """A team's backend in Pulumi.yaml is not overridden by the environment."""
    with (stub.root / "Pulumi.yaml").open("a") as file:
        file.write("backend:\n  url: s3://team-state")
    assert BACKEND not in stub.run("up").env


def test_users_login_wins(stub: Stub) -> None:
    """Who is logged in keeps backend and home."""
    log_in(stub.home / ".pulumi", "https://api.pulumi.com")
    env = stub.run("up").env
    assert BACKEND not in env
    assert HOME not in env


def test_login_in_the_users_own_home_wins(stub: Stub, tmp_path: Path) -> None:
    """A Pulumi home that the user chose is kept, and so is a login in it."""
    env = {HOME: str(tmp_path / "own")}
    assert stub.run("up", env=env).env[HOME] == env[HOME]
    log_in(tmp_path / "own", "gs://team-state")
    assert BACKEND not in stub.run("up", env=env).env


def test_login_kept_elsewhere_wins(stub: Stub, tmp_path: Path) -> None:
    """A login in a folder of its own, as PULUMI_CREDENTIALS_PATH says, is one too."""
    log_in(tmp_path / "keys", "gs://team-state")
    assert (
        BACKEND not in stub.run("up", env={"PULUMI_CREDENTIALS_PATH": str(tmp_path / "keys")}).env
    )


def test_login_through_the_stub_is_remembered(stub: Stub) -> None:
    """Who logs in with the stub, and so into the project's home, is not sent back to the file."""
    assert BACKEND not in stub.run("login").env
    log_in(stub.root / ".pulumi" / "home", "https://api.pulumi.com")
    env = stub.run("up").env
    assert BACKEND not in env
    assert env[HOME] == str(stub.root / ".pulumi" / "home")


def test_login_to_our_own_default_is_none(stub: Stub) -> None:
    """The default backend, noted as a login, doesn't switch the default off."""
    log_in(stub.root / ".pulumi" / "home", f"file://{stub.root}/.pulumi/state")
    assert keeps_state_in(stub.run("up"), stub.root)


LOCAL = [
    ["up", "--stack", "local"],
    ["--stack=local", "up"],
    ["-s", "local", "preview"],
    ["up", "-slocal"],
    ["up", "-s=local"],
    ["up", "-ys", "local"],
    ["up", "--stack", "organization/shop/local"],
    ["--color", "never", "stack", "select", "--stack", "local", "--create"],
    ["stack", "output", "-s", "local"],
]
NOT_LOCAL = [
    ["up"],
    ["version"],
    ["up", "--stack", "prod"],
    ["up", "--stack", "localhost"],
    ["stack", "init", "prod"],
    ["stack", "select", "prod"],
    ["config", "set", "local"],
    ["up", "--message", "local"],
    ["up", "--", "--stack", "local"],
    ["up", "-sprod"],
    ["stack", "init", "--secrets-provider", "passphrase", "local"],
    ["stack", "--secrets-provider", "passphrase", "init", "prod"],
    ["stack", "select", "prod", "--create"],
    ["new", "python"],
]
# These act on the stack that is selected.
SELECTED = [["up"], ["version"], ["config", "set", "local"], ["up", "--message", "local"]]
SELECTED += [["up", "--", "--stack", "local"]]


@pytest.mark.parametrize("arguments", LOCAL, ids=" ".join)
def test_local_stack_needs_no_passphrase(stub: Stub, arguments: list[str]) -> None:
    """However it is named, the local stack asks for no passphrase."""
    assert stub.run(*arguments).env[PASSPHRASE] == "local"


@pytest.mark.parametrize("arguments", NOT_LOCAL, ids=" ".join)
def test_other_stacks_get_no_passphrase(stub: Stub, arguments: list[str]) -> None:
    """A stack with real secrets is never encrypted with a passphrase that everybody knows."""
    assert PASSPHRASE not in stub.run(*arguments).env


@pytest.mark.parametrize(
    "arguments", [arguments for arguments in NOT_LOCAL if arguments not in SELECTED], ids=" ".join
)
def test_a_selected_local_stack_lends_its_passphrase_to_no_other(
    stub: Stub, arguments: list[str]
) -> None:
    """What makes or names another stack is given none, although the local one is selected."""
    select(stub.root / ".pulumi" / "home", stub.root / "Pulumi.yaml", "local")
    assert PASSPHRASE not in stub.run(*arguments).env


CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"


@pytest.mark.parametrize("verb", ["up", "update", "destroy", "refresh"])
def test_state_is_written_once_where_the_settings_say_so(stub: Stub, verb: str) -> None:
    """Of many models' state, the engine would write all of it twice for every one."""
    (stub.root / "stacks").mkdir(exist_ok=True)
    for name, setting in {"big": "end", "quoted": '"end" # quicker', "small": "step"}.items():
        text = f"config:\n  lytics:stateWrites: {setting}\n"
        (stub.root / "stacks" / f"Pulumi.{name}.yaml").write_text(text)
    assert stub.run(verb, "--stack", "org/shop/big").env[CHECKPOINTS] == "true"
    assert stub.run(verb, "--stack", "quoted").env[CHECKPOINTS] == "true"
    assert CHECKPOINTS not in stub.run(verb, "--stack", "small").env
    assert CHECKPOINTS not in stub.run(verb, "--stack", "none").env
    assert CHECKPOINTS not in stub.run("preview", "--stack", "big").env
    said_no = stub.run(verb, "--stack", "big", env={CHECKPOINTS: "false"})
    assert said_no.env[CHECKPOINTS] == "false"


def test_passphrase_follows_the_environments_stack(stub: Stub) -> None:
    """PULUMI_STACK names the stack, unless an argument does."""
    env = {"PULUMI_STACK": "local"}
    assert stub.run("up", env=env).env[PASSPHRASE] == "local"
    assert PASSPHRASE not in stub.run("up", "-s", "prod", env=env).env


def test_passphrase_follows_the_selected_stack(stub: Stub) -> None:
    """The stack that is selected counts where nothing else names one."""
    home = stub.root / ".pulumi" / "home"
    select(home, stub.root / "Pulumi.yaml", "local")
    assert stub.run("up").env[PASSPHRASE] == "local"
    assert PASSPHRASE not in stub.run("up", "-s", "prod").env
    select(home, stub.root / "Pulumi.yaml", "prod")
    assert PASSPHRASE not in stub.run("up").env


@pytest.mark.parametrize(
    ("name", "value"),
    [(PASSPHRASE, "mine"), (PASSPHRASE, ""), (f"{PASSPHRASE}_FILE", "/a/file")],
)
def test_users_passphrase_wins(stub: Stub, name: str, value: str) -> None:
    """A passphrase of the user's, an empty one too, holds for the local stack as well."""
    env = stub.run("up", "-s", "local", env={name: value}).env
    assert {key: env[key] for key in env if key.startswith(PASSPHRASE)} == {name: value}


def test_grpc_on_this_machine_goes_through_no_proxy(stub: Stub) -> None:
    """Engine, program and host find each other whatever proxy is set; what the user set stays."""
    proxy = {"https_proxy": "http://proxy.example:3128"}
    assert stub.run("up", env=proxy).env["no_grpc_proxy"] == "127.0.0.1,localhost,::1"
    own = stub.run("up", env={**proxy, "no_grpc_proxy": "x.example"}).env
    assert own["no_grpc_proxy"] == "x.example,127.0.0.1,localhost,::1"
    assert own["https_proxy"] == proxy["https_proxy"]


def test_the_engine_takes_as_many_steps_as_the_client_has_connections(stub: Stub) -> None:
    """More would wait for a connection; fewer would leave some unused. The user's number wins."""
    assert stub.run("up").env["PULUMI_PARALLEL"] == str(MOST_CONNECTIONS)
    assert stub.run("up", env={"PULUMI_PARALLEL": "3"}).env["PULUMI_PARALLEL"] == "3"
