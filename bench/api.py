"""The stand-in of the API: the sandbox, which doesn't train and takes its time."""

import subprocess
import sys
from collections import Counter
from types import TracebackType
from typing import Self

import httpx


class Api:
    """A sandbox in a process of its own; a context manager that stops it.

    Args:
        latency_ms: what each request takes longer, in milliseconds.
        build_s: what each build takes, in seconds.
    """

    def __init__(self, latency_ms: float, build_s: float = 0.0) -> None:
        self.latency_ms = latency_ms
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--no-train"]
        times = ["--latency-ms", str(latency_ms), "--build-s", str(build_s)]
        self._process = subprocess.Popen([*command, *times], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self.url = self._process.stdout.readline().split()[-1]
        root = self.url.removesuffix("/api")
        headers = {"Authorization": "sandbox"}
        self._client = httpx.Client(base_url=root, headers=headers, timeout=60)

    def reset(self) -> None:
        """Have no models."""
        self._client.post("/_sandbox/reset").raise_for_status()

    def segments(self) -> dict[str, str]:
        """Return the segments' ids by slug."""
        found = self._client.get("/v2/segment").raise_for_status().json()["data"]
        return {segment["slug_name"]: segment["id"] for segment in found}

    def forget_requests(self) -> None:
        """Empty the log of requests."""
        self._client.delete("/_sandbox/requests").raise_for_status()

    def requests(self) -> dict[str, int]:
        """Return how many requests came since, by method."""
        asked = self._client.get("/_sandbox/requests").raise_for_status().json()
        return dict(Counter(entry["method"] for entry in asked))

    def __enter__(self) -> Self:
        """Return the stand-in itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait()
