"""ASGI layers around every route: who may speak at all, what is logged, what every answer carries.

Outermost first: PeerGuard, the proxy's headers, RequestRecord, WriteGuard.
"""

import ipaddress
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relevo_server.errors import FOREIGN_ORIGIN, INTERNAL, NOT_JSON, TOO_LARGE, UNDECLARED_PEER, Fault
from relevo_server.logs import logger
from relevo_server.metrics import Metrics

MAX_BODY_BYTES = 16 * 1024
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Reads that cost something and leave a line: of browsers they are taken from our own page alone.
_OWN_READS = frozenset({"/api/admin/audit/export"})
# Of RFC 9110 and RFC 5789: others are a client's invention, which the metrics would keep for ever.
_METHODS = _READS | {"POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE"}
_POLICY_VIOLATION = 1008
_MAX_TOLD_CHARS = 200
PAGE_POLICY = (
    "default-src 'none'; "
    # WebAssembly from this origin, which the viewer's decoder is; text is still never evaluated.
    "script-src 'self' 'wasm-unsafe-eval'; "
    # The components and the terminal set styles in elements: no script can be made of one.
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; "
    "connect-src 'self'; "
    "font-src 'self'; "
    "worker-src 'self'; "
    "manifest-src 'self'; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'; "
    # The viewer's policy `default` lets through its own workers and nothing with a tag in it.
    "require-trusted-types-for 'script'; "
    "trusted-types default"
)
# An answer of the API is no page: should a browser ever show one, nothing in it does anything.
_ANSWER_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "camera=(), microphone=(), geolocation=(), display-capture=(self), usb=(), serial=(), hid=(), "
        "payment=(), clipboard-read=(self), clipboard-write=(self), fullscreen=(self)"
    ),
}
# Only with a certificate that stays valid: HSTS on a local one would lock people out of their own machine.
_STRICT_TRANSPORT = "max-age=31536000"
_log = logger(__name__)


class PeerGuard:
    """Lets only the declared proxy in; stands where HTTP comes without TLS."""

    def __init__(self, app: ASGIApp, peers: tuple[str, ...]) -> None:
        self._app = app
        self._networks = [ipaddress.ip_network(peer) for peer in peers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass declared peers through, refuse others."""
        if scope["type"] == "lifespan" or self._declared(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await fault_response(UNDECLARED_PEER)(scope, receive, send)

    def _declared(self, scope: Scope) -> bool:
        client = cast("tuple[str, int] | None", scope.get("client"))
        try:
            address = ipaddress.ip_address(client[0] if client else "")
        except ValueError:
            return False
        return any(address in network for network in self._networks)


class RequestRecord:
    """Gives each request an id, a log line, its metrics, and each answer the security headers."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, strict_transport: bool, subdomains: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = dict(_HEADERS)
        if strict_transport:
            below = "; includeSubDomains" if subdomains else ""
            self._headers["strict-transport-security"] = _STRICT_TRANSPORT + below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one HTTP request; other protocols pass, with their id and address in the log's context."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        client = cast("tuple[str, int] | None", scope.get("client"))
        with structlog.contextvars.bound_contextvars(
            request_id=secrets.token_hex(8), address=client[0] if client else ""
        ):
            if scope["type"] == "http":
                await self._http(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        start_s = time.perf_counter()
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                self._mark(message, str(scope["path"]))
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception:
            # The last line: whatever failed, the client gets an answer and the log the traceback.
            _log.exception("request failed")
            if status:
                raise
            await fault_response(INTERNAL)(scope, receive, send_marked)
        finally:
            self._note(scope, status, time.perf_counter() - start_s)

    def _mark(self, message: Message, path: str) -> None:
        headers = MutableHeaders(raw=cast("list[tuple[bytes, bytes]]", message.setdefault("headers", [])))
        if path.startswith("/api/"):
            headers.setdefault("content-security-policy", _ANSWER_POLICY)
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if path.startswith("/api/"):
            headers.setdefault("cache-control", "no-store")
        headers["x-request-id"] = str(structlog.contextvars.get_contextvars()["request_id"])
        message["headers"] = headers.raw

    def _note(self, scope: Scope, status: int, took_s: float) -> None:
        # The route's pattern, never the path: paths are the client's choice and would swell the metrics.
        route = str(getattr(scope.get("route"), "path", "unmatched"))
        method = str(scope["method"]) if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_s.labels(route).observe(took_s)
        _log.info("request", method=method, route=route, status=status, ms=round(took_s * 1000, 1))


@dataclass(frozen=True)
class ForeignOrigin:
    """A request that came from another site's page: whence, from which address, and its name in the log."""

    origin: str
    address: str
    cause: str


class WriteGuard:
    """Refuses what changes state unless it comes from our own page, as JSON, and small.

    Of reads it refuses those that a browser sends for another site's page. A program's bearer token is no
    browser's doing: with it, and without any cookie, a write needs no origin.
    """

    def __init__(
        self, app: ASGIApp, origins: frozenset[str], tell: Callable[[ForeignOrigin], Awaitable[None]]
    ) -> None:
        self._app = app
        self._origins = origins
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, read the body, pass it on in one piece."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] in _READS:
            if _is_foreign_read(str(scope["path"]), headers):
                await self._refuse(FOREIGN_ORIGIN, scope, receive, send)
            else:
                await self._app(scope, receive, send)
            return
        fault = self._fault(headers)
        body = b"" if fault is not None else await _read(receive)
        if body is None:
            fault = TOO_LARGE
        if fault is not None:
            await self._refuse(fault, scope, receive, send)
            return
        await self._app(scope, _replay(body or b"", receive), send)

    def _fault(self, headers: Headers) -> Fault | None:
        if not _is_program(headers) and (
            headers.getlist("origin") != [headers.get("origin")] or headers["origin"] not in self._origins
        ):
            return FOREIGN_ORIGIN
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return NOT_JSON
        return None

    async def _refuse(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault is FOREIGN_ORIGIN:
            context = structlog.contextvars.get_contextvars()
            origin = Headers(scope=scope).get("origin", "")[:_MAX_TOLD_CHARS]
            told = ForeignOrigin(
                origin, str(context.get("address", "")), f"http:{context.get('request_id', '')}"
            )
            await self._tell(told)
        await fault_response(fault)(scope, receive, send)


def _is_program(headers: Headers) -> bool:
    """Whether a bearer token comes with the request, and nothing that a browser adds by itself."""
    bearer = headers.get("authorization", "").lower().startswith("bearer ")
    return bearer and "cookie" not in headers and "origin" not in headers


def _is_foreign_read(path: str, headers: Headers) -> bool:
    """Whether a browser says that another site's page asks (W3C Fetch Metadata).

    Only OIDC providers send people here, and only back: a sign-in begins on our own page.
    """
    if path in _OWN_READS and not _is_program(headers):
        return headers.getlist("sec-fetch-site") != ["same-origin"]
    foreign = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    return foreign and path.startswith("/api/") and path != "/api/oidc/callback"


def fault_response(
    fault: Fault, *, where: str | None = None, retry_after_s: int | None = None
) -> JSONResponse:
    """The answer for a fault."""
    headers = {"retry-after": str(retry_after_s)} if retry_after_s is not None else None
    return JSONResponse(fault.as_json(where), status_code=fault.status, headers=headers)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when it is too large or the client went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += cast("bytes", message.get("body", b""))
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
