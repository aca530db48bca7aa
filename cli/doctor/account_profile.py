"""The account profile that `--save` writes: no ids, no names, nothing secret."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.edit.output import write_text

VERSION = 1
KEYS = (
    "api",
    "name_altered",
    "name_text",
    "config_echo",
    "listed_after_s",
    "same_name",
    "active_while_building",
    "summary_while_building",
    "update_post",
    "update_put",
    "update_query",
    "label_altered",
    "delete",
    "goes_live_by_itself",
    "latency_ms",
    "account",
)


def profile_text(found: Mapping[str, Any]) -> str:
    """Return a profile as its file holds it; what wasn't found out is null."""
    profile = {"version": VERSION, **{key: found.get(key) for key in KEYS}}
    return json.dumps(profile, indent=2, ensure_ascii=False) + "\n"


def save(path: Path, found: Mapping[str, Any]) -> None:
    """Write a profile.

    Raises:
        CliError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, profile_text(found))
