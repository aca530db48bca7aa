"""The notes that a file backend keeps beside each of its files, of which a kill may cut one off.

Pulumi writes a state in one step, but not the `.attrs` file beside it, and reads neither while that
one is cut off (`failed to load checkpoint: EOF`). It holds nothing but the kind of the content.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from cli.recover.locks import folder_of
from cli.workspace.project import Project, short_name


def cut_off_sidecars(project: Project, stack: str) -> list[Path]:
    """Return the notes of a stack's files that can't be read; without them the files can be.

    Raises:
        PulumiError: Pulumi can't say which backend it uses.
    """
    backend = folder_of(project)
    return [] if backend is None else sorted(_cut_off(backend / ".pulumi", short_name(stack)))


def _cut_off(folder: Path, stack: str) -> Iterator[Path]:
    for file in folder.glob("**/*.attrs"):
        if stack not in file.parent.parts and not file.name.startswith(f"{stack}.json"):
            continue
        try:
            json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:  # a run that goes on has just moved it
            continue
        except ValueError:
            yield file
