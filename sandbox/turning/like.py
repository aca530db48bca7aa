"""Account profiles: how a real account behaves, as ``lytics-ml doctor --save`` wrote it down.

The README tells the format. ``null`` is what nobody could tell; there the sandbox stays as it is.
"""

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sandbox.errors import SettingsError

JsonObject = dict[str, Any]
VERSION = 1
LATE_S = 20.0
"""Seconds of a model that goes live ``late``."""

CHOICES: dict[str, dict[object, JsonObject]] = {
    "api": {how: {"generation": how} for how in ("v1", "v2", "both")},
    "name_altered": {
        "no": {"rename": "none"},
        **{how: {"rename": how} for how in ("prefix", "suffix", "lower")},
    },
    "config_echo": {how: {"config_echo": how} for how in ("full", "zeroed", "none")},
    "same_name": {
        **{how: {"same_name": how} for how in ("second", "refused", "renamed")},
        "same id": {"same_name": "same_id"},
    },
    "active_while_building": {
        "taken": {"early_activation": "accept", "early_stop": "accept"},
        "refused": {"early_activation": "refuse", "early_stop": "refuse"},
        "ignored": {"early_activation": "ignore", "early_stop": "ignore"},
    },
    "summary_while_building": {how: {"early_summary": how} for how in ("empty", "zeros", "404")},
    **{key: {how: {key: how} for how in (True, False)} for key in ("update_post", "update_put")},
    "update_query": {how: {"update_query": how} for how in (True, False)},
    "label_altered": {True: {"labels": "trimmed"}, False: {"labels": "kept"}},
    "delete": {True: {"delete_status": 200}, False: {"delete_status": 405}},
    "goes_live_by_itself": {
        # What the doctor saw was a model with build_only.
        True: {"live_after_s": 0.0, "build_only": "ignored"},
        False: {"live_after_s": None},
        "late": {"live_after_s": LATE_S},
    },
}
NUMBERS = {"listed_after_s": "list_delay_s", "latency_ms": "latency_ms"}
TEXTS = {"name_text": "rename_text"}
KEYS = ("version", *CHOICES, *NUMBERS, *TEXTS)
PASSED_OVER = ("account",)
"""Whose profile it is; of no meaning here."""


def behaviour_like(path: Path) -> JsonObject:
    """Read a profile.

    Returns:
        Values of ``Settings``; what the profile doesn't know is missing.

    Raises:
        SettingsError: it can't be read, is of another version, or has a value that is none; all
            problems at once.
    """
    profile = _read(path)
    if profile.get("version") != VERSION:
        message = (
            f"{path}: this is no account profile of version {VERSION}, but of "
            f"{profile.get('version')!r}. Write it anew: lytics-ml doctor --try --save {path}"
        )
        raise SettingsError(message)
    problems = [_unknown(key) for key in profile if key not in (*KEYS, *PASSED_OVER)]
    if missing := [key for key in KEYS if key not in profile]:
        problems.append(f"missing: {', '.join(missing)}; null is 'not known'")
    settings: JsonObject = {}
    for key, value in profile.items():
        if value is None or key in ("version", *PASSED_OVER):
            continue
        if problem := _take(key, value, settings):
            problems.append(problem)
    if problems:
        raise SettingsError("\n".join(f"{path}: {problem}" for problem in problems))
    return settings


def _read(path: Path) -> JsonObject:
    try:
        profile = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        message = f"Can't read the account profile {path}: {problem.strerror}"
        raise SettingsError(message) from problem
    except json.JSONDecodeError as problem:
        message = (
            f"{path}, line {problem.lineno}, column {problem.colno}: not whole JSON "
            f"({problem.msg}). Write it anew: lytics-ml doctor --try --save {path}"
        )
        raise SettingsError(message) from problem
    except UnicodeDecodeError as problem:
        message = f"{path}: not UTF-8, so no account profile"
        raise SettingsError(message) from problem
    if not isinstance(profile, dict):
        message = f"{path}: an account profile is a JSON object"
        raise SettingsError(message)
    return profile


def _unknown(key: str) -> str:
    near = get_close_matches(key, KEYS, 1)
    return f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _take(key: str, value: object, settings: JsonObject) -> str:
    """Turn a value into settings; return what is wrong with it, or nothing."""
    if key in CHOICES:
        for choice, chosen in CHOICES[key].items():
            # Not 1 for true.
            if type(choice) is type(value) and choice == value:
                settings.update(chosen)
                return ""
        known = ", ".join(map(json.dumps, CHOICES[key]))
        return f"{key} is {json.dumps(value)}, must be one of {known}, or null"
    if key in NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            return f"{key} is {json.dumps(value)}, must be a number from 0, or null"
        settings[NUMBERS[key]] = float(value)
    elif key in TEXTS:
        if not isinstance(value, str):
            return f"{key} is {json.dumps(value)}, must be a text, or null"
        settings[TEXTS[key]] = value
    return ""
