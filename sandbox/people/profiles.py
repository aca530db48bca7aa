"""A population of one's own: FILE.csv, and its segments in FILE.segments.yaml or FILE.yaml.

Columns are divided by commas, semicolons or tabs, whichever the header line has most of. They are
fields: numeric where every known cell is a number, else categorical; an empty cell, NA, NaN, null,
None or ? is "not known". The YAML file, every key but ``segments`` optional::

    segments:
      - slug: no_purchase          # lower case, digits, _ and -
        name: Left without buying  # the slug, if left out
        where: {Revenue: "FALSE"}  # all must hold; no where means everybody
      - slug: many_pages
        where: {ProductRelated: {gte: 30, lt: 100}, Month: {in: [Nov, Dec]}}
    exclude: [SessionId]           # columns that are never a feature
    categorical: [Region]          # numbers that are only names

Tests are equals, not, in, gt, gte, lt, lte and exists; a YAML boolean means true, yes, on, y, t
and 1, or their opposites. Columns that define a segment are never a feature. A segment
``all_users`` is there unless the file has its own.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.errors import ProfilesError
from sandbox.people.cells import TESTS, are_numbers
from sandbox.people.fields import FieldPlan
from sandbox.people.segment_file import SegmentFile, SegmentRule, read_segment_file
from sandbox.segments import SegmentPlan

SEGMENT_SUFFIXES = (".segments.yaml", ".yaml")
DELIMITERS = ",;\t"
"""Of which the header line tells; UCI's files often have semicolons."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """Users of one's own.

    Attributes:
        fields: that can be features.
        withheld: by the name of a column that can't be one, why.
        columns: by field name, the cells as they are written.
        plans: segments.
        members: by slug, positions of its users, ascending.
    """

    fields: tuple[FieldPlan, ...]
    withheld: dict[str, str]
    columns: dict[str, list[str]]
    plans: tuple[SegmentPlan, ...]
    members: dict[str, list[int]]


@cache
def load_profiles(path: Path) -> Profiles:
    """Read a population.

    Raises:
        ProfilesError: with file, line, column and remedy.
    """
    columns = read_table(path)
    beside = [path.with_suffix(suffix) for suffix in SEGMENT_SUFFIXES]
    found = next((file for file in beside if file.is_file()), None)
    if not found:
        problem = f"no segments are beside it: {beside[0].name} is missing"
        remedy = "Write one, for example 'segments: [{slug: buyers, where: {Revenue: \"TRUE\"}}]'"
        raise ProfilesError(str(path), 1, 1, problem, remedy)
    declared = read_segment_file(found, columns)
    withheld = _withheld(declared)
    fields = tuple(
        FieldPlan(name, _type_of(cells, forced=name in declared.categorical))
        for name, cells in columns.items()
        if name not in withheld
    )
    members = {rule.slug: _members(columns, rule) for rule in _all_rules(declared)}
    plans = tuple(
        SegmentPlan(rule.slug, rule.name, users=len(members[rule.slug]), where=str(rule.where))
        for rule in _all_rules(declared)
    )
    return Profiles(fields, withheld, columns, plans, members)


def _withheld(declared: SegmentFile) -> dict[str, str]:
    """Return the columns that can't be features, each with the reason."""
    reasons = dict.fromkeys(sorted(declared.exclude), "it is excluded")
    for rule in declared.segments:
        for column in rule.where:
            reasons.setdefault(column, f"it defines the segment {rule.slug}")
    return reasons


def _all_rules(declared: SegmentFile) -> list[SegmentRule]:
    own = [rule.slug for rule in declared.segments]
    everybody = [] if "all_users" in own else [SegmentRule("all_users", "All Users", {})]
    return everybody + declared.segments


def read_table(path: Path) -> dict[str, list[str]]:
    """Read a CSV with a header line.

    Returns:
        By column name, the cells without blanks around them.

    Raises:
        ProfilesError: it isn't there, isn't UTF-8, is empty, or its lines differ in length.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(DELIMITERS, key=first.count)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            header = _checked_header(path, next(reader, []))
            rows = [_checked_row(path, reader.line_num, header, row) for row in reader if row]
    except OSError as problem:
        raise ProfilesError(
            str(path), 1, 1, f"it can't be read: {problem.strerror}", "Check --profiles."
        ) from problem
    except UnicodeDecodeError as problem:
        remedy = "Save it as UTF-8."
        raise ProfilesError(str(path), 1, 1, "it isn't UTF-8", remedy) from problem
    except csv.Error as problem:
        remedy = 'Quote cells that hold a delimiter or quotes, for example "a, b".'
        raise ProfilesError(str(path), reader.line_num, 1, str(problem), remedy) from problem
    if not rows:
        raise ProfilesError(str(path), 2, 1, "it has no users", "Add a line per user.")
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def _checked_header(path: Path, cells: Sequence[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not header:
        raise ProfilesError(str(path), 1, 1, "it is empty", "Start with a line of column names.")
    for place, name in enumerate(header, 1):
        if not name or name in header[: place - 1]:
            problem = f"column name {name!r} is used twice" if name else "a column has no name"
            raise ProfilesError(str(path), 1, place, problem, "Give each column its own name.")
    return header


def _checked_row(path: Path, line: int, header: list[str], row: list[str]) -> list[str]:
    if len(row) != len(header):
        problem = f"{len(row)} cells where the header has {len(header)}"
        remedy = 'Fill the line up, or quote cells that hold a delimiter, for example "a, b".'
        raise ProfilesError(str(path), line, min(len(row), len(header)) + 1, problem, remedy)
    return [cell.strip() for cell in row]


def _type_of(cells: Sequence[str], *, forced: bool) -> str:
    return "categorical" if forced or not are_numbers(cells) else "numeric"


def _members(columns: Mapping[str, list[str]], rule: SegmentRule) -> list[int]:
    chosen = range(len(next(iter(columns.values()))))
    members = list(chosen)
    for column, tests in rule.where.items():
        cells = columns[column]
        for name, wanted in tests.items():
            members = [user for user in members if TESTS[name](cells[user], wanted)]
    return members
