"""Reads which lookalike scores an audience's definition uses, and which audiences it includes.

A definition is FilterQL (`segment_ql`). It is cut into tokens as the open FilterQL parser
araddon/qlbridge does it (`lex/token.go`, `lex/dialect_filterql.go`, `expr/stringutil.go`); no
package on PyPI reads it. A score is an entry of one of two maps of a profile, under the model's
name (Lytics' profile schema): `segment_prediction`, 0 to 1, and `segment_prediction_percentile`,
0 to 100.

Where qlbridge and Lytics' pages spell a name differently, either spelling counts: a used model
reported as unused can cost an audience its members; an unused one reported as used only costs
somebody a check.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

_MAP = "segment_prediction"


class Reads(StrEnum):
    """What a definition reads of a model."""

    SCORE = "score"
    PERCENTILE = "percentile"
    MAP = "map"
    """Whether a profile has a score at all: EXISTS, IN, INTERSECTS and the like on the map."""


_MAPS = {_MAP: Reads.SCORE, f"{_MAP}_percentile": Reads.PERCENTILE}


class Read(NamedTuple):
    """One place where a definition reads a score."""

    name: str | None
    """The model's name; None: of any model."""
    reads: Reads
    where: str
    """The comparison as it is written, in one line of at most 200 characters."""


@dataclass(frozen=True)
class Definition:
    """What a definition uses."""

    reads: tuple[Read, ...] = ()
    includes: tuple[str, ...] = ()
    """Slugs or ids of the audiences that it includes."""
    problem: str = ""
    """Why it can't be read, or not to its end; "" where it can."""


# A quote within what it quotes is doubled; in a string a backslash escapes too. What is never
# closed goes to the end of the text: looked for from each opening, the time would be quadratic.
_QUOTED = r"`[^`]*+(?:``[^`]*+)*+`?|\[(?![\s'\"])[^][]++\]|'[^']*+'?"
_STRING = r'"[^"\\]*+(?:(?:\\.|"")[^"\\]*+)*+"?'
# A name without quotes may hold - and /, so -- and // begin no comment within one.
_COMMENT = (
    r"--(?<![\w./@-]--)[^\n]*+|//(?<![\w./@-]//)[^\n]*+|\#[^\n]*+"
    r"|/\*(?<![\w./@-]/\*)[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?"
)
_WORD = r"[\w@][\w./@-]*+"

_QUOTES_AND_COMMENTS = re.compile(f"({_STRING}|{_QUOTED}|{_COMMENT})", re.DOTALL)
_FIRST_QUOTED = re.compile(_QUOTED, re.DOTALL)
_TOKEN = re.compile(
    rf"(?P<gap>\s+|{_COMMENT})"
    rf"|(?P<string>{_STRING})"
    rf"|(?P<name>(?:{_QUOTED}|{_WORD})(?:(?<=\.)(?:{_QUOTED})|\.(?:{_QUOTED}|{_WORD}))*+)"
    r"|(?P<sign>&&|\|\||[<>=!]=|<>|.)",
    re.DOTALL,
)
_BEGINS = re.compile(r"(?<![\w./@-])")
_CLOSED = {
    '"': re.compile(r'"[^"\\]*+(?:(?:\\.|"")[^"\\]*+)*+"', re.DOTALL),
    "`": re.compile(r"`[^`]*+(?:``[^`]*+)*+`"),
    "'": re.compile(r"'[^']*+'"),
    "/*": re.compile(r"/\*.*\*/", re.DOTALL),
}
_NO_WORD = re.compile(r"[^\w./@-]")
_ESCAPED = re.compile(r'\\(.)|""', re.DOTALL)
# Keeps every position, as str.lower() does not.
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)

# Between two of these stands one comparison.
_BOUNDARIES = {"and", "or", "filter", "where", "select", "&&", "||", ",", ";", "(", ")"}
# What stands behind these is no condition.
_NO_CONDITION = {"from", "limit", "with", "alias"}
_ENDS = _BOUNDARIES | _NO_CONDITION
# Behind these a parenthesis groups comparisons; behind anything else it is part of one.
_BEFORE_GROUP = _BOUNDARIES | {"not", ""}
_OPENING, _CLOSING = {"(", "["}, {")", "]"}
_NAMES_KEYS = {"in", "intersects", "contains"}
_KEYWORDS = _NAMES_KEYS | {"not", "exists", "like", "is", "null", "true", "false"}

_REACH = 120  # characters to either side of a score's name that are read at first
_MAX_WHERE = 200  # characters of a comparison that are shown


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    word: str
    """What it is as a keyword or sign; "a value" for a string or a quoted name."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class _Window(NamedTuple):
    start: int
    end: int


def read_text(text: str) -> Definition:
    """Return what a definition in FilterQL uses."""
    spots = sorted([*_spots(text, _MAP), *_spots(text.translate(_LOWER), "include")])
    if not spots:
        return Definition()
    pieces = _QUOTES_AND_COMMENTS.split(text)  # code, a quote or a comment, code, ...
    ends = list(accumulate(map(len, pieces)))
    for reach in (_REACH, len(text)):
        reads: dict[Read, None] = {}
        includes: dict[str, None] = {}
        goes_on = False
        for window in _windows(text, ends, spots, reach):
            for clause, may_go_on in _clauses(text, window):
                found, included = _look(clause)
                goes_on = goes_on or (may_go_on and bool(found or included))
                reads.update(dict.fromkeys(found))
                includes.update(dict.fromkeys(included))
        if not goes_on:
            break
    return Definition(tuple(reads), tuple(includes), _problem(pieces))


def _spots(text: str, word: str) -> Iterator[int]:
    """Yield where a name or keyword begins with this word; perhaps within a quote."""
    spot = text.find(word)
    while spot >= 0:
        if _BEGINS.match(text, spot):
            yield spot
        spot = text.find(word, spot + len(word))


def _problem(pieces: Sequence[str]) -> str:
    """Say why a text can't be read to its end; "" if it can."""
    last = pieces[-2] if len(pieces) > 1 and not pieces[-1] else ""
    for mark, closed in _CLOSED.items():
        if last.startswith(mark) and not closed.fullmatch(last):
            return f"its definition opens {mark} and never closes it"
    code = "".join(pieces[::2])
    if code.count("(") != code.count(")"):
        return "the parentheses of its definition don't match"
    return ""


