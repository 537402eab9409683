"""What the command line does when somebody's data are to go: from the record, from beside it, from the spool.

What waits in the spool for the database is brought there by the server within seconds of its answer, and by
the erasure itself where no server runs: it waits for that, and says so where it does not come.
"""

import asyncio
import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from relevo_server.clock import Clock
from relevo_server.commands import CommandError, opened_database
from relevo_server.commands_audit import keeper_of
from relevo_server.commands_trust import Outcome, account_of, check_organisation, event
from relevo_server.edge.bookkeeper import Bookkeeper, BookParts
from relevo_server.edge.packing import UnknownRecord, pack, unpack
from relevo_server.relay.records import Audited, Record, SeatKept, SessionKept
from relevo_server.settings import Settings
from relevo_server.store.database import Database
from relevo_server.store.disk import alone_now
from relevo_server.store.erasure import Erasure
from relevo_server.store.erasure import erase as erase_stored
from relevo_server.store.relay_sessions import RelaySessionStore
from relevo_server.store.spool import ERASES, SERVER_LOCK, Spool, rewrite_refused, set_aside, waiting

_SESSION: Final = re.compile(r"[0-9a-fA-F]{32}")
_GUEST: Final = re.compile(r"guest-[0-9a-f]{24}")
_PATIENCE_S: Final = 15.0
"""Several rounds of the server's replay of its spool."""
_LOOK_EVERY_S: Final = 0.5


@dataclass(frozen=True)
class WantedErasure:
    """Whose personal data are to go; one of them is given."""

    session: str | None
    account: str | None
    guest: str | None


async def erase(settings: Settings, organisation: str, wanted: WantedErasure) -> Outcome:
    """Erase what is personal of a session, an account or a guest; the chain stays. Raises CommandError.

    Not all is well where something about them stays in the spool.
    """
    spool = settings.data / "spool"
    async with opened_database(settings) as database:
        await check_organisation(database, settings, organisation)
        whose = _Whose(organisation, await _erasure(settings, database, organisation, wanted))
        left = await _unwritten(settings, database, whose)
        count = await erase_stored(database, organisation, whose.what, event("erased", organisation, {}))
        await keeper_of(settings, database).sign_due(Clock().wall_s(), at_once=True)
    refused = rewrite_refused(spool, whose.without)
    lines = [f"personal data erased from {count} line(s) of the record of {organisation}"]
    if refused:
        lines.append(f"and from {refused} record(s) in {spool / 'refused.bin'}")
    if cut := set_aside(spool).cut_bytes:
        lines.append(
            f"warn  whose data are in {spool / 'cut.bin'} ({cut} bytes) cannot be told: look at it, move it"
        )
    if left:
        lines.append(
            f"FAIL  {left} record(s) about them wait in {spool / 'records.bin'} for the database, whose "
            "fault the server's log tells: erase once more when they are written"
        )
    return lines, not left


@dataclass(frozen=True)
class _Whose:
    """What is to be erased, looked for in records that the database does not have."""

    organisation: str
    what: Erasure

    def concerned(self, packed: bytes) -> bool:
        return self.without(packed) != packed

    def without(self, packed: bytes) -> bytes | None:
        """The record without what is personal of theirs: a line of the record stays, other state goes."""
        try:
            record = unpack(packed)
        except UnknownRecord:
            return packed
        if not self._tells_of_them(record):
            return packed
        return pack(replace(record, personal={})) if isinstance(record, Audited) else None

    def _tells_of_them(self, record: Record) -> bool:
        match record:
            case Audited():
                if record.organisation != self.organisation or not record.personal:
                    return False
                people = {record.actor, record.details.get("account")}
            case SessionKept():
                people = {record.traits.lead.account_id if record.traits.lead is not None else ""}
            case SeatKept():
                people = {record.identity.account_id}
            case _:
                return False
        if self.what.session_id is not None:
            return record.session_id == self.what.session_id
        return self.what.person in people


async def _unwritten(settings: Settings, database: Database, whose: _Whose) -> int:
    """How many records about them stay in the spool, once the server has had its time, or we have tried."""
    spool = settings.data / "spool"
    with alone_now(spool / SERVER_LOCK, ERASES) as stopped:
        if stopped:  # and none starts meanwhile
            await _bring_in(settings, database)
    rounds = 0 if stopped else round(_PATIENCE_S / _LOOK_EVERY_S)
    while (left := sum(map(whose.concerned, waiting(spool)))) and rounds:
        rounds -= 1
        await asyncio.sleep(_LOOK_EVERY_S)
    return left


async def _bring_in(settings: Settings, database: Database) -> None:
    """Write to the database what waits in the spool of a server that does not run, as it would itself."""
    clock = Clock()
    told = list[object]()  # nobody waits for them here
    parts = BookParts(deque(), RelaySessionStore(database, clock), clock, kept=told.append, lost=told.append)
    books = Bookkeeper(parts)
    books.open(Spool(settings.data / "spool", settings.spool_mib * 1024 * 1024))
    await books.replay()


async def _erasure(
    settings: Settings, database: Database, organisation: str, wanted: WantedErasure
) -> Erasure:
    if wanted.session is not None:
        if not _SESSION.fullmatch(wanted.session):
            raise CommandError("a session is named by 32 hexadecimal digits, as the record shows it")
        return Erasure(session_id=bytes.fromhex(wanted.session))
    if wanted.account is not None:
        account = await account_of(database, settings, wanted.account)
        if account.organisation_id != organisation:
            raise CommandError(f"{account.name} belongs to {account.organisation_id}: give --organisation-id")
        return Erasure(person=account.id)
    if wanted.guest is None or not _GUEST.fullmatch(wanted.guest):
        raise CommandError("a guest is named as the record shows it: guest- and 24 hexadecimal digits")
    return Erasure(person=wanted.guest)
