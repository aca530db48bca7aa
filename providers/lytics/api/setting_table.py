"""Every setting and variable that this project reads: the one list, for code and documents."""

from dataclasses import dataclass

DEFAULT_API_URL = "https://api.lytics.io/api"
KEY_VARIABLE = "LIOKEY"
URL_VARIABLE = "LYTICS_API_URL"
API_VARIABLE = "LYTICS_API"


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        key: its key in the namespace `lytics` of a stack's settings, "" for a mere variable.
        variable: the environment variable, "" where there is none. It wins over the key.
        meaning: what it is, in Markdown; a link goes from `docs/reference`.
        default: what holds where it isn't set, "" where nothing does.
    """

    key: str
    variable: str
    meaning: str
    default: str = ""


SETTINGS = (
    Setting("apiKey", KEY_VARIABLE, "The API key, a secret (`pulumi config set --secret`)"),
    Setting("apiUrl", URL_VARIABLE, "The API's address", f"`{DEFAULT_API_URL}`"),
    Setting("api", API_VARIABLE, "`v1` or `v2`: the [generation](api-generations.md)", "`v1`"),
    Setting(
        "accountId",
        "",
        "The account's number. A key of another account is refused. It also vouches for an account "
        "without models where the key lacks Audience View",
        "the number in the state",
    ),
    Setting(
        "account",
        "",
        "A saved [account profile](../guides/doctor.md#using-what-was-found), as a path from the "
        "project",
    ),
    Setting("wait", "", "Whether an `up` waits for new models, `true` or `false`", "`true`"),
    Setting(
        "stateWrites",
        "",
        "When the state is written: after every `step`, or once at the `end` of a run "
        "([Performance](../project/performance.md))",
        "`step`",
    ),
    Setting(
        "patienceSeconds", "", "For how long a request that is safe to repeat is repeated", "90"
    ),
    Setting("timeoutSeconds", "", "How long to wait for one reply", "60"),
    Setting("settleSeconds", "", "How long ML List may take to show a new model", "15"),
    Setting("allowHttp", "", "Allow an address without TLS on another machine", "`false`"),
)
"""What a stack's settings may hold."""

VARIABLES = (
    Setting(
        "",
        "LIOKEY_<STACK>",
        "The key of one stack, where `promote` and the rule `proved-in` ask two accounts: "
        "`LIOKEY_STAGING`",
        "`LIOKEY`",
    ),
    Setting(
        "",
        "LYTICS_ML_HISTORY",
        "The folder of the histories ([After it went live](../guides/watch.md))",
        "`history/`",
    ),
    Setting(
        "",
        "LYTICS_ML_NOTIFY",
        "Where `--notify` sends its messages, a secret ([Messages](../guides/watch.md#messages))",
    ),
    Setting(
        "",
        "LYTICS_ML_CACHE",
        "The folder that keeps the engine and fetched packages for all clones",
        "`~/.cache/lytics-ml`",
    ),
    Setting(
        "",
        "LYTICS_ML_REHEARSALS",
        "The folder in which a rehearsal makes its copy",
        "the system's temporary folder",
    ),
    Setting(
        "",
        "LYTICS_ML_NOW",
        "What time a history takes it to be, for tests with a clock of their own",
        "the clock",
    ),
)
"""What only the environment says."""

INTERNAL = frozenset(
    {
        "LYTICS_ML_INTERACTIVE",
        "LYTICS_ML_NO_DEBUG",
        "LYTICS_ML_NO_WAIT",
        "LYTICS_ML_PROBE",
        "LYTICS_ML_REHEARSAL",
    }
)
"""What `bin/` and a rehearsal tell the program; nobody sets them by hand."""

BY_KEY = {setting.key: setting for setting in SETTINGS}
