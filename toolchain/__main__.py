"""What `bootstrap.sh` calls when something is missing: `python -m toolchain venv | get`."""

import argparse
import signal
import sys
from typing import NoReturn

from toolchain import virtualenv
from toolchain.disk import in_words
from toolchain.engine.get import get_engine
from toolchain.errors import NotInstalledError
from toolchain.places import VENV
from toolchain.progress import say


def main(arguments: list[str]) -> int:
    """Install what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    venv = commands.add_parser("venv", help="make .venv have what the requirements say")
    venv.add_argument("--dev", action="store_true", help="also what developing needs")
    get = commands.add_parser("get", help="find or get the engine, and note where it is")
    get.add_argument(
        "wanted", help="written beside the place; if it changes, the engine is looked for again"
    )
    options = parser.parse_args(arguments)
    for kind in (signal.SIGTERM, signal.SIGHUP):  # so that what was started ends too
        signal.signal(kind, _end)
    try:
        if options.command == "venv":
            virtualenv.ensure(dev=options.dev)
        else:
            folder = get_engine()
            (VENV / ".engine").write_text(f"{folder}\n{options.wanted}\n", encoding="utf-8")
    except NotInstalledError as exc:
        say(str(exc))
        return 1
    except OSError as exc:
        say(in_words(exc))
        return 1
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        return 130
    return 0


def _end(signal_number: int, _frame: object) -> NoReturn:
    sys.exit(128 + signal_number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
