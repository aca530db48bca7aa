"""``python -m sandbox``: the Lytics ML API on this machine."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from sandbox.errors import SettingsError
from sandbox.settings import DIALECTS, ConfigEcho, EarlyActivation, Rename, Settings

EPILOG = """
Keys: 'sandbox' (account 1234), 'sandbox-other' (account 5678), 'sandbox-readonly' (1234, reads).
Try: curl -H 'Authorization: sandbox' http://127.0.0.1:PORT/api/ml
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    defaults = Settings()
    make = argparse.ArgumentParser(
        prog="python -m sandbox",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = make.add_argument
    add("--host", default=defaults.host, help="address to listen on (default %(default)s)")
    add("--port", type=int, default=8787, help="0 is any free port (default %(default)s)")
    add("--data", type=Path, help="folder that keeps models between starts (default: none kept)")
    add("--build-s", type=_amount, default=0.0, help="least seconds a build takes (default 0)")
    add("--seed", type=int, default=defaults.seed, help="same seed, same numbers (default 1)")
    add(
        "--profiles",
        type=Path,
        metavar="FILE.csv",
        help="population of your own; segments from FILE.segments.yaml or FILE.yaml beside it",
    )
    add("--no-train", action="store_true", help="make summaries up instead of training")
    add("--latency-ms", type=_amount, default=0.0, help="every request takes this much longer")
    add("--workers", type=_count, default=defaults.workers, help="processes that train (default 2)")
    add("--rate-limit", type=_amount, default=0.0, help="requests a second, above it 429")
    add("--list-delay-s", type=_amount, default=0.0, help="seconds until ML List shows a new model")
    _add_wordings(make)
    return make


def _add_wordings(make: argparse.ArgumentParser) -> None:
    add = make.add_argument
    add("--dialect", choices=DIALECTS, default="mldoc", help="wording of /api (default mldoc)")
    add(
        "--config-echo",
        choices=get_args(ConfigEcho),
        default="full",
        help="zeroed: every config value is reported as zero, as recorded for old models",
    )
    add(
        "--rename",
        choices=get_args(Rename),
        default="none",
        help="prefix: 'ML: ' before every name; suffix: _1, _2 … after a name that is taken",
    )
    add(
        "--early-activation",
        choices=get_args(EarlyActivation),
        default="refuse",
        help="whether a building or invalid model may be set live (default refuse, with 400)",
    )
    add("--delete-status", type=int, choices=(200, 204), default=200, help="of DELETE /v2/ml/ID")


def _amount(text: str) -> float:
    value = float(text)
    if value < 0:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Returns:
        0 after a clean stop, 2 if the sandbox can't start like this.
    """
    options = vars(parser().parse_args(arguments))
    options["train"] = not options.pop("no_train")
    settings = Settings(**options)
    from sandbox.server import serve  # noqa: PLC0415 - so that --help is quick

    try:
        serve(settings)
    except SettingsError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - a command line's answer
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
