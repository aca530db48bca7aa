"""The segments that a sandbox begins with: kept ones, and those of ``--segments FILE.json``."""

import json
from pathlib import Path
from typing import Any

from sandbox.api.auth import ACCOUNTS
from sandbox.audiences.outside import create_segments
from sandbox.audiences.writes import TABLE, reset_segments, restore_segments
from sandbox.errors import BadRequestError, SettingsError
from sandbox.segments import segment_id
from sandbox.world import World


def begin_segments(world: World) -> None:
    """Bring kept segments back, and make those of the file that aren't there yet.

    Raises:
        SettingsError: the file can't be used.
    """
    restore_segments(world)
    if path := world.settings.segments:
        _make(world, path, _read(path))


def begin_segments_again(world: World) -> None:
    """Have the segments that a new sandbox would have."""
    reset_segments(world)
    begin_segments(world)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        message = f"{path} can't be read: {problem}. Check --segments."
        raise SettingsError(message) from problem
    if not isinstance(found, list) or not all(_has_slug(one) for one in found):
        message = f"{path} must be a JSON list of segments: [{{name, slug_name, segment_ql}}]"
        raise SettingsError(message)
    return found


def _has_slug(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("slug_name"), str)


def _make(world: World, path: Path, wanted: list[dict[str, Any]]) -> None:
    """Make what isn't there; what somebody changed, renamed or deleted since stays so."""
    known = world.store.kept_all(TABLE)
    try:
        create_segments(world, [one for one in wanted if _key(one) not in known])
    except BadRequestError as problem:
        message = f"{path} can't be used: {problem}"
        raise SettingsError(message) from problem


def _key(wanted: dict[str, Any]) -> str:
    aid = wanted.get("aid", ACCOUNTS[0])
    return f"{aid}/{segment_id(aid, str(wanted['slug_name']))}"
