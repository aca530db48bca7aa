"""Reads a file of YAML as plain values, each of which knows its place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from providers.lytics.domain.explain import Place, did_you_mean
from providers.lytics.errors import DeclarationError, FileLine, NoFileError, Problem
from providers.lytics.text import shown

RULES_FILE = "rules.yaml"
"""In the folder of the stack files, and none itself."""

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # pragma: no cover - PyYAML without its C part, same result, slower
    from yaml import SafeLoader  # type: ignore[assignment]

MOST_NESTED = 20
# 450 models are about 10,000 values; aliases that repeat each other reach any number.
MOST_VALUES = 200_000
MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class Mark:
    """Where something stands, line and column from 1."""

    line: int
    column: int


class YamlReader:
    """Builds plain values from YAML nodes and remembers where each one stands."""

    def __init__(self) -> None:
        self.marks: dict[Place, Mark] = {}
        self.problems: list[tuple[Mark, str]] = []
        self._values = 0
        self._loader = SafeLoader("")

    def value(self, node: yaml.Node, place: Place) -> Any:  # noqa: ANN401 - YAML of any shape
        """Return a node's value; aliases are refused where they would grow without end."""
        self.marks.setdefault(place, _mark(node))
        self._values += 1
        if self._values > MOST_VALUES:
            if self._values == MOST_VALUES + 1:
                self.problems.append((_mark(node), "repeats too much; write it without aliases"))
            return None
        if len(place) > MOST_NESTED:
            self.problems.append((_mark(node), "is nested too deeply"))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]
        try:
            return self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self.problems.append((_mark(node), "can't be read; put the text in quotes"))
            return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                self.problems.append(
                    (_mark(key_node), "<< isn't supported; write shared values under defaults")
                )
                continue
            if not isinstance(key_node, yaml.ScalarNode) or not isinstance(key_node.value, str):
                self.problems.append((_mark(key_node), "expected a key, which is plain text"))
                continue
            key = key_node.value
            if key in values:
                first = self.marks[(*place, key)].line
                self.problems.append(
                    (_mark(key_node), f'"{key}" is given twice, first in line {first}')
                )
                continue
            self.marks[(*place, key)] = _mark(key_node)
            values[key] = self.value(value_node, (*place, key))
        return values

    def mark(self, place: Place) -> Mark:
        """Return where a place stands, or the nearest thing around it."""
        while place not in self.marks and place:
            place = place[:-1]
        return self.marks.get(place, Mark(1, 1))


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def where(path: Path, mark: Mark) -> FileLine:
    """Return a place in a file."""
    return FileLine(shown(path), mark.line, mark.column)


def stack_files(folder: Path) -> list[Path]:
    """Return every stack file of a folder, by name."""
    return sorted(
        path
        for path in folder.glob("*.yaml")
        if not path.name.startswith("Pulumi.") and path.name != RULES_FILE
    )


def load(path: Path, reader: YamlReader) -> dict[str, Any]:
    """Return what a file holds; `reader` keeps the marks and the smaller problems.

    Raises:
        DeclarationError: it can't be read, isn't YAML, or isn't a mapping.
    """
    title = f"{shown(path)} can't be used:"
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            what = f"is larger than {MOST_BYTES // 1_000_000} MB; split the account over stacks"
            raise DeclarationError(title, [Problem(shown(path), what)])
        node = yaml.compose(raw, Loader=SafeLoader)
    except FileNotFoundError:
        near = did_you_mean(path.stem, (file.stem for file in stack_files(path.parent)))
        what = f"there is no such file.{near} bin/lytics-ml init {path.stem} writes it"
        raise NoFileError(title, [Problem(shown(path), what)]) from None
    except OSError as exc:
        raise DeclarationError(title, [Problem(shown(path), str(exc.strerror))]) from exc
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        raise DeclarationError(title, [_syntax_problem(path, raw, exc)]) from exc
    if node is None:
        return {}
    data = reader.value(node, ())
    if isinstance(data, dict):
        return data
    what = "expected a mapping with the key models"
    raise DeclarationError(title, [Problem(where(path, _mark(node)), what)])


def _syntax_problem(path: Path, raw: bytes, exc: Exception) -> Problem:
    mark = getattr(exc, "problem_mark", None)
    if mark is None:
        deep = isinstance(exc, RecursionError)
        return Problem(shown(path), "is nested too deeply" if deep else "isn't UTF-8 text")
    words = [str(getattr(exc, name, None) or "") for name in ("context", "problem")]
    what = " ".join(word for word in words if word)
    lines = raw.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else b""
    hint = "; indent with spaces, not tabs" if line[mark.column : mark.column + 1] == b"\t" else ""
    place = where(path, Mark(mark.line + 1, mark.column + 1))
    return Problem(place, f"isn't YAML: {what}{hint}")
