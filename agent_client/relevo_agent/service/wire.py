"""What agent and service say to each other over the local socket: one msgpack map behind its length.

Whoever asks is known by the kernel (``SO_PEERCRED``), never by what it says. A handle of an open file travels
beside the first byte of an answer.
"""

import array
import socket
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from relevo_protocol.limits import MAX_SERVICES, RESTART_LIFE_S
from relevo_protocol.messages.administration import (
    ProcessId,
    Service,
    ServiceAct,
    ServiceName,
    StartedMs,
    TerminalSide,
    Text200,
)

MAX_ASKED_BYTES: Final = 64 * 2**10
MAX_ANSWERED_BYTES: Final = 2**20
MAX_STATE_BYTES: Final = 48 * 2**10
MAX_RESTART_IN_S: Final = 30
_LENGTH_BYTES: Final = 4

TerminalHandle = Annotated[int, Meta(ge=1, le=2**31)]


class WireBroken(OSError):
    """The other end said something that is no message, or hung up in the middle of one."""


class _Said(msgspec.Struct, frozen=True, tag_field="t", tag=True, kw_only=True):
    """One message."""


class Greet(_Said, frozen=True):
    """Ask who is there; anybody may."""


class EndProcess(_Said, frozen=True):
    """End a process of any user."""

    pid: ProcessId
    started_ms: StartedMs
    forced: bool


class ListServices(_Said, frozen=True):
    """Ask for the services."""


class ChangeService(_Said, frozen=True):
    """Start, stop or restart one."""

    name: ServiceName
    act: ServiceAct


class OpenTerminal(_Said, frozen=True):
    """Open a terminal of root's; it ends with this connection."""

    columns: TerminalSide
    rows: TerminalSide


class CloseTerminal(_Said, frozen=True):
    """Hang one up that this connection opened."""

    number: TerminalHandle


class Grant(_Said, frozen=True):
    """The customer has granted administrator mode: this connection may ask for so long."""

    lasts_s: Annotated[int, Meta(ge=0, le=86_400 * 4)]


class StoreRestart(_Said, frozen=True):
    """Keep ``state``, sealed, and restart the PC ``in_s`` from now (SPEC V6)."""

    state: Annotated[bytes, Meta(max_length=MAX_STATE_BYTES)]
    deadline_s: Annotated[int, Meta(ge=1, le=RESTART_LIFE_S)]
    in_s: Annotated[float, Meta(ge=0, le=MAX_RESTART_IN_S)]


class CancelRestart(_Said, frozen=True):
    """Do not restart, and forget the state; ``forget``: also where the PC goes down already."""

    forget: bool = False


class TakeRestored(_Said, frozen=True):
    """Only from the session that the service itself started: its state, once."""


class FindDesktop(_Said, frozen=True):
    """Only from there: the X display to show now."""


class Failed(_Said, frozen=True):
    """Refused, or it did not work: one line."""

    detail: Text200


class Done(_Said, frozen=True):
    """It worked."""


class Present(_Said, frozen=True):
    """Who is there; ``may_ask``: the asking user may ask for more than this."""

    version: Annotated[str, Meta(max_length=40)]
    pids: Annotated[list[int], Meta(max_length=8)]
    may_ask: bool


class Services(_Said, frozen=True):
    """The services; ``left_out`` had no room."""

    services: Annotated[list[Service], Meta(max_length=2 * MAX_SERVICES)]


class TerminalGiven(_Said, frozen=True):
    """A terminal; its handle comes along."""

    number: TerminalHandle


class TerminalEnded(_Said, frozen=True):
    """How its shell ended."""

    status: Annotated[int, Meta(ge=-1024, le=1024)]


class Restored(_Said, frozen=True):
    """What the session left."""

    state: Annotated[bytes, Meta(max_length=MAX_STATE_BYTES)]


class DesktopFound(_Said, frozen=True):
    """An X display and what lets one connect to it (the content of an Xauthority file)."""

    display: Annotated[str, Meta(pattern=r"\A:[0-9]{1,5}\Z")]
    authority: Annotated[bytes, Meta(max_length=64 * 2**10)]


Plain = (
    Greet
    | EndProcess
    | ListServices
    | ChangeService
    | CloseTerminal
    | Grant
    | StoreRestart
    | CancelRestart
    | TakeRestored
    | FindDesktop
)
"""What is answered by a message alone."""
Asked = Plain | OpenTerminal
Answered = Failed | Done | Present | Services | TerminalGiven | TerminalEnded | Restored | DesktopFound

_asked: Final[msgspec.msgpack.Decoder[Asked]] = msgspec.msgpack.Decoder(Asked)
_answered: Final[msgspec.msgpack.Decoder[Answered]] = msgspec.msgpack.Decoder(Answered)


def ask(sock: socket.socket, message: Asked) -> tuple[Answered, int | None]:
    """Ask, and wait for the answer and the handle that came with it, if one did.

    Raises:
        WireBroken: hung up, or no answer; OSError: the socket's own errors, TimeoutError among them.
    """
    _send(sock, msgspec.msgpack.encode(message), None)
    body, handle = _receive(sock, MAX_ANSWERED_BYTES, handles=1)
    try:
        return _answered.decode(body), handle
    except msgspec.MsgspecError as error:
        raise WireBroken(f"the service's answer is no answer: {error}") from error


def heard(sock: socket.socket) -> Asked:
    """The next thing that is asked; raises as :func:`ask` does."""
    # Handles that anybody sends along are left to the kernel, which closes them.
    body, _ = _receive(sock, MAX_ASKED_BYTES, handles=0)
    try:
        return _asked.decode(body)
    except msgspec.MsgspecError as error:
        raise WireBroken(f"no request: {error}") from error


def answer(sock: socket.socket, message: Answered, handle: int | None = None) -> None:
    """Answer, with a handle if one belongs to it (the receiver gets a duplicate)."""
    _send(sock, msgspec.msgpack.encode(message), handle)


def _send(sock: socket.socket, body: bytes, handle: int | None) -> None:
    head = len(body).to_bytes(_LENGTH_BYTES, "big")
    if handle is None:
        sock.sendall(head + body)
        return
    rights = array.array("i", [handle]).tobytes()
    sent = sock.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    sock.sendall(head[sent:] + body)


def _receive(sock: socket.socket, max_bytes: int, handles: int) -> tuple[bytes, int | None]:
    given: list[int] = []
    if handles:
        head, given, _, _ = socket.recv_fds(sock, _LENGTH_BYTES, handles)
    else:
        head = sock.recv(_LENGTH_BYTES)
    head += _exactly(sock, _LENGTH_BYTES - len(head)) if head else b""
    if not head:
        raise WireBroken("the other end hung up")
    length = int.from_bytes(head, "big")
    if length > max_bytes:
        raise WireBroken(f"a message of {length} bytes is too long")
    return _exactly(sock, length), given[0] if given else None


def _exactly(sock: socket.socket, length: int) -> bytes:
    body = bytearray()
    while len(body) < length:
        piece = sock.recv(length - len(body))
        if not piece:
            raise WireBroken("the other end hung up in the middle of a message")
        body += piece
    return bytes(body)
