"""The verb `create_app`: the service as an ASGI application for a server of the user's own.

app.py     import milepost; app = milepost.create_app("milepost.toml")
terminal   uvicorn app:app --workers 4
"""

from __future__ import annotations

import sys
from pathlib import Path

from milepost.api.arguments import verb
from milepost.api.serving import prepare
from milepost.problem.read import read_problem
from milepost.serve.app import App
from milepost.serve.service import Service


@verb
def create_app(problem: Path | str = "milepost.toml", *, bundle: str | None = None, without_keys: bool = False) -> App:
    """Return an ASGI application that answers like `milepost serve`; addresses, TLS and workers are the server's.

    Where there are keys, callers need one. Where there is none, only callers from addresses of this machine are
    answered, unless without_keys says that anybody may ask. A proxy on this machine makes all of its callers look near
    where its server is not told whom it speaks for: then make keys.

    With several workers GET /metrics tells of the one that answers; they are added up where the environment variable
    PROMETHEUS_MULTIPROC_DIR names an empty folder before the server starts.

    It needs a server that sends lifespan events, as uvicorn, hypercorn and granian do. A process beside it folds the
    log and follows promotions; it ends with the server, and is started again where it ends before.

    Args:
        problem: path of the problem file.
        bundle: a folder, NAME:VERSION or a bundle_id; the champion when absent, and each later champion in its turn.
        without_keys: whether anybody may ask from other machines where there are no keys.

    Raises:
        MilepostError: there is no such bundle or champion, or it fails its self-test.
        EnvironmentFault: a store or the disk failed.
    """
    prepared = prepare(read_problem(Path(problem)), bundle)
    words = [sys.executable, "-m", "milepost.api.keeping", str(Path(problem).resolve())]
    return App(Service(prepared.settings), beside=[*words, *([bundle] if bundle else [])], only_near=not without_keys)
