"""Changes to YAML text that leave every other byte as it is: comments, order, spacing, line ends.

A library that loads and dumps rewrites what nobody touched: quotes, indentation, blank lines. Here
the parser only says where things stand.
"""

import re
from collections.abc import Sequence
from typing import Any

import yaml

try:
    from yaml import CSafeDumper as SafeDumper
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # pragma: no cover - PyYAML without its C part, same result, slower
    from yaml import SafeDumper, SafeLoader  # type: ignore[assignment]

Place = tuple[str, ...]
Pair = tuple[yaml.ScalarNode, yaml.Node]
LONGEST_LINE = 100
INDENT = 2
ENDLESS = 2**30


class YamlText:
    """A YAML text that is being changed.

    Args:
        text: the text, a mapping or nothing; it can be read.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._expected = self.data()

    def data(self) -> Any:  # noqa: ANN401 - YAML of any shape
        """Return what the text holds, with keys as they are written."""
        return _plain(self._root())

    def is_as_expected(self) -> bool:
        """Tell whether the text holds what the changes were to make of it, and nothing else."""
        return bool(self.data() == self._expected)

    def has(self, *place: str) -> bool:
        """Tell whether a key is there."""
        return self._pair(place) is not None

    def set(self, place: Place, value: Any) -> None:  # noqa: ANN401 - YAML of any shape
        """Set a key, adding it and what is around it where they are missing."""
        pair = self._pair(place)
        if pair is None:
            self._expect(place, value)
            self._add(place[:-1], block({place[-1]: value}), {place[-1]: value})
            return
        node = pair[1]
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            self.remove(place)
            self.set(place, value)
            return
        self._expect(place, value)
        start, end = node.start_mark.index, node.end_mark.index
        gap = " " if self.text[start - 1 : start] == ":" else ""
        self._splice(start, end, gap + inline(value))

    def add_block(self, place: Place, lines: Sequence[str]) -> None:
        """Add written keys at the end of a mapping.

        Args:
            place: the mapping.
            lines: YAML of one or more keys, without line ends and not indented.
        """
        written = _plain(yaml.compose("\n".join(lines), Loader=SafeLoader))
        for key, value in written.items():
            self._expect((*place, key), value)
        self._add(place, lines, written)

    def remove(self, place: Place) -> None:
        """Remove a key with its value and the comment right above it."""
        pair = self._pair(place)
        if pair is None:
            return
        inside: Any = self._expected
        for part in place[:-1]:
            inside = inside[part]
        del inside[place[-1]]
        parent = self._mapping(place[:-1])
        if parent.flow_style:
            self._splice(*self._flow_span(parent, pair), "")
            if not inside:
                return
        else:
            start, end = self._block_span(pair)
            self._splice(start, end, "")
        if not inside:
            self._expect(place[:-1], None)

    def lines_of(self, place: Place) -> list[str]:
        """Return a key as it is written, with the comment right above it, not indented."""
        pair = self._pair(place)
        if pair is None:
            return []
        if self._mapping(place[:-1]).flow_style:
            return block({place[-1]: _plain(pair[1])})
        start, end = self._block_span(pair)
        column = pair[0].start_mark.column
        lines = self.text[start:end].splitlines()
        return [line[column:] if not line[:column].strip() else line.lstrip() for line in lines]

    # --- where things stand -----------------------------------------------------------------

    def _root(self) -> yaml.MappingNode | None:
        root = yaml.compose(self.text, Loader=SafeLoader)
        return root if isinstance(root, yaml.MappingNode) else None

    def _pair(self, place: Place) -> Pair | None:
        node: yaml.Node | None = self._root()
        pair: Pair | None = None
        for part in place:
            if not isinstance(node, yaml.MappingNode):
                return None
            pair = next((p for p in node.value if p[0].value == part), None)
            if pair is None:
                return None
            node = pair[1]
        return pair

    def _mapping(self, place: Place) -> yaml.MappingNode:
        pair = self._pair(place)
        node = pair[1] if pair else self._root()
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - what holds a pair is one
        return node

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        """Return where the next line starts."""
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1

    def _block_span(self, pair: Pair) -> tuple[int, int]:
        start = self._line_start(pair[0].start_mark.index)
        column = pair[0].start_mark.column
        while start:
            above = self._line_start(start - 1)
            line = self.text[above:start]
            if not line.startswith(" " * column + "#"):
                break
            start = above
        end = self._line_end(_end(pair, self.text))
        # Of the blank lines before and after only one side stays.
        blank_above = start == 0 or not self.text[self._line_start(start - 1) : start].strip()
        while blank_above and end < len(self.text):
            below = self._line_end(end)
            if self.text[end:below].strip():
                break
            end = below
        return start, end

    def _flow_span(self, parent: yaml.MappingNode, pair: Pair) -> tuple[int, int]:
        place = next(i for i, other in enumerate(parent.value) if other[0] is pair[0] or (
            other[0].start_mark.index == pair[0].start_mark.index))  # fmt: skip
        start, end = pair[0].start_mark.index, _end(pair, self.text)
        if place + 1 < len(parent.value):
            return start, parent.value[place + 1][0].start_mark.index
        if place:
            return _end(parent.value[place - 1], self.text), end
        return start, end

    # --- changing ---------------------------------------------------------------------------

    def _expect(self, place: Place, value: Any) -> None:  # noqa: ANN401 - YAML of any shape
        if not place:
            self._expected = {} if value is None else value
            return
        inside: Any = self._expected
        for part in place[:-1]:
            if not isinstance(inside.get(part), dict):
                inside[part] = {}
            inside = inside[part]
        inside[place[-1]] = value

    def _splice(self, start: int, end: int, new: str) -> None:
        self.text = self.text[:start] + new + self.text[end:]

    def _add(self, place: Place, lines: Sequence[str], value: dict[str, Any]) -> None:
        pair = self._pair(place) if place else None
        if place and pair is None:
            self._add(
                place[:-1], [f"{key_text(place[-1])}:", *_indented(lines)], {place[-1]: value}
            )
            return
        node = pair[1] if pair else self._root()
        if isinstance(node, yaml.MappingNode) and node.value:
            self._add_to(node, lines, value)
        elif pair is None:
            self._insert_lines(len(self.text), lines)
        else:
            self._splice(*_nothing(pair[1], self.text), "")
            column = pair[0].start_mark.column + INDENT
            self._insert_lines(pair[0].end_mark.index, _indented(lines, column), after=True)

    def _add_to(self, node: yaml.MappingNode, lines: Sequence[str], value: dict[str, Any]) -> None:
        last = _end(node.value[-1], self.text)
        if node.flow_style:
            self._splice(last, last, f", {inline(value)[1:-1]}")
            return
        column = node.value[0][0].start_mark.column
        self._insert_lines(last, _indented(lines, column), after=True)

    def _insert_lines(self, index: int, lines: Sequence[str], *, after: bool = False) -> None:
        """Insert whole lines, before an index or after the line that it is in."""
        place = self._line_end(index) if after else index
        before = self.text[:place]
        gap = self._newline if before and not before.endswith("\n") else ""
        new = "".join(f"{line}{self._newline}" for line in lines)
        self.text = before + gap + new + self.text[place:]


def _plain(node: yaml.Node | None) -> Any:  # noqa: ANN401 - YAML of any shape
    if node is None:
        return {}
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return SafeLoader("").construct_object(node)


def _end(pair: Pair, text: str) -> int:
    """Return where the last thing that is written of a key and its value ends."""
    key, node = pair
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last if isinstance(last, tuple) else (key, last), text)
    if node.start_mark.index == node.end_mark.index:
        return max(key.end_mark.index, node.end_mark.index)
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        return len(text[: node.end_mark.index].rstrip())
    return node.end_mark.index


def _nothing(node: yaml.Node, text: str) -> tuple[int, int]:
    """Return where an empty value, `{}` or `null` say, stands, with the blank before it."""
    start, end = node.start_mark.index, node.end_mark.index
    while start and end > start and text[start - 1] == " ":
        start -= 1
    return start, end


def _indented(lines: Sequence[str], columns: int = INDENT) -> list[str]:
    return [" " * columns + line if line else line for line in lines]


def inline(value: Any) -> str:  # noqa: ANN401 - YAML of any shape
    """Return a value on one line, quoted where YAML would take it for something else.

    Characters that can't be seen are escaped: some turn the direction of writing, and show who
    reviews the file another text than there is.
    """
    written = _dumped(value, allow_unicode=True)
    return written if written.isprintable() else _dumped(value, allow_unicode=False)


def _dumped(value: object, *, allow_unicode: bool) -> str:
    written = yaml.dump(
        value,
        Dumper=SafeDumper,
        default_flow_style=True,
        sort_keys=False,
        allow_unicode=allow_unicode,
        width=ENDLESS,
    )
    return re.sub(r"\n(\.\.\.\n)?\Z", "", str(written))


def key_text(key: str) -> str:
    """Return a key as it is written."""
    return inline(key)


def block(mapping: dict[str, Any]) -> list[str]:
    """Return a mapping as lines, inner ones on one line where they fit."""
    lines: list[str] = []
    for key, value in mapping.items():
        short = f"{key_text(key)}: {inline(value)}"
        fits = len(short) <= LONGEST_LINE - 2 * INDENT
        if isinstance(value, dict) and value and not (fits and _is_small(value)):
            lines += [f"{key_text(key)}:", *_indented(block(value))]
        else:
            lines.append(short)
    return lines


def _is_small(value: dict[str, Any]) -> bool:
    """Tell whether a mapping reads well on one line: it holds no mappings itself."""
    return not any(isinstance(inner, dict) for inner in value.values()) and "source" not in value
