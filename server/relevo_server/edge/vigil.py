"""Whether people may (still) be here, and who is to be cut off (SPEC C18, C25)."""

from dataclasses import dataclass, field
from typing import Final

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.modes import Standing
from relevo_server.accounts.view import AccountView, is_guest
from relevo_server.logs import logger
from relevo_server.relay.registry import Registry
from relevo_server.relay.seat import Identity
from relevo_server.services import Services
from relevo_server.store.database import Unavailable
from relevo_server.store.revocations import Revocation
from relevo_server.store.sign_ins import WebSession

LOOK_BACK_S: Final = 60.0
"""How long after its time a revocation may become visible: another transaction, another machine's clock."""
_RANKS: Final = (Standing.GUEST, Standing.TECHNICIAN, Standing.EXPERT, Standing.SUPERVISOR)
_log = logger(__name__)


@dataclass(frozen=True)
class Vigil:
    """Asks the database whom the relay may vouch for; cutting off is the desk's."""

    services: Services
    registry: Registry
    _sign_ins: dict[Identity, WebSession] = field(default_factory=dict[Identity, WebSession])
    """As they were when they were last looked up."""

    async def stands(self, who: Identity) -> bool:
        """Whether this person may be here: a guest, or somebody whose account and sign-in both still stand.

        Raises:
            ProtocolError: ``internal``: the database does not answer.
        """
        if is_guest(who.account_id):
            return True  # let in by the host alone, who may send them away
        try:
            return await self._account_stands(who) and await self._sign_in_stands(who)
        except Unavailable as error:
            _log.error("an account could not be looked up", reason=str(error))
            raise ProtocolError("the database does not answer", ErrorCode.INTERNAL) from error

    async def fallen(self, since_s: float, applied: set[int]) -> set[Identity]:
        """Those among the present whom a revocation made since then concerns; each counts once.

        Another process made it: what it did is looked up, so that whoever has signed in anew meanwhile stays.

        Raises:
            ProtocolError: ``internal``: the database does not answer.
        """
        made = await self._revocations(since_s)
        accounts = {one.account_id for one in made if one.number not in applied}
        found: set[Identity] = set()
        for who in self.registry.vouched():
            if who.account_id in accounts and not (who.sign_in and await self.stands(who)):
                found.add(who)
        applied.clear()
        applied.update(one.number for one in made)
        return found

    async def unfit(self) -> set[Identity]:
        """Those among the present who may not be here any more, however that came about.

        An account may have been changed by hand, a sign-in may have run out.

        Raises:
            ProtocolError: ``internal``: the database does not answer.
        """
        self._sign_ins.clear()
        found: set[Identity] = set()
        for who in self.registry.vouched():
            if not await self.stands(who):
                found.add(who)
        return found

    def run_out(self) -> set[Identity]:
        """Those among the present whose sign-in has run out since the database, unchanged, was asked."""
        over = {who for who, sign_in in self._sign_ins.items() if not self.services.lives(sign_in)}
        return over.intersection(self.registry.vouched())

    async def _revocations(self, since_s: float) -> list[Revocation]:
        try:
            return await self.services.revocations.since(since_s)
        except Unavailable as error:
            raise ProtocolError("the database does not answer", ErrorCode.INTERNAL) from error

    async def _account_stands(self, who: Identity) -> bool:
        account = await self.services.account(who.account_id)
        return account is not None and not _is_lowered(who, account)

    async def _sign_in_stands(self, who: Identity) -> bool:
        if not who.sign_in:
            return True
        for one in await self.services.sign_ins.of_account(who.account_id):
            if one.id == who.sign_in:
                self._sign_ins[who] = one
                return self.services.lives(one)
        return False


def _is_lowered(who: Identity, now: AccountView) -> bool:
    """Whether the account may do less by now than the relay has told the host."""
    lower = _RANKS.index(now.standing) < _RANKS.index(who.standing)
    # A team decides what a supervisor sees, and nothing for others.
    moved = who.standing is Standing.SUPERVISOR and now.team != who.team
    other = now.organisation_id != who.organisation_id
    return lower or moved or other or (who.admin_tools and not now.admin_tools)
