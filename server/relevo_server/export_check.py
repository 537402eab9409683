"""Checks an exported record by itself: its chain, its personal data, and the signed head at its end."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from relevo_server.export import head_line, jsonl_line
from relevo_server.store.audit_chain import GENESIS, ChainedFields, link, personal_hash
from relevo_server.store.audit_line import AuditLine
from relevo_server.store.checkpoints import Head, key_id, verify_head

_MAX_FLAWS: Final = 100
_MAX_REASON_CHARS: Final = 200
_NOT_PLAIN: Final = re.compile(r"[^\x20-\x7e]")
_Seq = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
_HEAD: Final = b'{"v":2,"head":'


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    organisation: str
    seq: _Seq
    at: str
    at_s: float
    actor: str
    action: str
    session: str | None
    cause: str
    details: dict[str, bool | int | float | str]
    personal: dict[str, str] | None
    salt: str | None
    personal_hash: str
    event_id: str
    chain: str


class _SignedHead(msgspec.Struct, forbid_unknown_fields=True):
    origin: str
    organisation: str
    seq: _Seq
    chain: str
    at_s: float
    key_id: str
    signature: str


class _Last(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    head: _SignedHead
    previous: str


@dataclass
class ExportReport:
    """What was found: how many lines, from and to which, and what does not fit (at most a hundred)."""

    lines: int = 0
    first: int = 0
    last: int = 0
    erased: int = 0
    head: Head | None = None
    flaws: list[str] = field(default_factory=list[str])

    def add(self, flaw: str) -> None:
        """Note what does not fit."""
        if len(self.flaws) < _MAX_FLAWS:
            self.flaws.append(flaw)


def check_export(texts: Iterable[bytes], key: Ed25519PublicKey) -> ExportReport:
    """Look through a JSON Lines export, its lines in the order of the file.

    The hash before the first line comes from the last one: an export from the middle is as good as a whole
    one. Nothing is believed that the signature of `key` does not reach: whoever changes a line changes every
    chain value after it, up to the signed one.
    """
    report, walk = ExportReport(), _Walk()
    last: tuple[Head, bytes] | None = None
    for number, text in enumerate(texts, 1):
        if last is not None:
            report.add(f"line {number}: something follows the signed head")
            break
        try:
            if text.startswith(_HEAD):
                last = _read_last(text)
            else:
                walk.line(text, report)
        except (ValueError, OverflowError, OSError, RecursionError) as error:
            # The reason may repeat what stands in the file, and this goes to a terminal.
            reason = _NOT_PLAIN.sub("?", str(error))[:_MAX_REASON_CHARS]
            report.add(f"line {number}: no line of an export ({reason})")
    if last is None:
        report.add("the signed head at the end is missing: the export was cut off")
        return report
    head, previous = last
    walk.begin(previous, report)
    _check_head(head, walk.chain, report, key)
    return report


class _Walk:
    """Goes along the lines; the first one is judged at the end, when the hash before it is known."""

    def __init__(self) -> None:
        self.chain = GENESIS
        self._first: tuple[ChainedFields, bytes] | None = None

    def line(self, text: bytes, report: ExportReport) -> None:
        """Judge one line by the one before. Raises ValueError when it is none."""
        line = _read(text)
        if report.lines and line.seq != report.last + 1:
            report.add(f"seq {line.seq}: it does not follow {report.last}")
        report.first = report.first or line.seq
        report.lines, report.last = report.lines + 1, line.seq
        fields = _fields(line)
        _check_personal(line, report)
        if self._first is None:
            self._first = fields, line.chain
        elif link(self.chain, fields) != line.chain:
            report.add(f"seq {line.seq}: changed, or a line before it is missing")
        self.chain = line.chain

    def begin(self, previous: bytes, report: ExportReport) -> None:
        """Judge the first line by the hash before it; the first of all follows nothing."""
        if self._first is None:
            return
        fields, said = self._first
        if link(previous, fields) != said or (fields.seq == 1) is not (previous == GENESIS):
            report.add(f"seq {fields.seq}: changed, or a line before it is missing")


def _read(text: bytes) -> AuditLine:
    said = msgspec.json.decode(text, type=_Line)
    line = AuditLine(
        organisation=said.organisation,
        seq=said.seq,
        at_s=said.at_s,
        actor=said.actor,
        action=said.action,
        session_id=bytes.fromhex(said.session) if said.session is not None else None,
        cause=said.cause,
        details=said.details,
        personal=said.personal,
        salt=bytes.fromhex(said.salt) if said.salt is not None else None,
        personal_hash=bytes.fromhex(said.personal_hash),
        event_id=bytes.fromhex(said.event_id),
        chain=bytes.fromhex(said.chain),
    )
    if jsonl_line(line) != text:
        raise ValueError("not as the server writes it")
    return line


def _fields(line: AuditLine) -> ChainedFields:
    return ChainedFields(
        organisation=line.organisation,
        seq=line.seq,
        event_id=line.event_id,
        at_s=line.at_s,
        actor=line.actor,
        action=line.action,
        session_id=line.session_id or b"",
        cause=line.cause,
        details=_stored(line.details),
        personal_hash=line.personal_hash,
    )


def _check_personal(line: AuditLine, report: ExportReport) -> None:
    if line.personal is None:
        report.erased += line.erased
    elif personal_hash(line.salt or b"", _stored(line.personal)) != line.personal_hash:
        report.add(f"seq {line.seq}: its personal data were changed")


def _read_last(text: bytes) -> tuple[Head, bytes]:
    last = msgspec.json.decode(text, type=_Last)
    said, previous = last.head, bytes.fromhex(last.previous)
    head = Head(
        origin=said.origin,
        organisation=said.organisation,
        seq=said.seq,
        chain=bytes.fromhex(said.chain),
        at_s=said.at_s,
        key_id=said.key_id,
        signature=bytes.fromhex(said.signature),
    )
    if head_line(head, previous) != text:
        raise ValueError("not as the server writes it")
    return head, previous


def _check_head(head: Head, chain: bytes, report: ExportReport, key: Ed25519PublicKey) -> None:
    if head.key_id != key_id(key) or not verify_head(head, key):
        report.add(f"the head at seq {head.seq} was not signed by this key")
    elif not report.lines:
        report.add("there is no line in it: nothing but a signed head")
    elif (head.seq, head.chain) != (report.last, chain):
        report.add(f"the head was signed for seq {head.seq}; the export ends with {report.last} or otherwise")
    else:
        report.head = head


def _stored(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
