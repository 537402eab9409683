"""Who an account or a guest is, to the relay's core."""

from relevo_server.accounts.view import AccountView
from relevo_server.relay.seat import Identity


def identity_of(account: AccountView) -> Identity:
    """What the relay vouches for of an account or a guest."""
    return Identity(
        account.id,
        account.display_name,
        account.organisation,
        account.standing,
        account.team,
        account.admin_tools,
        account.organisation_id,
        account.sign_in,
    )
