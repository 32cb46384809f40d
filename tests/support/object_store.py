"""An object store on this machine: a server of S3's protocol in a process of its own, which can go away and come back.

Run: python object_store.py     (it prints its port; then each line it reads, "away" or "back", is done and repeated)
"""

from __future__ import annotations

import logging
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BUCKET = "company-models"
SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"


@dataclass(frozen=True)
class ObjectStore:
    """The store, and how its process is told what to do."""

    port: int
    process: subprocess.Popen[str]

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables by which programs find the store."""
        return {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "LOG_BUCKET": BUCKET,
        }

    def go_away(self) -> None:
        """Listen no more; what is stored stays."""
        self._tell("away")

    def come_back(self) -> None:
        """Listen again, at the same port."""
        self._tell("back")

    def _tell(self, word: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(word, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline().strip() == word


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Run a store with an empty bucket until the block ends."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            store = ObjectStore(int(process.stdout.readline()), process)
            asked = urllib.request.Request(f"{store.environment['AWS_ENDPOINT_URL']}/{BUCKET}", method="PUT")
            urllib.request.urlopen(asked).close()
            yield store
        finally:
            process.kill()


def main() -> None:
    """Serve until nobody tells anything any more."""
    from moto.server import ThreadedMotoServer

    def started(port: int) -> ThreadedMotoServer:
        server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
        server.start()
        return server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = started(0)
    port = server.get_host_and_port()[1]
    print(port, flush=True)
    for line in sys.stdin:
        if line.strip() == "away":
            server.stop()
        else:
            server = started(port)
        print(line.strip(), flush=True)


if __name__ == "__main__":
    main()
