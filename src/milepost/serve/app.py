"""The service: an ASGI application around one engine and one journal.

POST /predict, /invocations, /outcomes
GET  /schema, /model, /openapi.json, /docs, /metrics, /health/live, /health/ready
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.text import nearest
from milepost.problem.secrets import mask_secrets
from milepost.serve.answering import answer_request
from milepost.serve.bodies import asked_by_mlflow, asked_of, request_id_of
from milepost.serve.csv_bodies import asked_by_csv, is_csv
from milepost.serve.incoming import Incoming, Receive
from milepost.serve.openapi import REFUSALS, openapi_page
from milepost.serve.pages import model_page, schema_page
from milepost.serve.replies import Refusal, Reply, bytes_reply, json_reply, page_reply, refusal_reply
from milepost.serve.service import Service
from milepost.serve.text_log import tell_answered, tell_refused
from milepost.serve.words import words_page

Scope: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger("milepost.serve")


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        headers: by name, in small letters.
        body: whole.
        began: time.perf_counter when it arrived.
    """

    headers: dict[bytes, bytes]
    body: bytes
    began: float


Handler: TypeAlias = Callable[[Service, Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the service.

    Attributes:
        handler: answers it.
        scope: that a key needs for it; None where none is needed.
    """

    handler: Handler
    scope: str | None


async def predict(service: Service, call: Call) -> Reply:
    """Answer rows."""
    request_id = request_id_of(call.headers.get(b"idempotency-key"))
    asked = asked_of(call.body, service.settings.limits, service.inputs)
    return await answer_request(service, asked, asked.request_id or request_id, call.body, call.began)


async def invocations(service: Service, call: Call) -> Reply:
    """Answer rows in the forms of MLflow's servers."""
    limits = service.settings.limits
    if is_csv(call.headers):
        asked = asked_by_csv(call.body, limits, service.engine.voices.champion.predictor.schema)
    else:
        asked = asked_by_mlflow(call.body, limits)
    return await answer_request(service, asked, None, call.body, call.began, as_mlflow=True)


async def live(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Say that the process is there."""
    return json_reply(200, {"live": True})


async def ready(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Say whether rows are answered."""
    return json_reply(200 if service.is_ready else 503, {"ready": service.is_ready, "says": service.says})


async def metrics(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Return the figures of the service."""
    from milepost.serve.figures import CONTENT_TYPE

    return bytes_reply(200, service.figures.page(), (b"content-type", CONTENT_TYPE))


async def schema(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Return what a row has."""
    return json_reply(200, schema_page(service))


async def model(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Return what answers."""
    return json_reply(200, model_page(service))


async def openapi(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Return the description of the service."""
    return json_reply(200, openapi_page(service))


async def words(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Return the description as a page."""
    return page_reply(words_page(service))


async def outcomes(service: Service, call: Call) -> Reply:
    """Take what turned out to be true."""
    from milepost.serve.truths import take  # brings the door to Delta tables along

    return await take(service, call.body)


ROUTES: dict[str, dict[str, Route]] = {
    "/predict": {"POST": Route(predict, "predict")},
    "/invocations": {"POST": Route(invocations, "predict")},
    "/outcomes": {"POST": Route(outcomes, "outcomes")},
    "/schema": {"GET": Route(schema, "read")},
    "/model": {"GET": Route(model, "read")},
    "/openapi.json": {"GET": Route(openapi, "read")},
    "/docs": {"GET": Route(words, "read")},
    "/metrics": {"GET": Route(metrics, "admin")},
    "/health/live": {"GET": Route(live, None)},
    "/health/ready": {"GET": Route(ready, None)},
}


class App:
    """An ASGI application; `create_app` makes it."""

    def __init__(self, service: Service, *, beside: Sequence[str] | None = None, access_log: bool = False) -> None:
        """Take a service that is open already.

        Args:
            service: answers.
            beside: words of a program that runs as long as the server does; None where nothing is needed.
            access_log: whether each request that is answered has a line in the text log; refused ones always have.
        """
        self.service, self._beside, self._tells_answers = service, beside, access_log
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI says."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        path = scope["path"]
        is_work = scope["method"] == "POST"  # who asks whether the service is there gets an answer under any load
        incoming, limits = Incoming(receive), self.service.settings.limits
        if is_work and self._at_once >= limits.concurrent:
            reply = refusal_reply(_too_busy())
        else:
            self._at_once += is_work
            try:
                reply = await self._reply(scope, incoming, began)
            finally:
                self._at_once -= is_work
        self.service.figures.request(path if path in ROUTES else "", reply.status, time.perf_counter() - began)
        if reply.status >= 400 or self._tells_answers:
            self._tell(path, reply, began)
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        body = b"" if scope["method"] == "HEAD" else reply.body
        if reply.status >= 400 and not incoming.is_read:
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await incoming.leave(limits.seconds)
            body = b""
        await send({"type": "http.response.body", "body": body})

    def _tell(self, path: str, reply: Reply, began: float) -> None:
        """Write a line of the text log about a request; a path that is none of ours is its caller's text."""
        known_path, seconds = path if path in ROUTES else None, time.perf_counter() - began
        if reply.status < 400:
            tell_answered(known_path, reply, seconds)
        else:
            bundle_id = self.service.engine.voices.champion.bundle_id
            tell_refused(REFUSALS[reply.status], reply.status, path=known_path, seconds=seconds, bundle_id=bundle_id)

    async def _reply(self, scope: Scope, incoming: Incoming, began: float) -> Reply:
        """Return the answer to a request; whatever goes wrong has one too."""
        service = self.service
        try:
            headers = dict(scope["headers"])
            route = _route(scope["path"], scope["method"])
            if route.scope:
                holder = service.keys.check(headers, route.scope)
                if service.rates is not None and scope["method"] == "POST":
                    service.rates.take(holder or _address(scope))
            body = await incoming.body(headers, service.settings.limits) if scope["method"] == "POST" else b""
            return await route.handler(service, Call(headers, body, began))
        except EnvironmentFault as why:
            service.figures.error("environment")
            _log.error("%s", why)
            return refusal_reply(_at_fault(why))
        except Refusal as why:
            service.figures.error(str(why.status))
            return refusal_reply(why)
        except MilepostError as why:
            service.figures.error("422")
            return refusal_reply(why)
        except Exception:  # noqa: BLE001  the outermost loop of a service: one request's failure is not the next one's
            service.figures.error("bug")
            _log.exception("a request failed")
            return refusal_reply(_our_bug(), 500)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        program: subprocess.Popen[bytes] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.service.start()
                if self._beside:
                    program = subprocess.Popen(self._beside, stdin=subprocess.DEVNULL)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.service.stop()
                if program is not None:
                    program.terminate()
                    await asyncio.to_thread(program.wait)
                await send({"type": "lifespan.shutdown.complete"})
                return


def _route(path: str, method: str) -> Route:
    methods = ROUTES.get(path)
    if methods is None:
        near = nearest(path, ROUTES)
        raise Refusal(404, "There is nothing at this path.", where="the path", fix=f"Ask {near or '/docs'} instead.")
    route = methods.get("GET" if method == "HEAD" else method)
    if route is None:
        allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])
        raise Refusal(
            405,
            f"{method} is not answered at this path.",
            where="the method",
            fix=f"Use {allowed}.",
            headers=[(b"allow", allowed.encode())],
        )
    return route


def _address(scope: Scope) -> str:
    """Return where a request comes from; all that come through one proxy have one address."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _too_busy() -> Refusal:
    return Refusal(503, "Too many requests at once.", where="the service", fix="Send the request again.", retry_after=1)


def _at_fault(why: EnvironmentFault) -> Refusal:
    """Return what a caller is told of a fault on our side: no path of this machine, nothing that only we can do."""
    fix = "Send the request again in a moment; the log of the service says where the fault is."
    return Refusal(503, mask_secrets(why.what), where="the service", fix=fix, retry_after=1)


def _our_bug() -> MilepostError:
    return MilepostError(
        "The service failed at this request.",
        where="the service",
        fix="Send the request again; if it fails again, the log of the service says why.",
    )
