"""Lets an `up` of a part of the stack name models that the state doesn't have yet.

Pulumi refuses, while it refreshes, a URN after `--target` or `--exclude` that isn't in the state
("could not be found in the stack"), and takes a pattern as it is. `bin/pulumi` asks here before it
runs with such a URN: one whose key the stack file declares is spelled as a pattern that fits
nothing else; any other is Pulumi's to refuse.
"""

import sys
from collections.abc import Collection, Iterator, Sequence

from cli.errors import CliError
from cli.workspace.project import find_project
from cli.workspace.pulumi import selected_stack
from cli.workspace.state import read_state
from providers.lytics.domain.explain import did_you_mean
from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file.reader import read_stack_file

_NAMES_PARTS = ("--target", "-t", "--exclude")
_URN = "urn:"
# In a pattern of Pulumi `*` stands for anything without a colon.
_PATTERN = "*:"


def spelled(
    arguments: Sequence[str], held: Collection[str], declared: Collection[str]
) -> list[str]:
    """Return arguments in which URNs of new models are patterns; pure.

    Args:
        arguments: those of `pulumi up`.
        held: the URNs that the state has.
        declared: the keys that the stack file declares.
    """
    found = []
    for before, word in _pairs(arguments):
        urn = _value((before, word))
        is_new = _is_exact(urn) and urn not in held and _key(urn) in declared
        head = word.removesuffix(urn)
        found.append(f"{head}{_PATTERN}{urn.removeprefix(_URN)}" if is_new else word)
    return found


def unknown(
    arguments: Sequence[str], held: Collection[str], declared: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each key that a URN names and that nobody knows; pure."""
    known = {*map(_key, held), *declared}
    for pair in _pairs(arguments):
        key = _key(urn) if _is_exact(urn := _value(pair)) else None
        if key is not None and key not in known:
            yield f"neither the state nor the stack file has '{key}'.{did_you_mean(key, known)}"


def _key(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(("", *arguments), arguments, strict=False)


def _value(pair: tuple[str, str]) -> str:
    """Return what a word says after an option that names a part, "" for any other word."""
    before, word = pair
    if before in _NAMES_PARTS:
        return word
    option, _, value = word.partition("=")
    return value if option in _NAMES_PARTS else ""


def _is_exact(urn: str) -> bool:
    return urn.startswith(_URN) and "*" not in urn


def main(arguments: list[str]) -> int:
    """Write the arguments for Pulumi, each ended by NUL; unchanged if state or file can't be read.

    Args:
        arguments: the stack's name, "" for the one that is selected, and those of `pulumi up`.
    """
    stack, *given = arguments
    try:
        project = find_project()
        name = stack or selected_stack(project)
        declared = read_stack_file(project.stack_file(name)).models
        resources = (read_state(project, name).exported.get("deployment") or {}).get("resources")
        held = {str(one.get("urn")) for one in resources or ()}
        for sentence in unknown(given, held, declared):
            sys.stderr.write(f"lytics-ml: {sentence}\n")
        given = spelled(given, held, declared)
    except (CliError, DeclarationError):
        pass  # Pulumi, or the program, says what is wrong.
    sys.stdout.write("".join(f"{word}\0" for word in given))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
