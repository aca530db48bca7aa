"""Stands for a Python that the engine starts: lets the server fork one, and ends as that does."""

import array
import json
import os
import signal
import socket
import sys
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Ask the server at the socket of the first argument for a Python that runs the others."""
    wanted = {
        "words": [word for word in sys.argv[2:] if word != "-u"],
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "is_deaf": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
    }
    # Until its fork is there, a signal waits.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(sys.argv[1])
        streams = array.array("i", [0, 1, 2])
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)]
        # The length first: a long environment arrives in pieces.
        message = json.dumps(wanted).encode()
        server.sendmsg([len(message).to_bytes(4)], rights)
        server.sendall(message)
        for number in SIGNALS:
            signal.signal(number, lambda told, _frame: server.sendall(bytes([told])))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        code = int(server.recv(16) or -signal.SIGKILL)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


sys.exit(main())
