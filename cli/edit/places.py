"""Where in a stack file a value stands."""

from pathlib import Path

import yaml

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # pragma: no cover - PyYAML without its C part, same result, slower
    from yaml import SafeLoader  # type: ignore[assignment]


class Places:
    """The lines and columns of a stack file that could be read.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._root = yaml.compose(path.read_bytes(), Loader=SafeLoader)

    def find(self, *place: str) -> tuple[int, int]:
        """Return line and column, from 1, of a key, or of the nearest thing around it."""
        node, mark = self._root, (1, 1)
        for part in place:
            if not isinstance(node, yaml.MappingNode):
                break
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                break
            mark = (pair[0].start_mark.line + 1, pair[0].start_mark.column + 1)
            node = pair[1]
        return mark
