"""One serving process: `python -m milepost.serve.worker service.json FD`.

It imports neither LightGBM's package, nor MLflow, nor pandas, nor the problem: a file of settings is all it reads.
"""

from __future__ import annotations

import gc
import logging
import math
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import uvicorn

from milepost.ground.errors import MilepostError
from milepost.serve.app import App
from milepost.serve.connections import connections_within
from milepost.serve.service import Service
from milepost.serve.settings import Settings, read_settings

_LOOK_S = 0.5


def serve(settings: Settings, *, fd: int, certificate: str | None = None, private_key: str | None = None) -> None:
    """Answer at a socket that is bound already, until SIGTERM; what is being answered then is answered.

    Args:
        settings: of the service.
        fd: of the socket.
        certificate: file of the TLS certificate; None serves without TLS.
        private_key: file of its key.
    """
    service, patience_s = Service(settings), math.ceil(settings.limits.seconds)
    config = uvicorn.Config(
        App(service),
        loop="uvloop",
        http=connections_within(settings.limits),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=patience_s,
        timeout_graceful_shutdown=patience_s,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
    )
    gc.collect()
    gc.freeze()  # what is there now stays, so no later collection has to look at it again
    # as a TCP socket, which uvicorn's own `fd` would not take it for: answers would wait for the caller's next packet
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=fd)])


def _end_with(parent: int) -> None:
    """End when the parent is gone, however it ended: a service that nobody keeps must not go on."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve as the command line says."""
    path, fd, *tls = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    certificate, private_key = tls or (None, None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn drains, then raises the signal again
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        serve(read_settings(Path(path)), fd=int(fd), certificate=certificate, private_key=private_key)
    except MilepostError as why:
        print(why, file=sys.stderr)
        sys.exit(why.exit_code)


if __name__ == "__main__":
    main()
