"""The service: an ASGI application around one engine and one journal.

POST /predict, /invocations, /outcomes
GET  /schema, /model, /openapi.json, /docs, /metrics, /health/live, /health/ready
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.text import nearest
from milepost.problem.secrets import mask_secrets
from milepost.serve.answering import answer_request
from milepost.serve.beside import Beside
from milepost.serve.bodies import Asked, asked_by_mlflow, asked_of, request_id_of
from milepost.serve.csv_bodies import asked_by_csv, is_csv
from milepost.serve.incoming import Incoming, Receive
from milepost.serve.keys import SCOPES_OF
from milepost.serve.openapi import openapi_page
from milepost.serve.pages import model_page, schema_page
from milepost.serve.replies import Refusal, Reply, bytes_reply, json_reply, page_reply, refusal_reply
from milepost.serve.service import Service
from milepost.serve.settings import LOOPBACK
from milepost.serve.text_log import REFUSED, tell_answered, tell_failed, tell_refused
from milepost.serve.words import base_of, locked_page, words_page

Scope: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST_OUTCOMES_AT_ONCE = 8  # they wait for each other; rows must not wait for them

_log = logging.getLogger("milepost.serve")


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        headers: by name, in small letters.
        body: whole.
        began: time.perf_counter when it arrived.
        holder: of the key; None where no key is needed.
        scheme: "http" or "https".
    """

    headers: dict[bytes, bytes]
    body: bytes
    began: float
    holder: str | None
    scheme: str


@dataclass(slots=True)
class Places:
    """How many requests of a kind are answered at once.

    Attributes:
        most: of them.
        taken: of these, now.
    """

    most: int
    taken: int = 0


Handler: TypeAlias = Callable[[Service, Call], Awaitable[Reply]]


async def predict(service: Service, call: Call) -> Reply:
    """Answer rows."""
    champion = service.engine.voices.champion
    asked = _identified(asked_of(call.body, service.settings.limits, champion.inputs, champion.columns), call)
    return await answer_request(service, asked, call.body, call.began, holder=call.holder)


async def invocations(service: Service, call: Call) -> Reply:
    """Answer rows in the forms of MLflow's servers."""
    limits = service.settings.limits
    if is_csv(call.headers):
        asked = asked_by_csv(call.body, limits, service.engine.voices.champion.predictor.schema)
    else:
        asked = asked_by_mlflow(call.body, limits)
    asked = _identified(asked, call)
    return await answer_request(service, asked, call.body, call.began, holder=call.holder, as_mlflow=True)


def _identified(asked: Asked, call: Call) -> Asked:
    """Return what is asked with the request id of the header, where the body gives none."""
    given = call.headers.get(b"idempotency-key")
    return asked if given is None or asked.request_id else asked._replace(request_id=request_id_of(given))


