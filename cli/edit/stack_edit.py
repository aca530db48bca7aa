"""Changes to a stack file: shown as a diff, checked, and written whole or not at all."""

import difflib
import stat
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from cli.edit.files import write_beside
from cli.edit.yaml_text import YamlText
from cli.errors import CliError
from cli.screen.terminal import console, safe
from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file.reader import Stack, read_stack_file
from providers.lytics.text import shown

_BOM = "\ufeff"


class StackEdit:
    """A stack file that is being changed.

    Args:
        path: the file.

    Raises:
        DeclarationError: it can't be used as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stack: Stack = read_stack_file(path)
        self._before = path.read_bytes()
        text = self._before.decode("utf-8")
        self._bom = _BOM if text.startswith(_BOM) else ""
        self.yaml = YamlText(text.removeprefix(_BOM))

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self._after() != self._before

    def diff(self) -> str:
        """Return what changes, as a unified diff."""
        name = shown(self.path)
        before, after = (
            raw.decode("utf-8").removeprefix(_BOM).splitlines()
            for raw in (self._before, self._after())
        )
        return "\n".join(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm=""))

    def check(self) -> Stack:
        """Return what the changed file declares.

        Raises:
            CliError: the file would not be what it was to become; nothing is written.
        """
        temporary = self._written_beside()
        try:
            if not self.yaml.is_as_expected():
                message = (
                    f"{shown(self.path)} is written in a way that can't be changed safely. "
                    "Change it by hand; nothing was written."
                )
                raise CliError(message)
            return read_stack_file(temporary)
        except DeclarationError as exc:
            reasons = [problem.what for problem in exc.problems]
            message = "\n  - ".join(
                [f"{shown(self.path)} would have mistakes then, so nothing was written:", *reasons]
            )
            raise CliError(message) from exc
        finally:
            temporary.unlink()

    def write(self) -> None:
        """Put the changed file in the place of the old one.

        Raises:
            CliError: the changes can't be made, or somebody else changed the file meanwhile.
        """
        if not self.is_changed:
            return
        self.check()
        if self.path.read_bytes() != self._before:
            message = f"{shown(self.path)} was changed by somebody else meanwhile; try again."
            raise CliError(message)
        target = self.path.resolve()
        temporary = self._written_beside()
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)

    def _after(self) -> bytes:
        return (self._bom + self.yaml.text).encode("utf-8")

    def _written_beside(self) -> Path:
        return write_beside(self.path, self._after())


_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def show_diff(diff: str) -> None:
    """Show a diff, in colour on a terminal."""
    screen = console()
    for line in _coloured(diff):
        screen.print(line, soft_wrap=True)


def _coloured(diff: str) -> Iterator[Text]:
    for line in diff.splitlines():
        bold = line.startswith(("+++", "---"))
        yield Text(safe(line, 2000), "bold" if bold else _STYLES.get(line[:1], ""))
