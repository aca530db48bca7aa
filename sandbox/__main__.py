"""``python -m sandbox``: the Lytics ML API on this machine."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args, get_origin

from sandbox.errors import SettingsError
from sandbox.settings import DIALECTS, Settings
from sandbox.turning.behaviour import Behaviour, kinds
from sandbox.turning.like import behaviour_like

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
    add(
        "--segments",
        type=Path,
        metavar="FILE.json",
        help="more segments, [{name, slug_name, segment_ql}], for example audiences/demo.json",
    )
    add("--no-train", action="store_true", help="make summaries up instead of training")
    add(
        "--drift",
        type=_share,
        default=defaults.drift,
        help="part of what is known of users that stops to fit them each week, as the clock is "
        "moved on by POST /_sandbox/clock, 0 to 1 (default %(default)s)",
    )
    add("--latency-ms", type=_amount, default=0.0, help="every request takes this much longer")
    add("--workers", type=_count, default=defaults.workers, help="processes that train (default 2)")
    add("--rate-limit", type=_amount, default=0.0, help="requests a second, above it 429")
    add("--dialect", choices=DIALECTS, default="mldoc", help="wording of /api (default mldoc)")
    group = make.add_argument_group("how the account behaves")
    group.add_argument(
        "--like",
        type=Path,
        metavar="FILE",
        help="as this account profile says (lytics-ml doctor --save); flags win over it",
    )
    _add_behaviours(group)
    return make


def _add_behaviours(group: "argparse._ArgumentGroup") -> None:
    """Make a flag of every field of ``Behaviour``."""
    for field in fields(Behaviour):
        flag, kind = "--" + field.name.replace("_", "-"), kinds()[field.name]
        shown = "never" if field.default is None else field.default
        told = f"{field.metadata['help'].replace('%', '%%')} (default {shown!r})"
        if kind is bool:
            group.add_argument(
                flag, action=argparse.BooleanOptionalAction, default=field.default, help=told
            )
        elif get_origin(kind) is Literal:
            choices = get_args(kind)
            group.add_argument(
                flag, type=type(choices[0]), choices=choices, default=field.default, help=told
            )
        else:
            read = kind if kind in (str, int) else _amount_or_never
            metavar = {str: "TEXT", int: "N"}.get(kind, "SECONDS")
            group.add_argument(flag, type=read, default=field.default, metavar=metavar, help=told)


def _amount(text: str) -> float:
    value = float(text)
    if value < 0:
        raise ValueError(text)
    return value


def _amount_or_never(text: str) -> float | None:
    return None if text == "never" else _amount(text)


def _share(text: str) -> float:
    value = _amount(text)
    if value > 1:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def read_settings(arguments: Sequence[str] | None = None) -> Settings:
    """Read the command line and the account profile that it names.

    Raises:
        SettingsError: a value or the profile can't be used.
    """
    grammar = parser()
    like = grammar.parse_args(arguments).like
    if like:
        grammar.set_defaults(**behaviour_like(like))
    options = vars(grammar.parse_args(arguments))
    options["train"] = not options.pop("no_train")
    del options["like"]
    return Settings(**options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Returns:
        0 after a clean stop, 2 if the sandbox can't start like this.
    """
    try:
        settings = read_settings(arguments)
        _check_packages(settings)
        from sandbox.server import serve  # noqa: PLC0415 - so that --help is quick

        serve(settings)
    except SettingsError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - a command line's answer
        return 2
    return 0


def _check_packages(settings: Settings) -> None:
    """Refuse a Python that lacks what this sandbox needs.

    Raises:
        SettingsError: with the packages, and the Python that has them.
    """
    needed = ["starlette", "uvicorn"]
    needed += ["numpy", "sklearn"] if settings.train else []
    needed += ["yaml"] if settings.profiles else []
    missing = [name for name in needed if not find_spec(name)]
    if missing:
        message = (
            f"{sys.executable} lacks {', '.join(missing)}. "
            "Run 'make engine' once, then: .venv/bin/python -m sandbox"
        )
        raise SettingsError(message)


if __name__ == "__main__":
    sys.exit(main())
