"""What became of a promotion, a check or a way back, as a value."""

from dataclasses import dataclass

from cli.promote.evidence import Evidence
from cli.promote.history import Earlier
from cli.promote.work import Checked


@dataclass(frozen=True)
class Outcome:
    """What there is to say.

    Attributes:
        there: the stack that declarations come from.
        here: the stack that they go to.
        file: its file, as people name it.
        evidence: what proves the models that are promoted.
        checked: what `--check` found; None without it.
        earlier: what `--rollback` puts back.
        key: of which model.
        diff: how the file changes, "" where it has it all already.
        written: whether it was written.
    """

    there: str
    here: str
    file: str
    evidence: tuple[Evidence, ...] = ()
    checked: tuple[Checked, ...] | None = None
    earlier: Earlier | None = None
    key: str = ""
    diff: str = ""
    written: bool = False

    @property
    def wrong(self) -> int:
        """How many models aren't proved, or not right."""
        if self.checked is not None:
            return sum(not one.is_right for one in self.checked)
        return sum(not one.is_proved for one in self.evidence)
