"""Which account the tool talks to, and which addresses and keys it refuses."""

from collections.abc import Callable

import pytest

from providers.lytics.api.setting_table import DEFAULT_API_URL
from providers.lytics.api.settings import Settings, keys_differ
from providers.lytics.errors import SettingsError


def config(**values: object) -> Callable[[str], object]:
    """Return a stack's config."""
    return values.get


def read(environment: dict[str, str] | None = None, **values: object) -> Settings:
    """Read settings from a stack's config and an environment."""
    return Settings.read(config(**values), environment or {})


def test_defaults() -> None:
    """With nothing set it is Lytics' own address, without a key."""
    assert read() == Settings()
    assert read().api_url == DEFAULT_API_URL == "https://api.lytics.io/api"
    assert read().origin == "https://api.lytics.io"


def test_everything_can_be_set() -> None:
    """Every setting is read from the stack's config, where all values are text."""
    settings = read(
        apiUrl="https://x.example/api/",
        apiKey=" at.1 ".strip(),
        accountId="1234",
        wait="false",
        patienceSeconds="5",
        timeoutSeconds="2.5",
        settleSeconds="0.5",
    )
    assert settings == Settings("https://x.example/api", "at.1", 1234, False, 5.0, 2.5, 0.5)  # noqa: FBT003


def test_when_the_state_is_written_is_step_or_end() -> None:
    """Another word is refused before a long run shows that it wasn't understood."""
    assert read(stateWrites="end").state_writes == "end"
    with pytest.raises(SettingsError, match="step or end"):
        read(stateWrites="once")


def test_the_environment_wins() -> None:
    """LIOKEY and LYTICS_API_URL in the environment win over the stack's config."""
    environment = {"LIOKEY": " env ", "LYTICS_API_URL": "https://env.example/api"}
    settings = read(environment, apiKey="stack", apiUrl="https://stack.example/api")
    assert (settings.api_key, settings.api_url) == ("env", "https://env.example/api")
    assert read({"LIOKEY": " "}, apiKey="stack").api_key == "stack"


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("a", "b", True),
        ("a", "a", False),
        ("", "b", False),
        ("a", None, False),
        (" a ", "a", False),
    ],
)
def test_keys_differ(ours: str, theirs: object, *, expected: bool) -> None:
    """Two different keys are worth a warning, one alone isn't."""
    assert keys_differ(theirs, {"LIOKEY": ours}) is expected
    assert keys_differ("b", {}) is False


def test_the_key_is_never_shown() -> None:
    """The key isn't in the settings' text."""
    assert "at.secret" not in repr(Settings(api_key="at.secret"))
    assert "at.secret" not in str(Settings(api_key="at.secret"))


def test_a_missing_key_says_where_to_put_it() -> None:
    """Without a key the message names the variable and the command."""
    with pytest.raises(SettingsError) as caught:
        Settings().require_key()
    assert str(caught.value) == (
        "no API key. Set LIOKEY in the environment, or store one with: "
        "bin/pulumi config set --stack NAME --secret lytics:apiKey. "
        "docs/start/account.md says which key you need"
    )
    assert Settings(api_key="k").require_key() == "k"


@pytest.mark.parametrize("key", ["a b", "a\nb", "schlüssel", "a\x00", "a\tb"])
def test_an_unusable_key_is_refused_without_being_shown(key: str) -> None:
    """A key with blanks or odd characters is refused before it can break a header."""
    with pytest.raises(SettingsError) as caught:
        read({"LIOKEY": key})
    assert key not in str(caught.value)
    assert "copy it again into LIOKEY or lytics:apiKey" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("accountId", "abc", "lytics:accountId must be a whole number, for example 1234"),
        ("accountId", "inf", "lytics:accountId must be a whole number, for example 1234"),
        ("accountId", "", "lytics:accountId must be a whole number, for example 1234"),
        ("accountId", "12.5", "lytics:accountId must be a whole number, for example 1234"),
        (
            "patienceSeconds",
            "x",
            "lytics:patienceSeconds must be a number of seconds above 0, for example 90",
        ),
        (
            "timeoutSeconds",
            "0",
            "lytics:timeoutSeconds must be a number of seconds above 0, for example 60",
        ),
        (
            "settleSeconds",
            "inf",
            "lytics:settleSeconds must be a number of seconds above 0, for example 15",
        ),
        (
            "settleSeconds",
            "nan",
            "lytics:settleSeconds must be a number of seconds above 0, for example 15",
        ),
        ("apiUrl", "api.lytics.io", f"lytics:apiUrl must be an address such as {DEFAULT_API_URL}"),
        ("apiUrl", "ftp://x/api", f"lytics:apiUrl must be an address such as {DEFAULT_API_URL}"),
        ("apiUrl", "https://", f"lytics:apiUrl must be an address such as {DEFAULT_API_URL}"),
        ("apiUrl", "http://[::1", f"lytics:apiUrl must be an address such as {DEFAULT_API_URL}"),
        (
            "apiUrl",
            "https://x:99999",
            f"lytics:apiUrl must be an address such as {DEFAULT_API_URL}",
        ),
        (
            "apiUrl",
            "https://x:a/api",
            f"lytics:apiUrl must be an address such as {DEFAULT_API_URL}",
        ),
        (
            "apiUrl",
            "https://user:secret@x/api",
            "lytics:apiUrl must hold no user, password or query; the key has its own setting",
        ),
        (
            "apiUrl",
            "https://x/api?key=secret",
            "lytics:apiUrl must hold no user, password or query; the key has its own setting",
        ),
        (
            "apiUrl",
            "http://api.lytics.io/api",
            (
                "lytics:apiUrl sends the key in clear to api.lytics.io. Use https, "
                "or set lytics:allowHttp to true if that network is yours alone"
            ),
        ),
        ("wait", "flase", "lytics:wait must be true or false"),
    ],
)
def test_an_unusable_value_says_which_and_why(name: str, value: str, message: str) -> None:
    """A value that can't be used is refused by name, with what would be right."""
    with pytest.raises(SettingsError) as caught:
        Settings.read({name: value}.get, {})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8/api", "http://localhost/api", "http://[::1]:80/api"]
)
def test_plain_http_is_allowed_on_this_machine(url: str) -> None:
    """Plain http is for this machine alone."""
    assert read(apiUrl=url).api_url == url


def test_plain_http_elsewhere_has_to_be_allowed() -> None:
    """Plain http to another machine is used only where the config says so."""
    assert read(apiUrl="http://box/api", allowHttp="true").origin == "http://box"
    with pytest.raises(SettingsError, match="in clear to box"):
        read(apiUrl="http://box/api", allowHttp="perhaps")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("True", True), ("1", True), ("yes", True), ("false", False), ("no", False)],
)
def test_wait(value: str, *, expected: bool) -> None:
    """lytics:wait is read as people write it."""
    assert read(wait=value).wait is expected
    assert read(wait=expected).wait is expected
