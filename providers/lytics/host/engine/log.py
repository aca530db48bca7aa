"""Sentences for the user, from the provider's host process to Pulumi's display."""

import sys
import threading
from collections.abc import Callable

from providers.lytics.text import without_controls

_lock = threading.Lock()
_senders: list[Callable[[str, str], None]] = []


def tell(message: str) -> None:
    """Show a sentence in Pulumi's display, or on standard error where there is no engine."""
    _send(message, "INFO")


def warn(message: str) -> None:
    """Show a warning in the same places."""
    _send(message, "WARNING")


def _send(message: str, severity: str) -> None:
    with _lock:
        if not _senders:
            _senders.append(_engine_sender() or _to_stderr)
    message = without_controls(message)
    try:
        _senders[0](message, severity)
    except Exception:  # noqa: BLE001 - a display that fails must never fail a write to the API
        _to_stderr(message, severity)


def _to_stderr(message: str, _severity: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def _engine_sender() -> Callable[[str, str], None] | None:
    """Return a sender to the engine whose address is the host's first argument, if this is one."""
    address = sys.argv[1] if len(sys.argv) > 1 else ""
    if "pulumi-resource-pulumi-python" not in sys.argv[0] and "dynamic" not in sys.argv[0]:
        return None
    if not address.startswith("127.0.0.1:"):
        return None
    import grpc  # noqa: PLC0415 - only the host process has an engine to talk to
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc  # noqa: PLC0415

    stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def send(message: str, severity: str) -> None:
        level = engine_pb2.LogSeverity.Value(severity)
        stub.Log(engine_pb2.LogRequest(severity=level, message=message), timeout=5)

    return send
