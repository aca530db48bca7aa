"""How a model is known again: its lineage, the hash of its inputs, its name.

The API has no idempotency key and no unique name, so the name itself is the proof. What is
computed here stays in names and states for good: a golden test holds it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

# Names of an account, of which every operation sees the same ones again and again.
_REMEMBERED = 8192

# How many lineages a key can have; nobody declares one key so often with all of them in use.
MOST_LIVES = 100
# The first so many lineages of a key are recognised in names without a state.
_LIVES_TOLD = 5

FORBIDDEN_IN_NAMES = ".;/\\"
LINEAGE_DIGITS = 12
# Versions before 0.2 kept as many; their names and states stay as they are.
EARLIER_LINEAGE_DIGITS = 6
INPUTS_DIGITS = 8

# Lytics documents these defaults (API page: collect; model builder: the others are off).
CONFIG_DEFAULTS: Mapping[str, Any] = {
    "collect": 5000,
    "auto_tune": False,
    "tune_model": False,
    "re_run": False,
    "additional": [],
}


def normalised_config(config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a config with documented defaults filled in and lists of fields as sorted sets.

    A key that isn't declared and has no documented default stays out.
    """
    filled = {**CONFIG_DEFAULTS, **{k: v for k, v in (config or {}).items() if v is not None}}
    lists = {name: sorted(set(filled.get(name, []))) for name in ("additional", "blocked")}
    # Only v2 knows blocked fields: without any, names and hashes are those of v1.
    if not lists["blocked"]:
        filled.pop("blocked", None)
        del lists["blocked"]
    return {**filled, **lists}


def lineage(project: str, stack: str, key: str, parent: str = "", again: int = 0) -> str:
    """Return the 12 hex digits that every model of one declaration shares.

    Args:
        project: the Pulumi project.
        stack: the stack's name.
        key: the declaration's key.
        parent: the URN of the parent, "" where there is none.
        again: 1 for what versions before 0.2 gave the second declaration of a key.
    """
    parts = [project, stack, parent, key, *([str(again)] if again else [])]
    return _digits(parts, LINEAGE_DIGITS)


def lives(first: str) -> Iterator[str]:
    """Yield the lineages that a declaration may have, the one to try first at first.

    Args:
        first: the lineage of its project, stack, parents and key.
    """
    yield first
    for number in range(2, MOST_LIVES + 1):
        yield _digits([first, number], LINEAGE_DIGITS)


@lru_cache(_REMEMBERED)
def lineages_of(project: str, stack: str, key: str) -> frozenset[str]:
    """Return every lineage, in every form, that names of a key's models may show.

    Args:
        project: the Pulumi project.
        stack: the stack's name.
        key: the declaration's key; one without a parent.
    """
    firsts = [lineage(project, stack, key, again=again) for again in (0, 1)]
    later = islice(lives(firsts[0]), 1, _LIVES_TOLD)
    return frozenset(form for one in (*firsts, *later) for form in forms(one))


def forms(lineage_: str) -> tuple[str, ...]:
    """Return a lineage in every form in which names hold it: as it is, and as it was before 0.2."""
    if len(lineage_) != LINEAGE_DIGITS:
        return (lineage_,)
    return (lineage_, lineage_[:EARLIER_LINEAGE_DIGITS])


def is_same_lineage(one: str, other: str) -> bool:
    """Tell whether two lineages are one declaration's, each in whatever form."""
    return one in forms(other) or other in forms(one)


def inputs_hash(source: str, target: str, config: Mapping[str, Any] | None, generation: int) -> str:
    """Return the 8 hex digits of everything that replaces a model when it changes."""
    inputs = [source, target, normalised_config(config), generation]
    return _digits(inputs, INPUTS_DIGITS)


def default_name(key: str, lineage_: str, inputs: str) -> str:
    """Return the name of a model that was declared without one."""
    return f"{key}-{lineage_}-{inputs}"


