"""Servers that keep states for teams: PostgreSQL of this machine, and an S3 server."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.ports import free_port

BUCKET = "states"


def postgres_programs() -> Path | None:
    """Return the folder of this machine's newest PostgreSQL server, None without one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).parent if on_path else None


def as_nobody() -> list[str]:
    """Return what runs a command as a user that isn't root: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@contextmanager
def postgres(programs: Path, folder: Path) -> Iterator[str]:
    """Start a PostgreSQL server in a folder of its own, and return the backend's URL."""
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    data, port = folder / "data", free_port()
    start = [*as_nobody(), str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "state"]
    subprocess.run([*start, "--no-sync"], check=True, capture_output=True, cwd=folder)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*as_nobody(), str(programs / "pg_ctl"), "-D", str(data), "-w"]
    log = folder / "log"
    subprocess.run(
        [*control, "-l", str(log), "-o", options, "start"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"postgres://state@127.0.0.1:{port}/postgres?sslmode=disable"
    finally:
        subprocess.run(
            [*control, "-m", "immediate", "stop"],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def s3() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Start an S3 server, and return the backend's URL and the environment that it needs."""
    # Only these tests need it, and it takes a second to load.
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        httpx.put(f"http://127.0.0.1:{port}/{BUCKET}").raise_for_status()
        endpoint = f"endpoint=127.0.0.1:{port}&disableSSL=true&s3ForcePathStyle=true"
        env = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        yield f"s3://{BUCKET}?region=us-east-1&{endpoint}", env
    finally:
        server.stop()
