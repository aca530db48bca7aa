"""What histories went through: which operation met which fault, death, policy and account."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from tests.simulation.drawing import DEEDS, EDITS, MOMENTS, REQUESTS, WAYS
from tests.simulation.living import Life, Ran

Met = tuple[str, ...]
"""One value of a dimension, or one of each of two: `("fault", "503@after")`."""

FAULTS = (*(f"{way}@{moment}" for way, moment in product(WAYS, MOMENTS)), "refused")
DEATHS = ("before a request", "after its effect", "before the state is written")
VARIETIES = (
    *("plain", "list_delay_s", "rename=prefix", "rename=suffix", "rename=lower"),
    *("config_echo=zeroed", "config_echo=none", "reorders", "shouts", "retrain=building"),
    *("early_stop=accept", "full=19", "full=20", "api=v2", "build_s"),
)
DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "operation": (
        *dict.fromkeys(EDITS),
        *("refresh", "target", "continue on error", "a week", "two stacks at once"),
        *("two backends at once", "break_first", "pages", "twins settled"),
    ),
    "refusal": ("adopted twice",),
    "fault": FAULTS,
    "death": (*DEATHS, "state unwritten"),
    "person": DEEDS,
    "policy": ("default", "deactivate", "delete", "retain"),
    "variety": VARIETIES,
}
PAIRS = (
    ("operation", "fault"),
    ("operation", "death"),
    ("operation", "person"),
    ("operation", "policy"),
    ("operation", "variety"),
    ("policy", "death"),
    ("policy", "fault"),
    ("variety", "death"),
    ("variety", "fault"),
    ("request", "fault"),
)
"""What matters together; the last asks for each fault of each kind of request."""


def met_in(life: Life) -> "Counter[Met]":
    """Count what one history went through."""
    met: Counter[Met] = Counter()
    varieties = _varieties(life.history["variety"])
    for step, runs in life.steps:
        values = {
            "operation": list(_operations(step, runs)),
            "refusal": list(_refusals(runs)),
            "fault": sorted({a.fault for ran in runs for a in ran.asked if a.fault}),
            "death": list(_deaths(step, runs)),
            "person": sorted({deed["what"] for deed in step.get("people", ())}),
            "policy": sorted({_policy(s) for ran in runs for s in ran.shapes.values()}),
            "variety": varieties,
        }
        for name, found in values.items():
            met.update((name, value) for value in found)
        for one, other in PAIRS[:-1]:
            met.update(
                (one, value, other, partner)
                for value, partner in product(values[one], values[other])
            )
        met.update(
            ("request", kind, "fault", asked.fault)
            for ran in runs
            for asked in ran.asked
            if asked.fault and (kind := _kind(asked.method, asked.path))
        )
    return met


def _operations(step: Mapping[str, Any], runs: list[Ran]) -> Iterator[str]:
    yield step["do"]
    named = {
        "refresh": "refresh",
        "continues": "continue on error",
        "week": "a week",
        "pages": "pages",
    }
    yield from (said for name, said in named.items() if step.get(name))
    if step.get("target") is not None:
        yield "target"
    if step.get("beside") == "other":
        yield "two stacks at once"
    if step.get("beside") == "twin" and len(runs) > 1:
        yield "two backends at once"
    if any("one too many" in said for ran in runs for said in ran.said):
        yield "twins settled"
    if any(shape.swap for ran in runs for shape in ran.shapes.values()):
        yield "break_first"


def _refusals(runs: list[Ran]) -> Iterator[str]:
    if any("has it; take it out there first" in said for ran in runs for said in ran.problems):
        yield "adopted twice"


def _deaths(step: Mapping[str, Any], runs: list[Ran]) -> Iterator[str]:
    for ran in runs:
        if ran.died:
            yield ran.died
            if step.get("unwritten"):
                yield "state unwritten"


def _policy(shape: Any) -> str:  # noqa: ANN401 - a declaration
    return shape.on_delete or "default"


def _varieties(variety: Mapping[str, Any]) -> list[str]:
    found = [
        word
        for name, value in variety.items()
        for word in (name, f"{name}={value}")
        if word in VARIETIES and value
    ]
    return found or ["plain"]


def _kind(method: str, path: str) -> str:
    on_one = "/ml/" in path
    for kind, chosen in REQUESTS.items():
        if method in chosen["method"].split("|") and on_one == chosen["path"].endswith("/"):
            return kind
    return ""


# --- what was met ---------------------------------------------------------------------------


def every_value() -> Iterator[Met]:
    """Return every value of every dimension."""
    for name, values in DIMENSIONS.items():
        yield from ((name, value) for value in values)


def every_pair() -> Iterator[Met]:
    """Return every pair that matters and can be."""
    for one, other in PAIRS:
        firsts = tuple(REQUESTS) if one == "request" else DIMENSIONS[one]
        for value, partner in product(firsts, DIMENSIONS[other]):
            met = (one, value, other, partner)
            if not _cant_be(met):
                yield met


def _cant_be(met: Met) -> bool:
    """Tell whether two things never come together: where two backends run nothing else fails."""
    one, value, other, _ = met
    twins = {"two backends at once", "twins settled"}
    return one == "operation" and value in twins and other in {"fault", "death"}


def table(met: "Counter[Met]") -> str:
    """Return what was met, as lines of text."""
    lines = ["what was met, and how often:"]
    for name, values in DIMENSIONS.items():
        counts = {value: met[name, value] for value in values}
        missed = [value for value, count in counts.items() if not count]
        least = min(counts, key=lambda value: counts[value])
        seldom = f"each {counts[least]} times at least ({least})"
        said = f"never met: {', '.join(missed)}" if missed else seldom
        lines.append(f"  {name:<20} {len(values) - len(missed):>4} of {len(values):<4} {said}")
    for one, other in PAIRS:
        pairs = [pair for pair in every_pair() if (pair[0], pair[2]) == (one, other)]
        counts = {f"{pair[1]} x {pair[3]}": met[pair] for pair in pairs}
        missed = [pair for pair, count in counts.items() if not count]
        title = f"{one} x {other}"
        some = ", ".join(missed[:3]) + (", …" if len(missed) > 3 else "")
        said = f"never: {some}" if missed else f"each {min(counts.values())} times at least"
        lines.append(f"  {title:<20} {len(counts) - len(missed):>4} of {len(counts):<4} {said}")
    return "\n".join(lines)
