"""What a sandbox can be told when it starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from sandbox.turning.behaviour import Behaviour

Dialect = Literal["mldoc", "table", "recorded", "v2"]
"""How /api answers are worded: the API page's samples, the API page's tables, the go-lytics
recorded data, or the Lytics v2 OpenAPI (which /v2 always speaks)."""

DIALECTS: tuple[Dialect, ...] = get_args(Dialect)

LIVE_MODELS_MAX = 20
"""Live models per account (Lytics docs: Limitations)."""
SEGMENT_USERS_MIN = 25
"""Users that source and target need (Lytics docs: Building Lookalike Models)."""
COLLECT_DEFAULT = 5000
"""Users sampled of each segment (API page, Model config)."""
DRIFT_DEFAULT = 0.03
"""So little that weeks look alike, and so much that a model is worth less after months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Behaviour):
    """One sandbox: how the account behaves, and all that is of the sandbox itself.

    Attributes:
        host: address to listen on.
        port: 0 is any free port.
        data: folder that keeps models between starts; None keeps nothing.
        build_s: a build takes at least this many seconds.
        seed: same seed, same population, same numbers.
        profiles: CSV of a population of one's own; None makes one up.
        segments: JSON list of segments that account 1234 has from the start, by their definitions.
        drift: part of what is known of the users that stops to fit them each week, 0 to 1, as the
            sandbox's clock is moved on.
        train: False makes summaries up instead of training.
        latency_ms: every API request takes this much longer, in milliseconds.
        workers: processes that train side by side.
        rate_limit: API requests a second, above it 429; 0 is no limit.
        dialect: wording of /api answers.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    build_s: float = 0.0
    seed: int = 1
    profiles: Path | None = None
    segments: Path | None = None
    train: bool = True
    drift: float = DRIFT_DEFAULT
    latency_ms: float = 0.0
    workers: int = 2
    rate_limit: float = 0.0
    dialect: Dialect = "mldoc"
