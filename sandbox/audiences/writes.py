"""Segments made, changed and deleted: through the API, and from outside past its rules.

Segments of the population can be changed and deleted too; their users stay the same until they
are given a definition.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sandbox.audiences.filter_ql import included_segments, parse_filter, parse_statement
from sandbox.errors import BadRequestError, NotFoundError
from sandbox.segments import Segment, SegmentPlan, segment_id
from sandbox.world import World

TABLE = "segments"
API_KEYS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "name": ("name", str),
    "slug_name": ("slug", str),
    "segment_ql": ("definition", str),
    "description": ("description", str),
    "table": ("table", str),
    "kind": ("kind", str),
    "tags": ("tags", list),
}
"""By the API's name of a field, ours and its type."""
ODD_KEYS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    **API_KEYS,
    "ast": ("ast", object),
    "size": ("users", (int, type(None))),
    "invalid_reason": ("invalid_reason", str),
    "deleted": ("deleted", bool),
}
"""What can also be set from outside: ``size`` null is counted again."""
SLUG = re.compile(r"[a-z0-9_-]+")


def create_segment(
    world: World, aid: int, sent: Mapping[str, Any], *, odd: bool = False
) -> Segment:
    """Make a segment of an account.

    A slug that is taken becomes slug_1, slug_2 … (Lytics' agent skills); without one it is the
    definition's ALIAS, or made of the name.

    Args:
        world: where.
        aid: whose.
        sent: name and segment_ql, and perhaps other keys of ``API_KEYS``; further ones are passed
            over.
        odd: take ``ODD_KEYS`` as they are, whether or not the API would, and refuse others; with
            an ``id`` the segment is another account's copy, and keeps its slug whatever it is.

    Raises:
        BadRequestError: a value is missing, of the wrong type, or no definition; the id is taken.
    """
    copied = _id_in(world, aid, sent) if odd else ""
    changes = _parse({key: sent[key] for key in sent if not (copied and key == "id")}, odd=odd)
    if not odd and "definition" not in changes:
        message = "segment_ql is required"
        raise BadRequestError(message)
    name = changes.get("name", "")
    slug = str(changes.pop("slug", "") or (not odd and _alias_of(changes)) or _slug_of(name))
    slug = slug or copied
    if not copied and not SLUG.fullmatch(slug):
        message = "name or slug_name is required: lower case, digits, _ and - make a slug"
        raise BadRequestError(message)
    slug = _free_slug(world, aid, slug)
    now_ns = world.clock.now_ns()
    blank = SegmentPlan(slug, slug, definition="", created_ns=now_ns, updated_ns=now_ns)
    plan = replace(blank, **changes)
    identifier = copied or _free_id(world, aid, slug)
    if not odd:
        _check_definition(world, aid, identifier, plan)
    return _keep(world, aid, identifier, plan)


def update_segment(
    world: World, aid: int, key: str, sent: Mapping[str, Any], *, odd: bool = False
) -> Segment:
    """Change a segment, named by id or slug.

    Another slug, or without one another ALIAS, renames it; its id stays (Lytics' agent skills).

    Args:
        world: where.
        aid: whose.
        key: id or slug.
        sent: as for ``create_segment``.
        odd: as for ``create_segment``.

    Raises:
        NotFoundError: there is no such segment in this account.
        BadRequestError: a value can't be used.
    """
    segment = _found(world, aid, key)
    changes = _parse(sent, odd=odd)
    alias = "" if odd else _alias_of(changes)
    slug = str(changes.pop("slug", "") or alias or segment.slug)
    if slug != segment.slug:
        _check_renaming(world, segment, slug)
    if "definition" in changes:
        changes.setdefault("users", None)
    updated_ns = max(world.clock.now_ns(), segment.plan.updated_ns + 1)
    plan = replace(segment.plan, slug=slug, **changes, updated_ns=updated_ns)
    if not odd:
        _check_definition(world, aid, segment.id, plan)
    world.directory.remove(segment)
    return _keep(world, aid, segment.id, plan)


def delete_segment(world: World, aid: int, key: str) -> None:
    """Let a segment go, whatever uses it.

    Raises:
        NotFoundError: there is no such segment in this account.
    """
    segment = _found(world, aid, key)
    world.directory.remove(segment)
    _store(world, segment, gone=True)


