"""Ends the program with one plain error, and nothing of the engine's around it."""

import asyncio
import os
import signal
import sys
import warnings
from collections.abc import Awaitable
from types import FrameType
from typing import Any, NoReturn

import pulumi
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub
from pulumi.runtime.settings import get_engine, get_monitor

from providers.lytics.text import without_controls

# The language host's exit code for "the user has been told": the engine adds no words of its own.
TOLD_ALREADY = 32


def end_program(message: str) -> NoReturn:
    """Show an error and end the program; what was created stays in the state.

    The engine is told before the program ends, not by the event loop, which won't run any more.
    """
    message = without_controls(message)
    if not _sent(message, "ERROR"):
        raise pulumi.RunError(message)
    # What the program had under way is dropped with it; the user needn't hear of each.
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited")
    sys.exit(TOLD_ALREADY)


def warn_now(message: str) -> None:
    """Show a warning at once, from any thread; Pulumi's own log waits for the event loop."""
    _sent(without_controls(message), "WARNING")


def _sent(message: str, severity: str) -> bool:
    """Send a message to the engine; False where there is none."""
    engine = get_engine()
    if engine is None:
        return False
    level = engine_pb2.LogSeverity.Value(severity)
    engine.Log(engine_pb2.LogRequest(severity=level, message=message))
    return True


def outputs_registered() -> Awaitable[None]:
    """Return a future that is done once the engine has the stack's outputs.

    The SDK offers no signal for that, so its call is wrapped. Pulumi's mocks make no such call, so
    with them the future is done at once.
    """
    loop = asyncio.get_event_loop()
    registered: asyncio.Future[None] = loop.create_future()
    monitor = get_monitor()
    if not isinstance(monitor, ResourceMonitorStub):
        registered.set_result(None)
        return registered

    register = monitor.RegisterResourceOutputs

    def note(request: Any) -> Any:  # noqa: ANN401 - messages without types
        try:
            return register(request)
        finally:
            if "::pulumi:pulumi:Stack::" in request.urn:
                loop.call_soon_threadsafe(registered.set_result, None)

    monitor.RegisterResourceOutputs = note
    return registered


def end_when_interrupted() -> None:
    """End without a traceback when the engine interrupts; a handler of one's own stays.

    It does so after a Ctrl-C and after a resource failed, and says which it was.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end_interrupted)


def _end_interrupted(_signal: int, _frame: FrameType | None) -> None:
    # The event loop is in the middle of something, and threads may wait for the API: the program
    # only ever reads there, so nothing is lost by not waiting for them.
    os._exit(TOLD_ALREADY)