def _windows(text: str, ends: Sequence[int], spots: list[int], reach: int) -> list[_Window]:
    """Return the stretches of a text round its spots; none begins or ends within a word or quote.

    A long definition uses a score once or twice: only these stretches are cut into tokens.

    Args:
        text: The definition.
        ends: Where each piece of it ends; every second piece is a quote or a comment.
        spots: Where a map's name or an INCLUDE may begin, in order.
        reach: Characters to either side of a spot.
    """
    windows: list[_Window] = []
    for spot in spots:
        # A word or quote that holds the spot and begins further away is no map's name.
        start = _behind(text, ends, spot - reach)
        end = _behind(text, ends, spot + reach)
        if windows and start <= windows[-1].end:
            windows[-1] = _Window(windows[-1].start, end)
        else:
            windows.append(_Window(start, end))
    return windows


def _behind(text: str, ends: Sequence[int], position: int) -> int:
    """Return the first position from here on that is within no word, quote or comment."""
    if position <= 0:
        return 0
    if position >= len(text):
        return len(text)
    piece = bisect_right(ends, position)
    found = None if piece % 2 else _NO_WORD.search(text, position, ends[piece])
    return found.start() if found else ends[piece]


def _tokens(text: str, window: _Window) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text, *window):
        kind = match.lastgroup or ""
        if kind != "gap":
            spelled = match[0]
            is_quoted = kind == "string" or (kind == "name" and spelled[0] in "`['")
            word = "a value" if is_quoted else spelled.lower()
            yield _Token(kind, spelled, match.start(), word)


def _clauses(text: str, window: _Window) -> Iterator[tuple[list[_Token], bool]]:
    """Yield the comparisons of a window, and whether each may go on beyond it."""
    clause: list[_Token] = []
    before = ""  # the word or sign before
    held = 0  # open parentheses that are part of this comparison
    is_between, is_condition, is_first = False, True, window.start > 0
    for token in _tokens(text, window):
        word = token.word
        ends_between = word == "and" and is_between
        holds = word == "[" or (word == "(" and before not in _BEFORE_GROUP)
        if held or holds or ends_between or word not in _ENDS:
            held += (word in _OPENING) - (held > 0 and word in _CLOSING)
            is_between = (is_between or word == "between") and not ends_between
            clause.append(token)
        else:
            if is_condition:
                yield clause, is_first
            clause, is_between, is_first = [], False, False
            is_condition = word not in _NO_CONDITION
        before = word
    if is_condition:
        yield clause, is_first or window.end < len(text)


def _look(clause: Sequence[_Token]) -> tuple[list[Read], list[str]]:
    """Return what one comparison reads, and which audiences it includes."""
    words = [token.word for token in clause]
    if "include" in words:
        named = clause[words.index("include") + 1 :][:1]
        return [], [_unquoted(token.text) for token in named if token.kind == "name"]
    reads: list[Read] = []
    for token in clause:
        if token.kind != "name" or _MAP not in token.text:
            continue
        field, name = _split(token.text)
        if field not in _MAPS:
            continue
        where = _written(clause)
        if name:
            reads.append(Read(name, _MAPS[field], where))
        else:
            keys = _keys(clause, token) if _NAMES_KEYS.intersection(words) else []
            reads.extend(Read(key, Reads.MAP, where) for key in keys or [None])
    return reads, []


def _keys(clause: Sequence[_Token], of: _Token) -> Sequence[str | None]:
    """Return the keys that a comparison with a whole map names; none if it compares a field."""
    keys = []
    for token in clause:
        if token.kind == "string":
            keys.append(_ESCAPED.sub(lambda found: found[1] or '"', token.text[1:-1]))
        elif token.kind == "name" and token is not of and token.word not in _KEYWORDS:
            if token.text[0] != "'":
                return ()
            keys.append(_unquoted(token.text))
    return keys


def _split(spelled: str) -> tuple[str, str]:
    """Return the field and the key that a name spells; the key is "" where it names none."""
    quoted = _FIRST_QUOTED.match(spelled)
    if quoted and quoted.end() < len(spelled):
        return _unquoted(quoted[0]), _unquoted(spelled[quoted.end() + 1 :])
    field, _, key = (_unquoted(spelled) if quoted else spelled).partition(".")
    return field, _unquoted(key)


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name[:1] in {"`", "'", "["} else name


def _written(clause: Sequence[_Token]) -> str:
    """Return a comparison in one line, without its comments."""
    text = clause[0].text
    for before, token in pairwise(clause):
        text += token.text if token.start == before.end else f" {token.text}"
    line = " ".join(text.split())
    return line if len(line) <= _MAX_WHERE else f"{line[: _MAX_WHERE - 1]}…"
