"""Starting and stopping a sandbox: for the command line, and in a thread for tests."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from sandbox.api.auth import ACCOUNTS
from sandbox.api.request_log import RequestLog
from sandbox.app import build_app
from sandbox.audiences.scores import Scores
from sandbox.audiences.sizes import Sizes
from sandbox.audiences.start import begin_segments
from sandbox.building.builds import Builds
from sandbox.building.workers import WorkerPool
from sandbox.errors import SettingsError
from sandbox.people.fields import MADE_UP_FIELDS, Fields
from sandbox.segments import Directory, made_up_directory
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.world import World

START_TIMEOUT_S = 30.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
TICK_S = 0.1
GRACE_S = 1
"""Seconds that open requests, a hanging one say, get to end at a stop."""


def build_world(settings: Settings) -> World:
    """Set up what a sandbox holds.

    Raises:
        SettingsError: the data folder or the population can't be used.
    """
    directory, fields = made_up_directory(), Fields(MADE_UP_FIELDS)
    if settings.profiles:
        directory, fields = _own_population(settings.profiles)
    store = Store(settings.data)
    trainer = WorkerPool(settings.workers) if settings.train else None
    sizes = Sizes(settings, directory, Scores(store), store.clock)
    builds = Builds(settings, store, sizes, fields, trainer)
    world = World(
        settings=settings,
        store=store,
        directory=directory,
        sizes=sizes,
        builds=builds,
        log=RequestLog(store.clock),
        dialect=settings.dialect,
        behaviour=builds.behaviour,
    )
    begin_segments(world)
    return world


def _own_population(path: Path) -> tuple[Directory, Fields]:
    """Give every account the users of a CSV."""
    # Other sandboxes start quicker without the YAML reader.
    from sandbox.people.profiles import load_profiles  # noqa: PLC0415

    profiles = load_profiles(path)
    directory = Directory()
    for aid in ACCOUNTS:
        directory.add(aid, profiles.plans, [plan.users or 0 for plan in profiles.plans])
    return directory, Fields(profiles.fields, profiles.withheld)


def bind(settings: Settings) -> socket.socket:
    """Take the port.

    Raises:
        SettingsError: it is in use, or the host is none of this machine's.
    """
    # With the protocol named, asyncio sets TCP_NODELAY; without it each reply takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as problem:
        listener.close()
        message = (
            f"Can't listen on {settings.host}:{settings.port}: {problem.strerror}. "
            "Choose another --port, or 0 for any free one."
        )
        raise SettingsError(message) from problem
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the API's base URL, as ``LIOAPI`` or ``apiUrl`` take it."""
    host, port = listener.getsockname()
    return f"http://{host}:{port}/api"


class _Server(uvicorn.Server):
    """Uvicorn that says when it is ready."""

    def __init__(self, world: World) -> None:
        config = uvicorn.Config(
            build_app(world),
            access_log=False,
            date_header=False,  # the gateway writes the sandbox's own time
            log_level=logging.CRITICAL,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=60,
        )
        super().__init__(config)
        self.ready = threading.Event()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say so."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.ready.set()

    async def main_loop(self) -> None:
        """Serve until told to stop, and notice that at once; uvicorn's own takes up to 0.1 s."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), TICK_S)

    def stop(self) -> None:
        """Stop, from any thread."""
        self.should_exit = True
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)


class _AnnouncingServer(_Server):
    """The command line's: prints one line when it is ready."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then print where."""
        await super().startup(sockets)
        if sockets:
            print(f"sandbox ready on {url_of(sockets[0])}", flush=True)  # noqa: T201 - the contract

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; unlike uvicorn's own, a clean stop then ends with 0."""
        before = {kind: signal.signal(kind, self.handle_exit) for kind in STOP_SIGNALS}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        SettingsError: the port, the data folder or the population can't be used.
    """
    listener = bind(settings)
    with listener:
        _AnnouncingServer(build_world(settings)).run([listener])


@dataclass(slots=True)
class Handle:
    """A sandbox in a thread; a context manager that stops it.

    Attributes:
        url: the API's base, ``http://127.0.0.1:PORT/api``.
        root: the same without ``/api``, for /v2 and /_sandbox.
        world: its inside, for tests of the sandbox itself.
    """

    url: str
    world: World
    _server: _Server
    _thread: threading.Thread
    _listener: socket.socket

    @property
    def root(self) -> str:
        """Return the URL without ``/api``."""
        return self.url.removesuffix("/api")

    def stop(self) -> None:
        """Stop and wait for the end; a second stop does nothing."""
        self._server.stop()
        self._thread.join(START_TIMEOUT_S)
        self._listener.close()

    def __enter__(self) -> Self:
        """Return the handle itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve_in_thread(settings: Settings | None = None) -> Handle:
    """Start a sandbox in a thread, on any free port unless the settings name one.

    Args:
        settings: None is the default ones without training.

    Raises:
        SettingsError: the port, the data folder or the population can't be used.
    """
    settings = settings or Settings(train=False)
    world = build_world(settings)
    listener = bind(settings)
    server = _Server(world)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    if not server.ready.wait(START_TIMEOUT_S):
        message = f"The sandbox wasn't ready within {START_TIMEOUT_S:.0f} s"
        raise SettingsError(message)
    return Handle(url_of(listener), world, server, thread, listener)
