"""The stand-in of the API: the sandbox, which doesn't train and takes its time."""

import subprocess
import sys
from collections import Counter

import httpx


class Api:
    """A sandbox in a process of its own.

    Args:
        latency_ms: what each request takes longer, in milliseconds.
        build_s: what a build takes, in seconds.
    """

    def __init__(self, latency_ms: float, build_s: float = 0.0) -> None:
        self.latency_ms = latency_ms
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--no-train"]
        command += ["--latency-ms", str(latency_ms), "--build-s", str(build_s)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self.url = self._process.stdout.readline().split()[-1]
        root = self.url.removesuffix("/api")
        headers = {"Authorization": "sandbox"}
        self._client = httpx.Client(base_url=root, headers=headers, timeout=60)

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

    def close(self) -> None:
        """Stop it."""
        self._client.close()
        self._process.terminate()
        self._process.wait()