async def live(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Say that the process is there."""
    return json_reply(200, {"live": True})


async def ready(service: Service, call: Call) -> Reply:  # noqa: ARG001
    """Say whether rows are answered."""
    return json_reply(200 if service.is_ready else 503, {"ready": service.is_ready})


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


async def words(service: Service, call: Call) -> Reply:
    """Return the description as a page."""
    return page_reply(words_page(service, base_of(call.headers, call.scheme)))


async def outcomes(service: Service, call: Call) -> Reply:
    """Take what turned out to be true."""
    from milepost.serve.truths import take  # brings the door to Delta tables along

    return await take(service, call.body)


ROUTES: dict[str, dict[str, Handler]] = {
    "/predict": {"POST": predict},
    "/invocations": {"POST": invocations},
    "/outcomes": {"POST": outcomes},
    "/schema": {"GET": schema},
    "/model": {"GET": model},
    "/openapi.json": {"GET": openapi},
    "/docs": {"GET": words},
    "/metrics": {"GET": metrics},
    "/health/live": {"GET": live},
    "/health/ready": {"GET": ready},
}


class App:
    """An ASGI application; `create_app` makes it."""

    def __init__(
        self,
        service: Service,
        *,
        beside: Sequence[str] | None = None,
        only_near: bool = False,
        access_log: bool = False,
    ) -> None:
        """Take a service that is open already.

        Args:
            service: answers.
            beside: words of a program that runs as long as the server does; None where nothing is needed.
            only_near: whether callers need a key, or an address of this machine.
            access_log: whether each request that is answered has a line in the text log; refused ones always have.
        """
        self.service, self._only_near, self._tells_answers = service, only_near, access_log
        self._beside = Beside(beside, service.troubles) if beside else None
        self._rows, self._outcomes = Places(service.settings.limits.concurrent), Places(MOST_OUTCOMES_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI says."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def leave(self) -> None:
        """Say from now on that rows are asked elsewhere."""
        self.service.is_ready = False

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = Incoming(receive)
        reply = await self.respond(scope, incoming)
        headers = [*reply.headers, reply.length]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else reply.body
        if reply.status >= 400 and not incoming.is_read:
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await incoming.leave(self.service.settings.limits.seconds)
            body = b""
        await send({"type": "http.response.body", "body": body})

    async def respond(self, scope: Scope, incoming: Incoming) -> Reply:
        """Return the answer to a request.

        Args:
            scope: method, path, headers (names in small letters) and client, as ASGI calls them.
            incoming: its body.
        """
        began, path = time.perf_counter(), scope["path"]
        is_work = scope["method"] == "POST"  # who asks whether the service is there gets an answer under any load
        places = self._outcomes if path == "/outcomes" else self._rows
        if is_work and places.taken >= places.most:
            reply = refusal_reply(_too_busy())
        else:
            places.taken += is_work
            try:
                reply = await self._reply(scope, incoming, began)
            finally:
                places.taken -= is_work
        self.service.figures.request(path if path in ROUTES else "", reply.status, time.perf_counter() - began)
        if reply.status >= 400 or self._tells_answers:
            self._tell(path, reply, began)
        return reply

    def _tell(self, path: str, reply: Reply, began: float) -> None:
        """Write a line of the text log about a request; a path that is none of ours is its caller's text."""
        known_path, seconds = path if path in ROUTES else None, time.perf_counter() - began
        if reply.status < 400:
            tell_answered(known_path, reply, seconds)
        else:
            bundle_id = self.service.engine.voices.champion.bundle_id
            tell_refused(REFUSED[reply.status], reply.status, path=known_path, seconds=seconds, bundle_id=bundle_id)

    async def _reply(self, scope: Scope, incoming: Incoming, began: float) -> Reply:
        """Return the answer to a request; whatever goes wrong has one too."""
        service = self.service
        try:
            headers = dict(scope["headers"])
            handler = _handler(scope["path"], scope["method"])
            holder = None
            if scopes := SCOPES_OF[scope["path"]]:
                holder = service.keys.check(headers, *scopes)
                if self._only_near and holder is None:
                    _refuse_far(scope)
                if service.rates is not None and scope["method"] == "POST":
                    service.rates.take(holder or _address(scope))
            body = b""
            if scope["method"] == "POST":
                _refuse_compressed(headers)
                body = await incoming.body(headers, service.settings.limits)
            return await handler(service, Call(headers, body, began, holder, scope.get("scheme", "http")))
        except EnvironmentFault as why:
            service.figures.error("environment")
            _log.error("%s", why)
            return refusal_reply(_at_fault(why))
        except Refusal as why:
            service.figures.error(str(why.status))
            if why.status == 401 and scope["path"] == "/docs" and b"text/html" in headers.get(b"accept", b""):
                base = base_of(headers, scope.get("scheme", "http"))
                return page_reply(locked_page(base), 401, *why.headers)
            return refusal_reply(why)
        except MilepostError as why:
            service.figures.error("422")
            return refusal_reply(why)
        except Exception as why:  # noqa: BLE001  an outermost loop: one request's failure is not the next one's
            service.figures.error("bug")
            tell_failed("A request failed.", why)
            return refusal_reply(_our_bug(), 500)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.service.start()
                if self._beside:
                    self._beside.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.service.stop()
                if self._beside:
                    await self._beside.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _handler(path: str, method: str) -> Handler:
    methods = ROUTES.get(path)
    if methods is None:
        near = nearest(path, ROUTES)
        raise Refusal(404, "There is nothing at this path.", where="the path", fix=f"Ask {near or '/docs'} instead.")
    handler = methods.get("GET" if method == "HEAD" else method)
    if handler is None:
        allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])
        raise Refusal(
            405,
            f"{method} is not answered at this path.",
            where="the method",
            fix=f"Use {allowed}.",
            headers=[(b"allow", allowed.encode())],
        )
    return handler


def _refuse_compressed(headers: Mapping[bytes, bytes]) -> None:
    if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity"):
        raise Refusal(
            415,
            "The body is compressed, and is not read so.",
            where="the header Content-Encoding",
            fix="Send the body as it is.",
            headers=[(b"accept-encoding", b"identity")],
        )


def _address(scope: Scope) -> str:
    """Return where a request comes from; all that come through one proxy have one address."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _refuse_far(scope: Scope) -> None:
    if _address(scope) not in LOOPBACK:
        raise Refusal(
            401,
            "The service has no keys yet, so only its own machine may ask.",
            where="the address of the caller",
            fix="Ask whoever runs the service for a key; it is made with: milepost keys add NAME",
            headers=[(b"www-authenticate", b"Bearer")],
        )


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
