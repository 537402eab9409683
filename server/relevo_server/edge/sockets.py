"""The WebSocket endpoints ``/ws/agent`` and ``/ws/viewer``: raw ASGI, one reader and one writer a socket.

The reader never waits for a receiver of media; a viewer's reader waits while the agent's queue is long, so
that nobody types faster than the customer's line carries. Both are in :mod:`relevo_server.edge.conversation`.
"""

import asyncio
from typing import Final

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.routing import WebSocketRoute
from starlette.types import Message, Receive, Scope, Send

from relevo_protocol.codec import relay_message
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.limits import HELLO_DEADLINE_S
from relevo_protocol.messages.relay import AgentHello, RelayError, ViewerHello
from relevo_protocol.modes import SessionKind
from relevo_server.access.throttle import account_key, address_keys
from relevo_server.access.tickets import Ticket, TicketOffice
from relevo_server.edge.conversation import Conversation, Socket, address_of
from relevo_server.edge.desk import Desk
from relevo_server.edge.identity import identity_of
from relevo_server.logs import logger
from relevo_server.relay.line import Line
from relevo_server.relay.party import Party
from relevo_server.relay.policies import Side
from relevo_server.relay.registry import Opening, read_agent_hello, read_viewer_hello
from relevo_server.relay.seat import Identity
from relevo_server.relay.traits import Lead

_log = logger(__name__)
_POLICY_VIOLATION: Final = 1008
_NOT_RECORDED: Final = "nothing new begins while it cannot be recorded"
_TOO_MANY: Final = (
    "this address has opened all the sessions it may in ten minutes; the server's setting "
    "sessions_per_address says how many"
)
_FAREWELL: Final = relay_message(RelayError(code=ErrorCode.SHUTTING_DOWN))


def build_router(desk: Desk) -> APIRouter:
    """Return the router with both endpoints; its lifespan runs the relay."""
    router = APIRouter(lifespan=lambda _app: desk.open())
    router.routes.append(WebSocketRoute("/ws/agent", AgentEndpoint(desk)))
    router.routes.append(WebSocketRoute("/ws/viewer", ViewerEndpoint(desk)))
    return router


