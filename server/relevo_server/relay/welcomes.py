"""What a session says to those who come: made of what the relay knows, in one place for each message."""

from relevo_protocol.messages.relay import AgentWelcome, JoinAsked, ViewerJoining, ViewerWelcome
from relevo_protocol.modes import SessionKind
from relevo_server.relay.keeping import Keeping
from relevo_server.relay.seat import Identity, Seat
from relevo_server.relay.surroundings import Surroundings


def agent_welcome(
    keeping: Keeping, around: Surroundings, *, resumed: bool, routing: str | None = None
) -> AgentWelcome:
    """The agent's welcome, with its next token; to be followed by :meth:`Keeping.save`."""
    return AgentWelcome(
        session_id=keeping.session_id,
        origin=around.origin,
        token=keeping.issue_agent_token(),
        resumed=resumed,
        routing=routing,
        code_life_s=around.policies.code_life_s if routing else 0,
    )


def viewer_welcome(
    keeping: Keeping, around: Surroundings, seat: Seat, *, host_present: bool
) -> ViewerWelcome:
    """A viewer's welcome, with its next token."""
    traits = keeping.traits
    presenter = traits.lead if traits.kind is SessionKind.PRESENTATION else None
    return ViewerWelcome(
        session_id=keeping.session_id,
        origin=around.origin,
        link=seat.link,
        slot=seat.slot,
        resume=keeping.issue_seat_token(seat.slot),
        resume_life_s=int(keeping.stay_s()),
        account_id=seat.identity.account_id,
        display_name=seat.identity.display_name,
        organisation=seat.identity.organisation,
        host_present=host_present,
        kind=traits.kind,
        host_name=presenter.display_name if presenter is not None else "",
    )


def viewer_joining(seat: Seat, *, resumed: bool) -> ViewerJoining:
    """What the agent is told of a viewer: the relay vouches for it."""
    return ViewerJoining(
        link=seat.link,
        slot=seat.slot,
        account_id=seat.identity.account_id,
        display_name=seat.identity.display_name,
        organisation=seat.identity.organisation,
        resumed=resumed,
        standing=seat.identity.standing,
        admin_tools=seat.identity.admin_tools,
    )


def join_asked(request: int, who: Identity, key: bytes) -> JoinAsked:
    """What the agent is told of somebody who asks to come in: the relay vouches for them too."""
    return JoinAsked(
        request=request,
        account_id=who.account_id,
        display_name=who.display_name,
        organisation=who.organisation,
        standing=who.standing,
        admin_tools=who.admin_tools,
        key=key,
    )
