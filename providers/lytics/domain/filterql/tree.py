"""Writes a definition that API v2 sends as a tree (`ast`) as FilterQL.

The tree is qlbridge's (`expr/node.go`): `{"op", "args"}` for what has parts, `{"ident"}` for a
name, without quotes, `{"val"}` for a value, and `{"args"}` for a list of values.
"""

import re
from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[^\W\d][\w./-]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_MAX_DEPTH = 200  # levels; qlbridge gives up at 100
_MAX_BETWEEN, _MAX_OPERANDS = 3, 2


def text_of_tree(node: object, depth: int = 0) -> str:
    """Return a tree, or a part of one, as text.

    Args:
        node: The part.
        depth: How many levels it is below the root.

    Raises:
        ValueError: It has a shape that isn't known.
    """
    parts = node.get("args") or [] if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or not isinstance(parts, Sequence) or depth > _MAX_DEPTH:
        msg = "its ast has a shape that isn't known"
        raise ValueError(msg)
    op = str(node.get("op") or "").upper()
    args = [text_of_tree(part, depth + 1) for part in parts] or [_leaf(node)]
    if op == "EXPR":
        return f"{args[0]}({', '.join(args[1:])})"
    if not op and not parts:
        return args[0]
    if op in {"AND", "OR", "NOT", ""}:
        return f"{op} ({', '.join(args)})"
    if op == "BETWEEN" and len(args) == _MAX_BETWEEN:
        return f"{args[0]} BETWEEN {args[1]} AND {args[2]}"
    if len(args) > _MAX_OPERANDS:
        return f"{args[0]} {op} ({', '.join(args[1:])})"
    return f" {op} ".join(args) if len(args) == _MAX_OPERANDS else f"{op} {args[0]}"


def _leaf(node: Mapping[str, object]) -> str:
    if ident := node.get("ident"):
        field, dot, key = str(ident).partition(".")
        if not _PLAIN.fullmatch(field):
            return _quoted(str(ident), "`")
        return f"{field}{dot}{_quoted(key, '`') if key else ''}"
    value = str(node.get("val", ""))
    return value if _NUMBER.fullmatch(value) else _quoted(value.replace("\\", "\\\\"), '"')


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark
