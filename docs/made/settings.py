"""The page of the settings."""

from collections.abc import Iterator

from docs.made.text import head, table
from providers.lytics.api.setting_table import SETTINGS, VARIABLES, Setting


def settings() -> Iterator[str]:
    """Yield the page."""
    yield from head(
        "Settings",
        "A stack's settings are in `stacks/Pulumi.<stack>.yaml`, under `config:`. "
        "`bin/pulumi config set lytics:api v2 --stack prod` writes one there. A variable of the "
        "environment wins over the setting beside it. `bin/lytics-ml doctor` says which value "
        "holds, and where it came from. [Keys and secrets](../guides/keys.md) says which key to "
        "use.",
    )
    yield from table(("setting", "variable", "meaning", "default"), map(_row, SETTINGS))
    yield from ("", "## Only in the environment")
    rows = (_row(one)[1:] for one in VARIABLES)
    yield from table(("variable", "meaning", "default"), rows)
    yield from ("", "## Pulumi's own")
    yield from (
        "",
        (
            "`PULUMI_BACKEND_URL`, `PULUMI_ACCESS_TOKEN`, `PULUMI_CONFIG_PASSPHRASE`, "
            "`PULUMI_STACK` and Pulumi's other variables hold as Pulumi documents them, and "
            "win. Without any, `bin/pulumi` keeps states in `.pulumi/` of this folder, and the "
            "stack `local` has the passphrase `local`."
        ),
    )


def _row(setting: Setting) -> tuple[str, str, str, str]:
    key = f"`lytics:{setting.key}`" if setting.key else ""
    variable = f"`{setting.variable}`" if setting.variable else ""
    return key, variable, setting.meaning, setting.default
