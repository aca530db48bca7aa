"""What a sandbox can be told when it starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Dialect = Literal["mldoc", "table", "recorded", "v2"]
"""How /api answers are worded: the API page's samples, the API page's tables, the go-lytics
recorded data, or the Lytics v2 OpenAPI (which /v2 always speaks)."""

ConfigEcho = Literal["full", "zeroed"]
Rename = Literal["none", "prefix", "suffix"]
EarlyActivation = Literal["refuse", "accept"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)

LIVE_MODELS_MAX = 20
"""Live models per account (Lytics docs: Limitations)."""
SEGMENT_USERS_MIN = 25
"""Users that source and target need (Lytics docs: Building Lookalike Models)."""
COLLECT_DEFAULT = 5000
"""Users sampled of each segment (API page, Model config)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One sandbox.

    Attributes:
        host: address to listen on.
        port: 0 is any free port.
        data: folder that keeps models between starts; None keeps nothing.
        build_s: a build takes at least this many seconds.
        seed: same seed, same population, same numbers.
        profiles: CSV of a population of one's own; None makes one up.
        train: False makes summaries up instead of training.
        latency_ms: every API request takes this much longer, in milliseconds.
        workers: processes that train side by side.
        rate_limit: API requests a second, above it 429; 0 is no limit.
        list_delay_s: a new model is missing from ML List for this many seconds.
        config_echo: ``zeroed`` reports every config value as zero, as recorded for old models.
        rename: what the server does to names: nothing, put "ML: " before each, or add _1, _2 …
            to one that is taken.
        dialect: wording of /api answers.
        early_activation: whether a building or invalid model can be set live.
        delete_status: 200 with a body, or 204 without, for DELETE /v2/ml/{id}.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    build_s: float = 0.0
    seed: int = 1
    profiles: Path | None = None
    train: bool = True
    latency_ms: float = 0.0
    workers: int = 2
    rate_limit: float = 0.0
    list_delay_s: float = 0.0
    config_echo: ConfigEcho = "full"
    rename: Rename = "none"
    dialect: Dialect = "mldoc"
    early_activation: EarlyActivation = "refuse"
    delete_status: Literal[200, 204] = 200