def same_name(sent: str, returned: str) -> bool:
    """Tell whether the API may have made `returned` out of the name that was sent.

    Seen or documented: a prefix `ML: `, a suffix `_1` where a name is taken, other case or blanks.
    """
    return _core(sent) == _core(returned) or _core(sent) == _core(_without_suffix(returned))


def listed_as(sent: str, known: Iterable[tuple[str, str]]) -> str:
    """Return the name under which an account will list a model, from what it did to other names.

    The API page shows "ML: " before every name that was sent; whether an account does that is
    known from the models that are there.

    Args:
        sent: the name to send.
        known: names that were sent, each with the one that came of it; the first that tells counts.
    """
    return prefix_of(known) + sent


def to_send(listed: str, known: Iterable[tuple[str, str]]) -> str:
    """Return the name to send so that an account lists a model under a name; as `listed_as`."""
    return listed.removeprefix(prefix_of(known))


def prefix_of(known: Iterable[tuple[str, str]]) -> str:
    """Return what an account puts before each name, "" where nothing tells; as `listed_as`."""
    for before, after in known:
        if after == before:
            break
        if before and after.endswith(before):
            return after.removesuffix(before)
    return ""


def ends_with_proof(returned: str, lineage_: str, inputs: str) -> bool:
    """Tell whether a default name proves these inputs of this lineage, whatever its key was."""
    found = proof_in(returned)
    return found is not None and found[0] in forms(lineage_) and found[1] == inputs


_DEFAULT_NAME = re.compile(r"-([0-9a-f]{12}|[0-9a-f]{6})-([0-9a-f]{8})$")


@lru_cache(_REMEMBERED)
def proof_in(returned: str) -> tuple[str, str] | None:
    """Return the lineage and inputs hash that a default name holds, or None."""
    found = _DEFAULT_NAME.search(_core(returned)) or _DEFAULT_NAME.search(
        _core(_without_suffix(returned))
    )
    return (found[1], found[2]) if found else None


class NameIndex:
    """Finds models by their names as the API may have altered them.

    Of thousands of models it leaves a few to compare. It never forgets a name, so a model that it
    finds may have another name by now, or be gone.

    Args:
        names: pairs of a model's id and its name.
    """

    def __init__(self, names: Iterable[tuple[str, str]] = ()) -> None:
        self._names: dict[str, str] = {}
        self._ids: dict[str, tuple[str, ...]] = {}
        for model_id, name in names:
            self.learn(model_id, name)

    def learn(self, model_id: str, name: str) -> None:
        """Take note of a model's name."""
        if self._names.get(model_id) == name:
            return
        self._names[model_id] = name
        proof = proof_in(name)
        marks = {_core(name), _core(_without_suffix(name))}
        if proof is not None:
            marks |= {_mark(*proof), _mark(proof[0])}
        for mark in marks:
            self._ids[mark] = (*self._ids.get(mark, ()), model_id)

    def named(self, sent: str) -> tuple[str, ...]:
        """Return the ids of the models whose name the API may have made out of the sent one."""
        return self._ids.get(_core(sent), ())

    def proven(self, lineage_: str, inputs: str) -> tuple[str, ...]:
        """Return the ids of the models whose default name proves these inputs."""
        return self._of(_mark(form, inputs) for form in forms(lineage_))

    def made_for(self, lineage_: str) -> tuple[str, ...]:
        """Return the ids of the models whose default name shows a lineage."""
        return self._of(_mark(form) for form in forms(lineage_))

    def _of(self, marks: Iterable[str]) -> tuple[str, ...]:
        return tuple(model_id for mark in marks for model_id in self._ids.get(mark, ()))


def _mark(lineage_: str, inputs: str = "") -> str:
    return f"-{lineage_}-{inputs}"


def _core(name: str) -> str:
    return re.sub(r"\s+", " ", name.strip().lower().removeprefix("ml:").strip())


def _without_suffix(name: str) -> str:
    return re.sub(r"_\d{1,3}$", "", name.strip())


def _digits(value: object, count: int) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:count]
