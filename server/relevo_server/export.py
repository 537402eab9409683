"""The record as files for elsewhere: JSON Lines that verify by themselves, and RFC 5424 for log collectors.

Whatever somebody typed is written so that it does nothing where it is read: no control, direction or escape
sign leaves this module as itself (SECURITY.md U10).
"""

import datetime as dt
import json
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from relevo_server.safe_name import SafeName
from relevo_server.store.audit import AuditLog
from relevo_server.store.audit_chain import GENESIS
from relevo_server.store.audit_line import AuditLine
from relevo_server.store.checkpoints import Head

Format: TypeAlias = Literal["jsonl", "syslog"]
VERSION: Final = 2

MEDIA_TYPES: Final[dict[Format, str]] = {
    "jsonl": "application/x-ndjson",
    "syslog": "text/plain; charset=utf-8",
}
_SUFFIXES: Final[dict[Format, str]] = {"jsonl": "jsonl", "syslog": "log"}
# RFC 5424, 6.2.1: facility 13 is the log audit; notices are 5, warnings 4.
_NOTICE: Final = 13 * 8 + 5
_WARNING: Final = 13 * 8 + 4
_REFUSALS: Final = ("refused", "throttled", "forbidden", "gap")
# 32473 is the number that RFC 5612 gives to examples; collectors match the whole name.
_SD_ID: Final = "relevo@32473"
_NOT_PLAIN: Final = re.compile(r"[^\x20-\x7e]")
_MAX_MSGID_CHARS: Final = 32
_MAX_HOSTNAME_CHARS: Final = 255


@dataclass(frozen=True)
class WantedExport:
    """What to export: whose record, how, from which line on, and under which origin (syslog's host)."""

    organisation: str
    kind: Format
    first: int
    origin: str


class PrunedMeanwhile(Exception):
    """The record's retention took lines away while they were read: the export is to be begun anew."""

    def __init__(self) -> None:
        super().__init__("the beginning of the record was pruned while it was exported; export it once more")


def file_name(kind: Format, at_s: float) -> SafeName:
    """The name to save an export under, by the day in UTC."""
    day = dt.datetime.fromtimestamp(at_s, dt.UTC).date()
    return SafeName(f"relevo-audit-{day.isoformat()}.{_SUFFIXES[kind]}")


def jsonl_line(line: AuditLine) -> bytes:
    """One line of the record as JSON in ASCII, with all that its hash is made of."""
    return _json(
        {
            "v": VERSION,
            "organisation": line.organisation,
            "seq": line.seq,
            "at": _rfc3339(line.at_s),
            "at_s": line.at_s,
            "actor": line.actor,
            "action": line.action,
            "session": _hex(line.session_id),
            "cause": line.cause,
            "details": dict(line.details),
            "personal": dict(line.personal) if line.personal is not None else None,
            "salt": _hex(line.salt),
            "personal_hash": line.personal_hash.hex(),
            "event_id": line.event_id.hex(),
            "chain": line.chain.hex(),
        }
    )


def head_line(head: Head, previous: bytes) -> bytes:
    """The last line of an export: the signed head over it, and the hash before its first line."""
    signed = {
        "origin": head.origin,
        "organisation": head.organisation,
        "seq": head.seq,
        "chain": head.chain.hex(),
        "at_s": head.at_s,
        "key_id": head.key_id,
        "signature": head.signature.hex(),
    }
    return _json({"v": VERSION, "head": signed, "previous": previous.hex()})


def syslog_line(line: AuditLine, origin: str) -> bytes:
    """One line of the record as a message of RFC 5424, without what is personal: none can erase it there."""
    severity = _WARNING if any(word in line.action for word in _REFUSALS) else _NOTICE
    host = urlsplit(origin).hostname or "-"
    fields = {
        "org": line.organisation,
        "seq": str(line.seq),
        "event": line.event_id.hex(),
        "session": _hex(line.session_id) or "",
        "actor": line.actor,
        "cause": line.cause,
        "details": json.dumps(dict(line.details), sort_keys=True, separators=(",", ":")),
        "chain": line.chain.hex(),
    }
    structured = " ".join(f'{name}="{_sd_value(value)}"' for name, value in fields.items())
    message_id = _NOT_PLAIN.sub("?", line.action).replace(" ", "_")[:_MAX_MSGID_CHARS] or "-"
    head = f"<{severity}>1 {_rfc3339(line.at_s)} {_NOT_PLAIN.sub('?', host)[:_MAX_HOSTNAME_CHARS]} relevo -"
    return f"{head} {message_id} [{_SD_ID} {structured}]\n".encode("ascii")


async def pieces(
    audit: AuditLog, head: Head | None, wanted: WantedExport, *, bytes_at_once: int = 65_536
) -> AsyncGenerator[bytes]:
    """The record up to its newest signed head, as pieces of a file; a long one is neither held nor dripped.

    JSON Lines end with the head: the file then verifies by itself. Without one there is nothing to export.

    Raises:
        PrunedMeanwhile: what was given so far is no export.
    """
    piece, previous, due = bytearray(), GENESIS, 0
    if head is None:
        return
    async for line in audit.records(wanted.organisation, wanted.first):
        if line.seq > head.seq:
            break
        if not due:
            previous = await audit.chain_before(wanted.organisation, line.seq) or GENESIS
        if line.seq != due and await audit.pruned_seq(wanted.organisation) >= (due or line.seq):
            raise PrunedMeanwhile
        due = line.seq + 1
        piece += jsonl_line(line) if wanted.kind == "jsonl" else syslog_line(line, wanted.origin)
        if len(piece) >= bytes_at_once:
            yield bytes(piece)
            piece.clear()
    if wanted.kind == "jsonl":
        piece += head_line(head, previous)
    if piece:
        yield bytes(piece)


def _json(value: object) -> bytes:
    # ASCII alone: neither a terminal nor an editor finds anything to obey; DEL is what `json` lets through.
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def _sd_value(text: str) -> str:
    """A value of structured data (RFC 5424, 6.3.3); signs that are not plain ASCII are spelled out first."""
    plain = _NOT_PLAIN.sub(_spelled, text)
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _spelled(found: re.Match[str]) -> str:
    # As JSON does it: two halves beyond the first 65,536.
    return json.dumps(found[0])[1:-1] if found[0] != "\x7f" else "\\u007f"


def _rfc3339(at_s: float) -> str:
    at = dt.datetime.fromtimestamp(at_s, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _hex(value: bytes | None) -> str | None:
    return value.hex() if value is not None else None
