"""A model as the sandbox keeps it, free of any wording on the wire."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sandbox.chance import new_id
from sandbox.settings import COLLECT_DEFAULT

State = Literal["building", "complete", "invalid"]
SWITCHES = ("use_scores", "use_content", "build_only", "auto_tune", "tune_model", "re_run")
FIELD_LISTS = ("additional", "blocked")


@dataclass(slots=True)
class Config:
    """What a model was asked to be (API page, Model config; ``blocked`` from v2).

    All switches are off unless sent: the API page's samples and the SegmentML sample echo false,
    so a model whose ``build_only`` isn't sent goes live by itself. An assumption.
    """

    use_scores: bool = False
    use_content: bool = False
    collect: int = COLLECT_DEFAULT
    build_only: bool = False
    auto_tune: bool = False
    tune_model: bool = False
    re_run: bool = False
    additional: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """The result that a future build is to have, set by POST /_sandbox/outcomes.

    Attributes:
        match: regular expressions for name, label, source or target (ids or slugs).
        summary: numbers that replace the computed ones.
        state: ``invalid`` makes the build fail.
        reason: why, in the API's words.
        build_s: least build time in seconds; None is the sandbox's own.
        times: how many models more it holds for; None is all.
    """

    match: dict[str, str] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    state: State = "complete"
    reason: str = ""
    build_s: float | None = None
    times: int | None = None


@dataclass(slots=True)
class Model:
    """A model of an account; source and target are segment ids.

    Attributes:
        due_ns: when its build ends at the earliest.
        stopped: it was set not live before it went live by itself, so it won't.
        live_due_ns: when a trained model goes live by itself; 0 is not.
        built: it has been complete once.
        week: of the sandbox's clock, in which it was trained last.
        odd: what is shown instead of the model's own values: a number for a name, say.
    """

    id: str
    aid: int
    name: str
    source: str
    target: str
    config: Config
    created_ns: int
    updated_ns: int
    due_ns: int
    label: str = ""
    description: str = ""
    author_id: str = ""
    state: State = "building"
    reason: str = ""
    type: str = ""
    is_healthy: bool = False
    is_active: bool = False
    hidden: bool = False
    work_ids: list[str] = field(default_factory=list)
    outcome: Outcome | None = None
    stopped: bool = False
    live_due_ns: int = 0
    built: bool = False
    week: int = 0
    odd: dict[str, Any] = field(default_factory=dict)

    def touch(self, now_ns: int) -> None:
        """Move ``updated``, which never stands still between two changes."""
        self.updated_ns = max(now_ns, self.updated_ns + 1)

    def new_work(self) -> None:
        """Add a work id; several mean that the model has been deployed (Lytics v2 OpenAPI)."""
        self.work_ids.append(new_id())

    def as_record(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Model":
        """Return the model that was stored."""
        outcome = record["outcome"]
        return cls(
            **{
                **record,
                "config": Config(**record["config"]),
                "outcome": Outcome(**outcome) if outcome else None,
                # Folders of before the clock could be moved don't say it.
                "built": record.get("built", record["state"] == "complete"),
            }
        )
