"""Ports for servers that have to be told theirs before they start."""

import random
import socket

# Below those that Linux, macOS and Windows hand out by themselves, or a connection of any other
# program could take the port between its choice and its use.
FIRST, LAST = 20_000, 32_000


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on, and that nobody is given who asks for any."""
    dice = random.SystemRandom()
    while True:
        port = dice.randint(FIRST, LAST)
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port
