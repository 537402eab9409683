"""A line of the record as others see it, also where somebody has changed its row behind the server's back.

Whatever stands in a cell, the line can be shown, sent on and exported, and so can those after it: what the
server never writes is told as plain ASCII, under the cell's name. Whether a line was changed in another way,
the chain tells (`audit_check`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from relevo_server.store.audit_chain import NOTHING_PERSONAL
from relevo_server.store.tables_trust import AuditRecordRow

Detail = str | int | float | bool
LAST_MOMENT_S: Final = 253_402_300_800.0
"""The year 10,000, where calendars end; SQLite takes any text for later than any number."""
_MAX_WORD_CHARS: Final = 64
_MAX_SHOWN_CHARS: Final = 200
T = TypeVar("T")


@dataclass(frozen=True)
class AuditLine:
    """A line as it is stored; `personal` is None where there is none or where it was erased.

    `changed`: cells held what the server never writes. `details` have it as `unreadable_<cell>`, in plain
    ASCII; of the personal data themselves it stands among these.
    """

    organisation: str
    seq: int
    at_s: float
    actor: str
    action: str
    session_id: bytes | None
    cause: str
    details: Mapping[str, Detail]
    personal: Mapping[str, str] | None = field(repr=False)
    salt: bytes | None = field(repr=False)
    personal_hash: bytes
    event_id: bytes
    chain: bytes
    changed: bool = False

    @property
    def erased(self) -> bool:
        """Whether there were personal data that are gone."""
        return self.personal is None and self.personal_hash != NOTHING_PERSONAL


def line_of(row: AuditRecordRow) -> AuditLine:
    """A stored row, whose `seq` is a whole number, as others see it."""
    cells = _Cells(row)
    at_s = cells.read("at_s", _moment, 0.0)
    actor, action, cause = (cells.read(name, _word, "") for name in ("actor", "action", "cause"))
    session_id, salt = (cells.read(name, _some_bytes, None) for name in ("session_id", "salt"))
    personal_hash = cells.read("personal_hash", _bytes, NOTHING_PERSONAL)
    event_id, chain = (cells.read(name, _bytes, b"") for name in ("event_id", "chain"))
    details: Mapping[str, Detail] = cells.read("details", _details, {})
    personal = cells.read("personal", _personal, None)
    changed = bool(cells.odd)
    if (text := cells.odd.pop(_told("personal"), None)) is not None:
        personal = {_told("personal"): text}
    return AuditLine(
        organisation=row.organisation_id,
        seq=row.seq,
        at_s=at_s,
        actor=actor,
        action=action,
        session_id=session_id,
        cause=cause,
        details={**details, **cells.odd},
        personal=personal,
        salt=salt,
        personal_hash=personal_hash,
        event_id=event_id,
        chain=chain,
        changed=changed,
    )


class _Cells:
    """Reads the cells of a row; `odd` are those that cannot be what the server wrote."""

    def __init__(self, row: AuditRecordRow) -> None:
        self._row = row
        self.odd: dict[str, str] = {}

    def read(self, name: str, kind: Callable[[object], T], instead: T) -> T:
        value: object = getattr(self._row, name)
        try:
            return kind(value)
        except (TypeError, ValueError):
            part = value[:_MAX_SHOWN_CHARS] if isinstance(value, str | bytes) else value
            self.odd[_told(name)] = ascii(part)[:_MAX_SHOWN_CHARS]
            return instead


def _told(cell: str) -> str:
    return f"unreadable_{cell}"


def _moment(value: object) -> float:
    if not isinstance(value, float) or not 0.0 <= value < LAST_MOMENT_S:
        raise ValueError("no moment")
    return value


def _word(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_WORD_CHARS:
        raise TypeError("no word")
    value.encode()  # what is no UTF-8 comes as halves of surrogate pairs (`database`)
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("no bytes")
    return value


def _some_bytes(value: object) -> bytes | None:
    return None if value is None else _bytes(value)


def _details(value: object) -> Mapping[str, Detail]:
    return msgspec.json.decode(_json(value), type=dict[str, Detail])


def _personal(value: object) -> Mapping[str, str] | None:
    return None if value is None else msgspec.json.decode(_json(value), type=dict[str, str])


def _json(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
