"""The pages of what Python and `pulumi stack output` have."""

import inspect
from collections.abc import Iterator

from docs.made.text import head, in_short, section, table
from providers.lytics import MlModel, MlModelActivation, wait_until_built
from providers.lytics.program.resources.arguments import ConfigArgs, GateArgs
from providers.lytics.program.stack_outputs import ModelOutputs


def python() -> Iterator[str]:
    """Yield the page of the Python classes."""
    yield from head(
        "Python classes",
        "`from providers.lytics import …`. [In Python](python.md) shows how they are used. Every "
        "argument takes Outputs, but for the key, `on_delete` and `activation`.",
    )
    for made in (MlModel, MlModelActivation):
        yield from ("", f"## {made.__name__}", "", in_short(made))
        yield from ("", "### Arguments" if made is MlModel else "### Its arguments")
        yield from table(("argument", "meaning"), _arguments(made.__init__))
        yield from ("", "### Outputs" if made is MlModel else "### Its outputs")
        outputs = section(made, "Attributes").items()
        yield from table(
            ("output", "meaning"), ((f"`{name}`", what.rstrip(".")) for name, what in outputs)
        )
    yield from ("", "## config and gate", "")
    yield "The keys that an editor and mypy know; [Stack file](stack-file.md) says what each means."
    keys = (
        (f"`{name}`", ", ".join(f"`{key}`" for key in kind.__annotations__))
        for name, kind in (("config", ConfigArgs), ("gate", GateArgs))
    )
    yield from table(("argument", "keys"), keys)
    yield from ("", "## wait_until_built", "", in_short(wait_until_built))
    yield from table(("argument", "meaning"), _arguments(wait_until_built))


def outputs() -> Iterator[str]:
    """Yield the page of the stack's outputs."""
    yield from head(
        "Outputs",
        "`bin/pulumi stack output models --json --stack prod` prints an object: for each key of "
        "the stack file what is below. `lytics-ml list` and `show` ask the API, and tell more.",
        in_short(ModelOutputs),
    )
    rows = (
        (f"`{name}`", what.rstrip("."))
        for name, what in section(ModelOutputs, "Attributes").items()
    )
    yield from table(("output", "meaning"), rows)


def _arguments(function: object) -> Iterator[tuple[str, str]]:
    parameters = inspect.signature(function).parameters  # type: ignore[arg-type]
    for name, what in section(function, "Args").items():
        needed = parameters[name].default is inspect.Parameter.empty
        yield f"`{name}`", f"{what.rstrip('.')} (required)" if needed else what.rstrip(".")
