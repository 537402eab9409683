"""Standing, team and tools of accounts; kind, lead and hold of sessions; guests' seats."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEEP = """
INSERT INTO relay_seats (session_id, slot, account_id, display_name, organisation, token_hash, expires_at_s)
SELECT session_id, slot, account_id, display_name, organisation, token_hash, expires_at_s
FROM relay_seats_before
"""


def upgrade() -> None:
    """Whoever is there already is a technician without team and without administrator's tools."""
    op.add_column("accounts", _text("standing", 16, "technician"))
    op.add_column("accounts", _text("team", 64))
    op.add_column("accounts", _flag("admin_tools"))
    for column in (
        _text("kind", 16, "support"),
        _text("lead_account_id", 64),
        _text("lead_name", 120),
        _text("lead_team", 64),
        _time("held_until_s"),
        _time("back_by_s"),
    ):
        op.add_column("relay_sessions", column)
    _rebuild_seats(
        sa.Column("account_id", sa.String(64), nullable=False),
        (
            _text("standing", 16, "technician"),
            _text("team", 64),
            _flag("admin_tools"),
            _text("role", 16, "collaborator"),
        ),
    )


def downgrade() -> None:
    """Forget what is new; guests' seats have no place in the older tables."""
    op.execute("DELETE FROM relay_seats WHERE account_id NOT IN (SELECT id FROM accounts)")
    account = sa.Column(
        "account_id", sa.String(32), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False
    )
    _rebuild_seats(account, ())
    for column in ("kind", "lead_account_id", "lead_name", "lead_team", "held_until_s", "back_by_s"):
        op.drop_column("relay_sessions", column)
    for column in ("standing", "team", "admin_tools"):
        op.drop_column("accounts", column)


def _text(name: str, chars: int, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(chars), nullable=False, server_default=default)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _time(name: str) -> sa.Column[float]:
    kind: sa.Double[float] = sa.Double()
    return sa.Column(name, kind, nullable=False, server_default="0")


def _rebuild_seats(account: sa.Column[str], added: tuple[sa.Column[str] | sa.Column[bool], ...]) -> None:
    """Make the table of seats anew with what it holds: SQLite cannot drop a foreign key."""
    op.drop_index("ix_relay_seats_account_id", "relay_seats")
    op.rename_table("relay_seats", "relay_seats_before")
    if op.get_bind().dialect.name == "postgresql":
        # Its index would keep the name that the new table's needs.
        op.execute("ALTER TABLE relay_seats_before DROP CONSTRAINT pk_relay_seats")
    expires: sa.Double[float] = sa.Double()
    op.create_table(
        "relay_seats",
        sa.Column(
            "session_id",
            sa.LargeBinary(16),
            sa.ForeignKey("relay_sessions.session_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("slot", sa.Integer(), primary_key=True, autoincrement=False),
        account,
        sa.Column("display_name", sa.String(120), nullable=False),
        sa.Column("organisation", sa.String(120), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at_s", expires, nullable=False),
        *added,
    )
    op.execute(_KEEP)
    op.drop_table("relay_seats_before")
    op.create_index("ix_relay_seats_account_id", "relay_seats", ["account_id"])
