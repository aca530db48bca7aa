"""FilterQL, Lytics' language of segment definitions: the part that the sandbox understands. Pure.

``FILTER AND (segment_prediction.`grow-customer-base` > 0.7, NOT INCLUDE dormant) FROM user``

============  ==================================================================================
statement     ``FILTER condition [FROM table] [ALIAS slug]``
condition     ``*``, ``NOT c``, ``c AND c``, ``c OR c``, ``AND (c, c)``, ``OR (c, c)``, ``(c)``,
              ``INCLUDE segment``, ``EXISTS field`` or a test
test          ``field = 1`` with ``= == != < <= > >=``, ``field IN ("a", "b")``,
              ``field INTERSECTS ("a", "b")``, ``"key" IN field``, ``field BETWEEN 1 AND 2``
field         bare, in backticks or in brackets: ``visit_ct``, ``segment_prediction.name``,
              ``segment_prediction.`name` ``, `` `segment_prediction.name` ``; in front of an
              operator also in single quotes
comment       ``-- to the end of the line``, ``/* … */``
============  ==================================================================================

Source: the open parser araddon/qlbridge (``lex/dialect_filterql.go``), which knows more.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Never

from sandbox.errors import BadRequestError

TOKEN = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<number>[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.\-/]))
      | (?P<double>"(?:[^"\\]|\\.)*")
      | (?P<single>'(?:[^'\\]|\\.)*')
      | (?P<quoted>`[^`]*`|\[[^\]]*\])
      | (?P<word>\w[\w.\-/]*)
      | (?P<sign><=|>=|!=|==|[=<>(),.*])
    """,
    re.VERBOSE | re.DOTALL,
)
COMPARISONS = ("=", "==", "!=", "<", "<=", ">", ">=")
WORDS_OF_ITS_OWN = ("FROM", "ALIAS", "AND", "OR", "NOT", "IN", "INTERSECTS", "BETWEEN")
DEPTH_MAX = 60
"""Conditions in conditions; deeper is a mistake rather than a definition."""


@dataclass(frozen=True, slots=True)
class Everybody:
    """``*``."""


@dataclass(frozen=True, slots=True)
class Not:
    """All but those of a condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Both:
    """Several conditions, joined by ``AND`` (every one must hold) or ``OR`` (one must)."""

    word: str
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Include:
    """The users of another segment, named by slug or id."""

    segment: str


@dataclass(frozen=True, slots=True)
class Exists:
    """Users who have a value of a field."""

    field: str


@dataclass(frozen=True, slots=True)
class Test:
    """A field held against values.

    Attributes:
        field: with its map in front, ``segment_prediction.churn``.
        sign: ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``IN``, ``HAS`` (a map has one of these
            keys) or ``BETWEEN``.
        values: one; two with ``BETWEEN``; any number with ``IN`` and ``HAS``.
    """

    field: str
    sign: str
    values: tuple[float | str, ...]


Condition = Everybody | Not | Both | Include | Exists | Test


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    @property
    def word(self) -> str:
        """Return a bare word in capitals, empty for all else."""
        return self.text.upper() if self.kind == "word" else ""


END = _Token("end", "its end")


@dataclass(frozen=True, slots=True)
class Statement:
    """A whole definition.

    Attributes:
        table: after ``FROM``, empty where that isn't.
        alias: a slug, empty likewise.
    """

    condition: Condition
    table: str = ""
    alias: str = ""


def parse_statement(text: str) -> Statement:
    """Read a definition.

    Raises:
        BadRequestError: in the words of the recorded data, "Invalid SegmentQL", and where.
    """
    return _Parser(_tokens(text)).statement()


def parse_filter(text: str) -> Condition:
    """Read a definition's condition, as ``parse_statement`` does."""
    return parse_statement(text).condition


@cache
def read_filter(text: str) -> Condition:
    """Read a definition; one that can't be read is a condition that holds for nobody."""
    try:
        return parse_filter(text)
    except BadRequestError:
        return Both("OR", ())


def included_segments(text: str | None) -> list[str]:
    """Return the segments that a definition names, each once, in its order."""
    return list(dict.fromkeys(one.segment for one in _leaves(text) if isinstance(one, Include)))


def used_fields(text: str | None) -> list[str]:
    """Return the fields that a definition itself tests, each once, in its order."""
    return list(dict.fromkeys(one.field for one in _leaves(text) if isinstance(one, Test | Exists)))


