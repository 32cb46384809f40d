"""One serving process: `python -m milepost.serve.worker service.json FD [OPTIONS]`.

It imports neither LightGBM's package, nor MLflow, nor pandas, nor the problem: a file of settings is all it reads.
"""

from __future__ import annotations

import argparse
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
from milepost.serve.handshakes import SafeServer, tls_context
from milepost.serve.service import Service
from milepost.serve.settings import Settings, read_settings
from milepost.serve.text_log import TextLog, begin, form_of_lines

_LOOK_S = 0.5
_OBJECTS_BETWEEN_COLLECTIONS = 100_000  # answers hold no circles; a large request would else be searched all along


def serve(
    settings: Settings,
    *,
    fd: int,
    certificate: Path | None = None,
    private_key: Path | None = None,
    access_log: bool = False,
) -> None:
    """Answer at a socket that is bound already, until SIGTERM; what is being answered then is answered.

    Args:
        settings: of the service.
        fd: of the socket.
        certificate: file of the TLS certificate; None serves without TLS.
        private_key: file of its key.
        access_log: whether each request that is answered has a line in the text log.
    """
    app = App(Service(settings), access_log=access_log)
    connections = connections_within(settings.limits, app)
    patience_s = math.ceil(settings.limits.seconds)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=connections,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=patience_s,
        timeout_graceful_shutdown=patience_s,
    )
    server = uvicorn.Server(config)
    if certificate and private_key:
        server = SafeServer(config, tls_context(certificate, private_key), connections)
    gc.collect()
    gc.freeze()  # what is there now stays, so no later collection has to look at it again
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # as a TCP socket, which uvicorn's own `fd` would not take it for: answers would wait for the caller's next packet
    server.run(sockets=[socket.socket(fileno=fd)])


def _end_with(parent: int) -> None:
    """End when the parent is gone, however it ended: a service that nobody keeps must not go on."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve as the command line says."""
    words = _words()
    text_log = TextLog(form_of_lines(words.log_format, where="--log-format"), words.access_log, tuple(words.secret))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn drains, then raises the signal again
    begin(text_log)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        serve(
            read_settings(words.settings),
            fd=words.fd,
            certificate=words.certificate,
            private_key=words.private_key,
            access_log=text_log.access,
        )
    except MilepostError as why:
        logging.getLogger("milepost.serve").critical("%s", why)
        sys.exit(why.exit_code)


def _words() -> argparse.Namespace:
    """Return the words of the command line, as the supervisor writes them."""
    words = argparse.ArgumentParser()
    words.add_argument("settings", type=Path)
    words.add_argument("fd", type=int)
    words.add_argument("--certificate", type=Path)
    words.add_argument("--private-key", type=Path)
    words.add_argument("--log-format", default="text")
    words.add_argument("--access-log", action="store_true")
    words.add_argument("--secret", action="append", default=[])
    return words.parse_args()


if __name__ == "__main__":
    main()