class _Endpoint:
    """What both endpoints have in common; an ASGI application."""

    side: Side

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket from its connect event to its end."""
        await receive()
        if not self._may_enter(scope):
            await _turn_away(send)
            return
        try:
            await self._accepted(scope, receive, send)
        finally:
            self.desk.connections.leave(address_of(scope))

    def _may_enter(self, scope: Scope) -> bool:
        """Whether this peer gets as far as a WebSocket; a place of its address is taken for it then."""
        desk, address = self.desk, address_of(scope)
        origins = Headers(scope=scope).getlist("origin")
        if not self.origin_fits(origins):
            desk.meters.closed.labels(self.side.value, ErrorCode.ORIGIN_REFUSED.value).inc()
            desk.foreign(self.side.value, address, " ".join(origins))
            return False
        if desk.services.throttles.connect_address.charge(*address_keys(address)) > 0.0:
            desk.turned_away("connect", address)
            return False
        if not desk.connections.enter(address):
            desk.turned_away("connections", address)
            return False
        return True

    async def _accepted(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        socket = Socket(scope, receive, send)
        if socket.lever is not None:
            socket.lever.farewell = _FAREWELL
        line = Line(self.side, self.desk.policies)
        line.verified = socket.mark_verified
        await self._serve(socket, line)

    def origin_fits(self, origins: list[str]) -> bool:
        """Whether these values of ``Origin`` may open this endpoint."""
        raise NotImplementedError

    async def admit(self, socket: Socket, line: Line, hello: bytes) -> Party | None:
        """Act on the first message; None when the line was refused."""
        raise NotImplementedError

    async def _redeem(self, shown: str, *offices: TicketOffice) -> Ticket | None:
        """What a ticket stands for, once; None when it, its account or its sign-in stands no more.

        It is taken after the database was asked: what is revoked meanwhile takes the ticket with it.
        """
        for office in offices:
            account = office.holder(shown)
            if account is not None:
                stands = await self.desk.stands(identity_of(account))
                ticket = office.redeem(shown)
                return ticket if stands else None
        return None

    async def _serve(self, socket: Socket, line: Line) -> None:
        talk = Conversation(self.desk, socket, line)
        talk.party = party = await self._greet(socket, line)
        if party is not None and socket.lever is not None:
            socket.lever.take_long_messages()
        writer = asyncio.create_task(talk.write())
        try:
            await talk.read()
        finally:
            code = line.ending.code if line.ending is not None else ErrorCode.DEADLINE
            if party is not None:
                party.gone(code)
            self.desk.room.pop(line, None)
            self.desk.touch()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._note(socket, line, party)

    async def _greet(self, socket: Socket, line: Line) -> Party | None:
        try:
            async with asyncio.timeout(HELLO_DEADLINE_S):
                hello = await socket.receive()
            return await self.admit(socket, line, hello) if hello is not None else None
        except TimeoutError:
            line.refuse(ErrorCode.DEADLINE, f"no hello within {HELLO_DEADLINE_S} s")
        except ProtocolError as error:
            line.refuse(error.code, str(error))
        return None

    def _note(self, socket: Socket, line: Line, party: Party | None) -> None:
        meters = self.desk.meters
        reason = line.ending.code.value if line.ending is not None else "cut"
        meters.closed.labels(self.side.value, reason).inc()
        meters.dropped_frames.inc(line.outbox.dropped_frames)
        if self.side is Side.VIEWER and not socket.verified:
            meters.failures.labels(reason).inc()
        _log.info(
            "socket closed",
            side=self.side.value,
            reason=reason,
            detail=line.ending.detail if line.ending is not None else "",
            session=party.session.session_id.hex() if party is not None else "",
        )


class AgentEndpoint(_Endpoint):
    """``/ws/agent``."""

    side = Side.AGENT

    def origin_fits(self, origins: list[str]) -> bool:
        """Agents send no origin; whoever sends one is a browser, and must be ours."""
        return all(origin in self.desk.services.origins for origin in origins)

    async def admit(self, socket: Socket, line: Line, hello: bytes) -> Party | None:
        """See :class:`_Endpoint`."""
        said = read_agent_hello(hello)
        if said.token is None:
            if self.desk.services.strict():
                line.refuse(ErrorCode.INTERNAL, _NOT_RECORDED)
                return None
            throttle = self.desk.services.throttles.register_address
            if throttle.charge(*address_keys(socket.address)) > 0.0:
                self.desk.turned_away("register", socket.address)
                line.refuse(ErrorCode.THROTTLED, _TOO_MANY)
                return None
        presenter = await self._presenter(said) if said.kind is SessionKind.PRESENTATION else None
        party = self.desk.registry.open_agent(line, said, Opening(socket.address, presenter))
        if party is None and line.ending is not None and line.ending.code is ErrorCode.THROTTLED:
            self.desk.turned_away("relay" if self.desk.registry.is_full else "sessions", socket.address)
        return party

    async def _presenter(self, said: AgentHello) -> Lead | None:
        """Who presents, by the ticket of a first hello (SPEC C24); None when it is good for nothing."""
        if said.token is not None:
            return None
        ticket = await self._redeem(said.ticket or "", self.desk.services.presentations)
        if ticket is None:
            return None
        who = identity_of(ticket.account)
        return Lead(who.account_id, who.display_name, who.team, who.organisation_id, who.sign_in)


class ViewerEndpoint(_Endpoint):
    """``/ws/viewer``."""

    side = Side.VIEWER

    def origin_fits(self, origins: list[str]) -> bool:
        """Unconditional: exactly one origin, and our own."""
        return len(origins) == 1 and origins[0] in self.desk.services.origins

    async def admit(self, socket: Socket, line: Line, hello: bytes) -> Party | None:
        """See :class:`_Endpoint`."""
        said = read_viewer_hello(hello)
        if said.resume is not None:
            return await self._resume(line, said.resume)
        if self.desk.services.strict():
            line.refuse(ErrorCode.INTERNAL, _NOT_RECORDED)
            return None
        return await self._join(socket, line, said)

    async def _join(self, socket: Socket, line: Line, said: ViewerHello) -> Party | None:
        services, shown = self.desk.services, said.ticket or ""
        ticket = await self._redeem(shown, services.tickets, services.guest_tickets)
        if ticket is None:
            line.refuse(ErrorCode.TICKET_INVALID, "unknown, used or expired ticket")
            return None
        # Nobody guesses an invitation's secret of 32 bytes, and a class that joins at once is no attack.
        who = identity_of(ticket.account)
        if ticket.destination.routing and not self._charge(socket, line, who):
            line.refuse(ErrorCode.THROTTLED, "too many wrong codes")
            return None
        return self.desk.registry.join(line, ticket.destination, who)

    def _charge(self, socket: Socket, line: Line, who: Identity) -> bool:
        """Charge a try of a code to account and address, refunded when the code proves right."""
        by_account, by_address = account_key(who.account_id), address_keys(socket.address)
        desk = self.desk
        if desk.wrong_by_account.charge(by_account) > 0.0:
            desk.turned_away("code", socket.address, who)
            return False
        if desk.wrong_by_address.charge(*by_address) > 0.0:
            desk.wrong_by_account.refund(by_account)
            desk.turned_away("code", socket.address, who)
            return False

        def refund() -> None:
            socket.mark_verified()
            desk.wrong_by_account.refund(by_account)
            desk.wrong_by_address.refund(*by_address)

        line.verified = refund
        return True

    async def _resume(self, line: Line, token: str) -> Party | None:
        holder = self.desk.registry.seat_holder(token)
        if holder is None or not await self.desk.stands(holder):
            line.refuse(ErrorCode.RESUME_INVALID, "no seat waits for this viewer")
            return None
        return self.desk.registry.resume_viewer(line, token)


async def _turn_away(send: Send) -> None:
    """Refuse before the WebSocket is accepted; uvicorn answers 403."""
    refusal: Message = {"type": "websocket.close", "code": _POLICY_VIOLATION}
    await send(refusal)