def restore_segments(world: World) -> None:
    """Bring back what was made, changed and deleted before a restart."""
    for key, kept in world.store.kept_all(TABLE).items():
        aid, _, identifier = key.partition("/")
        known = world.directory.find(int(aid), identifier)
        if known:
            world.directory.remove(known)
        if not kept["gone"]:
            plan = SegmentPlan(**{**kept["plan"], "tags": tuple(kept["plan"]["tags"])})
            world.directory.put(world.sizes.segment(int(aid), identifier, plan))


def reset_segments(world: World) -> None:
    """Go back to the segments of the start."""
    for key in world.store.kept_all(TABLE):
        world.store.drop(TABLE, key)
    world.directory.restore()
    world.sizes.definitions_changed()


def _id_in(world: World, aid: int, sent: Mapping[str, Any]) -> str:
    """Return the id that a segment is to have, "" where none is told."""
    if "id" not in sent:
        return ""
    identifier = sent["id"]
    if not isinstance(identifier, str) or not identifier or world.directory.find(aid, identifier):
        message = f"a segment can't have the id {identifier!r}: it is none, or taken"
        raise BadRequestError(message)
    return identifier


def _parse(sent: Mapping[str, Any], *, odd: bool) -> dict[str, Any]:
    known = ODD_KEYS if odd else API_KEYS
    unknown = [key for key in sent if key not in known]
    if odd and unknown:
        message = f"can't set {', '.join(unknown)} of a segment; known: {', '.join(known)}"
        raise BadRequestError(message)
    found: dict[str, Any] = {}
    for key, value in sent.items():
        if key not in known or (value is None and not odd):
            continue
        ours, kind = known[key]
        if not isinstance(value, kind):
            message = f"{key} can't be {value!r}"
            raise BadRequestError(message)
        found[ours] = tuple(value) if ours == "tags" else value  # type: ignore[arg-type]
    return found


def _alias_of(changes: Mapping[str, Any]) -> str:
    try:
        return parse_statement(changes.get("definition", "")).alias
    except BadRequestError:
        return ""


def _check_renaming(world: World, segment: Segment, slug: str) -> None:
    if segment.plan.definition is None:
        message = f"segment {segment.slug} is the population's, which knows it by its slug"
        raise BadRequestError(message)
    if not SLUG.fullmatch(slug):
        message = f"{slug} is no slug: lower case, digits, _ and - make one"
        raise BadRequestError(message)
    if world.directory.find(segment.aid, slug):
        message = "Slug is already used."
        raise BadRequestError(message)


def _slug_of(name: object) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(name).lower()).strip("_")


def _free_slug(world: World, aid: int, slug: str) -> str:
    free, number = slug, 0
    while world.directory.find(aid, free):
        number += 1
        free = f"{slug}_{number}"
    return free


def _free_id(world: World, aid: int, slug: str) -> str:
    """Return an id made of the slug, or of more where a segment that was renamed has that one."""
    identifier = segment_id(aid, slug)
    while world.directory.find(aid, identifier):
        identifier = segment_id(aid, identifier)
    return identifier


def _found(world: World, aid: int, key: str) -> Segment:
    segment = world.directory.find(aid, key)
    if not segment:
        message = f"segment not found: {key}"
        raise NotFoundError(message)
    return segment


def _keep(world: World, aid: int, identifier: str, plan: SegmentPlan) -> Segment:
    segment = world.sizes.segment(aid, identifier, plan)
    world.directory.put(segment)
    _store(world, segment, gone=False)
    return segment


def _store(world: World, segment: Segment, *, gone: bool) -> None:
    record = {"plan": asdict(segment.plan), "gone": gone}
    world.store.keep(TABLE, f"{segment.aid}/{segment.id}", record)
    world.sizes.definitions_changed()


def _check_definition(world: World, aid: int, identifier: str, plan: SegmentPlan) -> None:
    """Refuse a definition that can't be read, or includes what isn't there, or itself."""
    if plan.definition is None:
        return
    parse_filter(plan.definition)
    names = included_segments(plan.definition)
    for name in names:
        if name != plan.slug and not world.directory.find(aid, name):
            message = f"Invalid SegmentQL: INCLUDE of unknown segment {name}"
            raise BadRequestError(message)
    if {plan.slug, identifier} & _reached(world, aid, names):
        message = f"Invalid SegmentQL: segment {plan.slug} would include itself"
        raise BadRequestError(message)


def _reached(world: World, aid: int, names: list[str]) -> set[str]:
    """Return the names of segments, and all that those include, one through another."""
    reached: set[str] = set()
    while names:
        reached |= set(names)
        found = [world.directory.find(aid, name) for name in names]
        inner = [name for one in found if one for name in included_segments(one.plan.definition)]
        names = [name for name in inner if name not in reached]
    return reached
