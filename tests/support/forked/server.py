"""Forks a Python for each client (`client.py`), from one that has loaded all that a run loads.

A client sends its standard streams and what to run, then the number of each signal that it gets,
and is told the exit code. If the client is killed, so is its fork. The server ends with its
standard input.
"""

import atexit
import contextlib
import encodings.idna  # noqa: F401 - loaded for the forks, as the packages below
import gc
import io
import marshal
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import dill  # type: ignore[import-untyped]  # noqa: F401
import grpc._channel
import grpc._server
import grpc._utilities
import grpc.experimental  # noqa: F401
import httpcore  # noqa: F401
import httpx  # noqa: F401
import pulumi.dynamic  # noqa: F401
import yaml  # noqa: F401
from pydantic import BaseModel

_ROOT = Path(__file__).parents[3]

Wanted = dict[str, Any]


def _serve(listening: socket.socket) -> Wanted | None:
    """Serve until standard input ends; in a fork, return what it is to run."""
    # What a signal's handler does would not end the wait for connections; this does.
    woken, waking = socket.socketpair()
    woken.settimeout(0)
    waking.settimeout(0)
    signal.signal(signal.SIGCHLD, _nothing)
    signal.set_wakeup_fd(waking.fileno())
    clients: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector, woken, waking:
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(listening, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj: key for key, _ in selector.select()}
            if ready.pop(sys.stdin, None):
                return None
            has_ended = ready.pop(woken, None)
            has_new = ready.pop(listening, None)
            for key in ready.values():
                _pass_on(key, selector)
            # Only now: it closes connections, of which some may have been ready.
            if has_ended:
                woken.recv(4096)
                _tell_ended(clients, selector)
            if has_new and (wanted := _fork(listening, clients, selector)):
                return wanted


def _fork(
    listening: socket.socket, clients: dict[int, socket.socket], selector: selectors.BaseSelector
) -> Wanted | None:
    """Fork for the next client; in the fork, return what it is to run."""
    client, _address = listening.accept()
    wanted, streams = _received(client)
    if wanted is None:
        client.close()
        return None
    if not (pid := os.fork()):
        signal.set_wakeup_fd(-1)
        _take(streams)
        for other in (client, *clients.values()):
            other.close()
        return wanted
    for stream in streams:
        os.close(stream)
    clients[pid] = client
    selector.register(client, selectors.EVENT_READ, pid)
    return None


def _nothing(_signal: int, _frame: FrameType | None) -> None:
    """Take a signal: that the process is woken is enough."""


def _received(client: socket.socket) -> tuple[Wanted | None, list[int]]:
    """Return what a client wants run, None if it was killed first, and its standard streams."""
    length, streams, _flags, _address = socket.recv_fds(client, 4, 3)
    with client.makefile("rb") as reading:
        message = reading.read(int.from_bytes(length))
    is_whole = len(length) == 4 and len(message) == int.from_bytes(length)
    # Client and server are one Python's, and nobody else has the socket.
    return marshal.loads(message) if is_whole else None, streams  # noqa: S302


def _pass_on(key: selectors.SelectorKey, selector: selectors.BaseSelector) -> None:
    """Pass a client's signal on to its fork, and its end."""
    assert isinstance(key.fileobj, socket.socket)
    told = key.fileobj.recv(1)
    if not told:
        selector.unregister(key.fileobj)
    with contextlib.suppress(ProcessLookupError):
        os.kill(key.data, told[0] if told else signal.SIGKILL)


def _take(streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)


def _tell_ended(clients: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    while clients:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with clients.pop(pid) as client:
            # A client that is gone was taken out already, or is told in vain.
            with contextlib.suppress(KeyError):
                selector.unregister(client)
            with contextlib.suppress(OSError):
                client.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(wanted: Wanted) -> None:
    """Run what a client wants, as `python -u` would."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if wanted["is_deaf"]:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.chdir(wanted["folder"])
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process
    for name, number in (("stdout", 1), ("stderr", 2)):
        raw = open(number, "wb", buffering=0, closefd=False)  # noqa: SIM115 - as above
        setattr(sys, name, io.TextIOWrapper(raw, errors="backslashreplace", write_through=True))
    first, *rest = wanted["words"]
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if first == "-m":
        sys.argv = rest
        sys.path[:0] = [wanted["folder"], *others]
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        sys.path[:0] = [str(Path(first).parent), *others]
        runpy.run_path(first, run_name="__main__")


def _run(wanted: Wanted) -> None:
    """Run what a client wants, and end without taking apart all that the server has loaded."""
    codes: list[int] = []
    # What is registered first is called last: all else that Python does at its end is done then.
    atexit.register(lambda: os._exit(codes[0]) if codes else None)
    try:
        _become(wanted)
        codes.append(0)
    except SystemExit as exc:
        codes.append(exc.code if isinstance(exc.code, int) else int(exc.code is not None))
        raise


def _load_project() -> None:
    """Load the modules of `providers`, of which the tests' projects have copies.

    A test that changes its copy needs plain Pythons.
    """
    sys.path.insert(0, str(_ROOT))
    for module in pkgutil.walk_packages([str(_ROOT / "providers")], "providers."):
        import_module(module.name)
    sys.path.remove(str(_ROOT))
    _build_validators(BaseModel)


def _build_validators(shape: type[BaseModel]) -> None:
    """Let pydantic build what it otherwise builds when a shape is first used."""
    for below in shape.__subclasses__():
        if below.__module__.startswith("providers."):
            below.model_rebuild()
        _build_validators(below)


def main() -> None:
    """Serve at the socket that the first argument names."""
    _load_project()
    # The collectors of the forks leave alone what is loaded, and so it isn't copied for them.
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(sys.argv[1])
        listening.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        wanted = _serve(listening)
    if wanted is not None:
        _run(wanted)


main()
