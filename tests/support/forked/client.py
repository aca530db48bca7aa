"""Stands for a Python that the engine starts: lets the server fork one, and ends as that does.

It loads as little as it can, because each `up` starts it twice: the modules that `signal` and
`socket` are made of load without enum and selectors, in half the time.
"""

import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import marshal
import os
import sys

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Ask the server at the socket of the first argument for a Python that runs the others."""
    wanted = {
        "words": [word for word in sys.argv[2:] if word != "-u"],
        "folder": os.getcwd(),  # noqa: PTH109 - pathlib takes as long to load as the rest
        "environment": dict(os.environ),
        "is_deaf": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
    }
    # Until its fork is there, a signal waits.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(sys.argv[1])
        streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)]
        # The length first: a long environment arrives in pieces.
        message = marshal.dumps(wanted)
        server.sendmsg([len(message).to_bytes(4)], rights)
        server.sendall(message)
        for number in SIGNALS:
            signal.signal(number, lambda told, _frame: server.sendall(bytes([told])))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        code = int(server.recv(16) or -signal.SIGKILL)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
    finally:
        server.close()
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


sys.exit(main())
