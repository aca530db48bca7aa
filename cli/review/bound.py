"""Binds a saved plan to the state that it was made on, and refuses it where that has moved on.

Pulumi checks an `up` against what its plan says of each resource, but not against the state before
it: an older plan, approved late, would undo what a newer one has done. `bin/pulumi` asks
here before it runs with `--plan`.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cli.errors import CliError
from cli.workspace.project import find_project
from cli.workspace.state import StackState, read_state
from providers.lytics.domain.finding.ownership import ACTIVATION_TYPE, MODEL_TYPE
from providers.lytics.pages import page

# A key of our own in Pulumi's plan, which passes over what it doesn't know.
_KEY = "lyticsMl"


def bind(plan: Path, state: StackState) -> None:
    """Note in a saved plan which stack and state it was made on.

    Raises:
        CliError: the plan can't be read.
    """
    content = _content(plan)
    content[_KEY] = {"stack": state.stack, "state": mark_of(state)}
    plan.write_text(json.dumps(content), encoding="utf-8")


def refusal(plan: Path) -> str:
    """Return why a plan can't be carried out any more, "" if it can.

    A plan that Pulumi saved by itself is bound to no state, so there is nothing to say.

    Raises:
        CliError: plan or state can't be read.
    """
    bound = _content(plan).get(_KEY)
    if not isinstance(bound, dict):
        return ""
    stack = str(bound.get("stack"))
    if mark_of(read_state(find_project(), stack)) == bound.get("state"):
        return ""
    return (
        f"{plan} was made before the last change of stack {stack}, and would undo it. Nothing was "
        f"changed. Review anew: bin/lytics-ml review --stack {stack} --save-plan FILE. "
        f"See {page('guides/review#reviewed-means-applied')}"
    )


def mark_of(state: StackState) -> str:
    """Return a fingerprint of a state: which models it has, and how they are declared.

    What Lytics changes by itself (scores, health, dates) isn't part of it.
    """
    deployment = state.exported.get("deployment") or {}
    ours = [
        {
            "urn": one.get("urn"),
            "id": one.get("id"),
            "leaves": bool(one.get("delete")),
            "inputs": {k: v for k, v in (one.get("inputs") or {}).items() if k != "__provider"},
        }
        for one in deployment.get("resources") or []
        if one.get("type") in {MODEL_TYPE, ACTIVATION_TYPE}
    ]
    ordered = sorted(json.dumps(one, sort_keys=True) for one in ours)
    return hashlib.sha256("\n".join(ordered).encode()).hexdigest()[:32]


def _content(plan: Path) -> dict[str, Any]:
    try:
        content = json.loads(plan.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        message = f"The plan {plan} can't be read: {getattr(exc, 'strerror', None) or 'no JSON'}"
        raise CliError(message) from exc
    if not isinstance(content, dict):
        message = f"The plan {plan} is none of Pulumi's"
        raise CliError(message)
    return content


def main(arguments: list[str]) -> int:
    """Say on standard error why a plan is refused; 0 if it isn't."""
    try:
        why = refusal(Path(arguments[0]))
    except CliError as exc:
        why = str(exc)
    if why:
        sys.stderr.write(f"error: {why}\n")
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