def _leaves(text: str | None) -> Iterator[Condition]:
    """Yield a definition's conditions that hold no others."""
    waiting = [read_filter(text)] if text else []
    while waiting:
        match waiting.pop(0):
            case Not(inner):
                waiting.insert(0, inner)
            case Both(_, conditions):
                waiting[:0] = conditions
            case leaf:
                yield leaf


def _fail(problem: str) -> Never:
    message = f"Invalid SegmentQL: {problem}"
    raise BadRequestError(message)


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            _fail(f"unexpected {text[at : at + 10]!r}")
        if match.lastgroup != "blank":
            found.append(_Token(str(match.lastgroup), match.group()))
        at = match.end()
    return found


class _Parser:
    """Recursive descent, one method a rule of the table above."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _taken(self, *wanted: str) -> str:
        """Take the next token if it is one of some words or signs."""
        token = self._next
        found = token.word or (token.text if token.kind == "sign" else "")
        if found not in wanted:
            return ""
        self._at += 1
        return found

    def _expect(self, wanted: str) -> None:
        if not self._taken(wanted):
            _fail(f"expected {wanted} instead of {self._next.text}")

    def statement(self) -> Statement:
        self._expect("FILTER")
        condition = self._condition()
        table, alias = (self._name() if self._taken(word) else "" for word in ("FROM", "ALIAS"))
        if self._next is not END:
            _fail(f"unexpected {self._next.text}")
        return Statement(condition, table, alias)

    def _condition(self) -> Condition:
        """Read conditions joined by OR; AND binds closer."""
        return self._joined("OR", lambda: self._joined("AND", self._single))

    def _joined(self, word: str, read: Callable[[], Condition]) -> Condition:
        found = [read()]
        while self._taken(word):
            found.append(read())
        return found[0] if len(found) == 1 else Both(word, tuple(found))

    def _single(self) -> Condition:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            _fail("too deep")
        try:
            return self._plain()
        finally:
            self._depth -= 1

    def _plain(self) -> Condition:  # noqa: PLR0911 - a table of the grammar
        match self._taken("NOT", "AND", "OR", "(", "*", "INCLUDE", "EXISTS"):
            case "NOT":
                return Not(self._single())
            case "AND" | "OR" as word:
                return self._list(word)
            case "(":
                condition = self._condition()
                self._expect(")")
                return condition
            case "*":
                return Everybody()
            case "INCLUDE":
                return Include(self._name())
            case "EXISTS":
                return Exists(self._field())
            case _:
                return self._test()

    def _list(self, word: str) -> Condition:
        self._expect("(")
        found = [self._condition()]
        while self._taken(","):
            if self._next.text == ")":
                break
            found.append(self._condition())
        self._expect(")")
        return Both(word, tuple(found))

    def _name(self) -> str:
        token = self._take()
        if token.kind == "word" and token.word not in WORDS_OF_ITS_OWN:
            return token.text
        if token.kind in ("quoted", "single", "double"):
            return token.text[1:-1]
        return _fail(f"expected a name instead of {token.text}")

    def _field(self) -> str:
        """Read a field; a map and its key may be quoted each for itself."""
        name = self._name()
        # A bare `segment_prediction.` takes the period along.
        if name.endswith(".") and self._next.kind == "quoted":
            return name + self._name()
        if self._taken("."):
            return f"{name}.{self._name()}"
        return name

    def _test(self) -> Condition:
        if self._next.kind in ("double", "number"):
            value = self._value()
            self._expect("IN")
            return Test(self._field(), "HAS", (value,))
        field = self._field()
        negated = bool(self._taken("NOT"))
        sign = self._taken(*COMPARISONS, "IN", "INTERSECTS", "BETWEEN")
        match sign:
            case "":
                _fail(f"expected an operator after {field} instead of {self._next.text}")
            case "IN" | "INTERSECTS":
                test = Test(field, "HAS" if sign == "INTERSECTS" else "IN", self._values())
            case "BETWEEN":
                low = self._value()
                self._expect("AND")
                test = Test(field, sign, (low, self._value()))
            case _:
                test = Test(field, "=" if sign == "==" else sign, (self._value(),))
        return Not(test) if negated else test

    def _values(self) -> tuple[float | str, ...]:
        self._expect("(")
        found = [self._value()]
        while self._taken(","):
            found.append(self._value())
        self._expect(")")
        return tuple(found)

    def _value(self) -> float | str:
        token = self._take()
        if token.kind == "number":
            return float(token.text)
        if token.kind in ("double", "single"):
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.word in ("TRUE", "FALSE"):
            return token.text.lower()
        return _fail(f"expected a value instead of {token.text}")
