"""`drift --accept`: writes what somebody changed outside into the stack file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.drift.compare import Drift, Observed, StackDrift
from cli.edit.declared import declared_model
from cli.edit.stack_edit import StackEdit, show_diff
from cli.errors import PROBLEMS, CliError
from cli.screen.terminal import say
from providers.lytics.shapes import Model
from providers.lytics.text import shown

ACCEPTED = ("label", "is_active")
"""What can be changed in place, in Lytics and here; all else needs a new model."""


@dataclass(frozen=True)
class Accepted:
    """One value that goes into the file.

    Attributes:
        key: the declaration's key.
        name: the field.
        value: what Lytics shows.
    """

    key: str
    name: str
    value: str | bool


def accepted(
    report: StackDrift, models: Mapping[str, Model], keys: Sequence[str]
) -> list[Accepted]:
    """Return what the file is to say for some keys; pure.

    Args:
        report: the drift.
        models: the account's models by id.
        keys: whose drift is accepted.

    Raises:
        CliError: a key has nothing that can be accepted; it names all of them.
    """
    found, problems = [], []
    for key in dict.fromkeys(keys):
        drifts = [one for one in report.drifts if one.key == key]
        own = [_accepted(one, models) for one in drifts]
        usable = [one for one in own if one is not None]
        if not usable:
            what = ", ".join(one.property for one in drifts)
            told = f"its drift can't be declared: {what}" if what else "it has no drift"
            problems.append(f"{key}: {told}")
        found += usable
    if problems:
        title = "Nothing is written: label and is_active can be accepted, and there are none of"
        raise CliError("\n  - ".join([title, *problems]), PROBLEMS)
    return found


def _accepted(drift: Drift, models: Mapping[str, Model]) -> Accepted | None:
    model = models.get(drift.model_id)
    if drift.kind != "differs" or drift.property not in ACCEPTED or model is None:
        return None
    if drift.property == "label":
        return Accepted(drift.key, "label", model.label)
    return Accepted(drift.key, "is_active", model.is_active)


def edit_of(path: Path, keys: Sequence[str]) -> StackEdit:
    """Return a stack file that is to declare the drift of some keys.

    Raises:
        CliError: a key isn't declared.
        DeclarationError: the file can't be used.
    """
    edit = StackEdit(path)
    for key in keys:
        declared_model(edit.stack, key)
    return edit


def take_over(edit: StackEdit, report: StackDrift, observed: Observed, keys: Sequence[str]) -> None:
    """Write the drift of some keys into the stack file; comments and order stay.

    Raises:
        CliError: a key has nothing to accept, or the file can't be changed.
    """
    for one in accepted(report, observed.models, keys):
        edit.yaml.set(("models", one.key, one.name), one.value)
    edit.check()
    show_diff(edit.diff())
    edit.write()
    if edit.is_changed:
        say(f"{shown(edit.path)} declares now what Lytics shows; pulumi up has nothing to write")
    else:
        say(f"{shown(edit.path)} declares it already; pulumi up brings the state up to date")
