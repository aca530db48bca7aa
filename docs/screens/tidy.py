"""Makes what was printed the same in every run: ids, days, processes, folders."""

import re
from datetime import date
from hashlib import sha256

_ID = re.compile(r"\b[0-9a-f]{32}\b")
_SHORT = re.compile(r"\b[0-9a-f]{8}\b")
_DAY = re.compile(r"\b(20\d\d-\d\d-\d\d)([T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")
_PROCESS = re.compile(r"process \d+|\b\d+(?= \(pulumi)")
_HOLDER = re.compile(r"\b[\w.-]+@[\w.-]+(?= \(process)")
FIRST_DAY = date(2026, 3, 2)
"""What today is in the documents."""
_FIRST_PROCESS = 4711


class Tidy:
    """Replaces what differs from run to run.

    An id becomes one that is made from its rank: the first that is seen is always the same.

    Args:
        constant: ids that are the same in every run, those of segments.
        replaced: texts and what stands for each, a folder for example.
        today: the day that becomes the first.
    """

    def __init__(self, constant: set[str], replaced: dict[str, str], today: date) -> None:
        self._constant = constant
        self._later = FIRST_DAY - today
        self._replaced = replaced
        self._ids: dict[str, str] = {}

    def note(self, ids: list[str]) -> None:
        """Give ids their ranks: those that are new, in this order."""
        for one in ids:
            self._of(one)

    def __call__(self, text: str) -> str:
        """Return a text without what differs."""
        for was, now in self._replaced.items():
            text = text.replace(was, now)
        text = _ID.sub(lambda found: self._of(found[0]), text)
        text = _SHORT.sub(lambda found: self._of_short(found[0]), text)
        text = _HOLDER.sub("you@laptop", text)
        numbers = {one: n for n, one in enumerate(dict.fromkeys(_PROCESS.findall(text)))}
        text = _PROCESS.sub(lambda found: _process(found[0], numbers[found[0]]), text)
        return _DAY.sub(self._day, text)

    def _of(self, model_id: str) -> str:
        if model_id in self._constant or model_id in self._ids.values():
            return model_id
        made = sha256(f"model {len(self._ids)}".encode()).hexdigest()[:32]
        return self._ids.setdefault(model_id, made)

    def _of_short(self, short: str) -> str:
        return next((now[:8] for was, now in self._ids.items() if was.startswith(short)), short)

    def _day(self, found: re.Match[str]) -> str:
        # The hour tells nothing; the clock of the sandbox moves by days.
        day = date.fromisoformat(found[1]) + self._later
        return f"{day}T09:00:00Z" if found[2] else str(day)


def _process(was: str, rank: int) -> str:
    number = _FIRST_PROCESS + rank
    return f"process {number}" if was.startswith("process") else str(number)
