"""The YAML beside a population of one's own; its format is told in ``profiles``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Never

import yaml

from sandbox.errors import ProfilesError
from sandbox.people.cells import TESTS, same

ORDERED = ("gt", "gte", "lt", "lte")
SHOWN_CELLS = 8
"""Values of a column that a message names."""
SLUG = re.compile(r"[a-z0-9_-]+")
TOP_KEYS = ("segments", "exclude", "categorical")
SEGMENT_KEYS = ("slug", "name", "where")


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A segment and its rule: by column, by test, the value to compare with."""

    slug: str
    name: str
    where: dict[str, dict[str, Any]]


@dataclass(slots=True)
class SegmentFile:
    """All that the file declares."""

    segments: list[SegmentRule] = field(default_factory=list)
    exclude: set[str] = field(default_factory=set)
    categorical: set[str] = field(default_factory=set)


def read_segment_file(path: Path, columns: Mapping[str, list[str]]) -> SegmentFile:
    """Read and check the file.

    Args:
        path: the YAML file.
        columns: cells by the name of the CSV's column. A name that isn't one of them is a mistake,
            and so is a value to be equal to that no cell has: it would choose nobody, or with
            ``not`` everybody.

    Raises:
        ProfilesError: with file, line, column and remedy.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as problem:
        raise ProfilesError(str(path), 1, 1, "it isn't UTF-8", "Save it as UTF-8.") from problem
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        remedy = "Indent with spaces, and quote what holds ': '."
        raise ProfilesError(str(path), line, column, str(problem.problem), remedy) from problem
    return _Reader(str(path), columns).read(root)


@dataclass(slots=True)
class _Reader:
    path: str
    columns: Mapping[str, list[str]]

    def fail(self, node: yaml.Node | None, problem: str, remedy: str) -> Never:
        mark = node.start_mark if node else None
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ProfilesError(self.path, line, column, problem, remedy)

    def read(self, root: yaml.Node | None) -> SegmentFile:
        found = SegmentFile()
        top = self.mapping(root, TOP_KEYS)
        if "segments" not in top:
            remedy = "Add 'segments:' with a list, for example '- {slug: buyers, where: {…}}'."
            self.fail(root, "segments are missing", remedy)
        for node in self.items(top["segments"]):
            found.segments.append(self.segment(node, {rule.slug for rule in found.segments}))
        for key, names in (("exclude", found.exclude), ("categorical", found.categorical)):
            names.update(self.column(node) for node in self.items(top.get(key)))
        return found

    def mapping(self, node: yaml.Node | None, allowed: tuple[str, ...]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, "a mapping is expected", f"Known keys: {', '.join(allowed)}.")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value in found:
                self.fail(key, f"key {key.value!r} is given twice", "Leave one out.")
            if key.value not in allowed:
                known = ", ".join(allowed)
                self.fail(key, f"key {key.value!r} is unknown", f"Known here: {known}.")
            found[key.value] = value
        return found

    def items(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.fail(node, "a list is expected", "Begin each entry with '- '.")
        return list(node.value)

    def column(self, node: yaml.Node) -> str:
        if node.value not in self.columns:
            known = ", ".join(self.columns)
            self.fail(node, f"the CSV has no column {node.value!r}", f"Its columns: {known}.")
        return str(node.value)

    def segment(self, node: yaml.Node, taken: set[str]) -> SegmentRule:
        keys = self.mapping(node, SEGMENT_KEYS)
        slug = keys.get("slug")
        if slug is None or not SLUG.fullmatch(str(slug.value)):
            remedy = "Use lower case, digits, _ and -, for example 'slug: no_purchase'."
            self.fail(slug or node, "a segment needs a slug", remedy)
        if slug.value in taken:
            self.fail(slug, f"slug {slug.value!r} is used twice", "Choose another.")
        where = {}
        if "where" in keys:
            for name, test in self.mapping(keys["where"], tuple(self.columns)).items():
                where[name] = self.tests(name, test)
        name = keys.get("name", slug).value
        return SegmentRule(str(slug.value), str(name), where)

    def tests(self, column: str, node: yaml.Node) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            return {"equals": self.occurring(column, node)}
        return {
            name: self.operand(column, name, value)
            for name, value in self.mapping(node, tuple(TESTS)).items()
        }

    def operand(self, column: str, name: str, node: yaml.Node) -> Any:  # noqa: ANN401 - whatever YAML holds
        if name == "in":
            return [self.occurring(column, item) for item in self.items(node)]
        if name in ("equals", "not"):
            return self.occurring(column, node)
        value = self.value(node)
        if name in ORDERED and (isinstance(value, bool) or not isinstance(value, int | float)):
            self.fail(node, f"{name} needs a number", f"For example '{name}: 10'.")
        if name == "exists" and not isinstance(value, bool):
            self.fail(node, "exists needs true or false", "For example 'exists: true'.")
        return value

    def occurring(self, column: str, node: yaml.Node) -> Any:  # noqa: ANN401 - whatever YAML holds
        """Read a value that at least one cell of a column must have."""
        value = self.value(node)
        cells = self.columns[column]
        if not any(same(cell, value) for cell in cells):
            known = [repr(cell) for cell in dict.fromkeys(cells)]
            more = ", …" if len(known) > SHOWN_CELLS else ""
            remedy = f"It has {', '.join(known[:SHOWN_CELLS])}{more}."
            self.fail(node, f"no cell of column {column!r} is {node.value!r}", remedy)
        return value

    def value(self, node: yaml.Node) -> Any:  # noqa: ANN401 - whatever YAML holds
        if not isinstance(node, yaml.ScalarNode):
            self.fail(node, "a single value is expected", "For example 'Revenue: \"TRUE\"'.")
        return yaml.SafeLoader("").construct_object(node)
