"""The first tables, and the triggers that keep the record append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_REFUSE_SQLITE = """
CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END
"""
# One statement each: the driver prepares them.
_REFUSE_POSTGRESQL = (
    """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  RAISE EXCEPTION 'the audit record is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$""",
    """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
)


def upgrade() -> None:
    """Create everything."""
    _create_accounts()
    _create_relay_sessions()
    _create_audit()


def downgrade() -> None:
    """Drop everything, the record included."""
    for table in ("audit", "relay_seats", "relay_sessions", "sign_in_links", "web_sessions", "accounts"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_refuse()")


def _time(name: str, *, nullable: bool = False) -> sa.Column[float]:
    kind: sa.Double[float] = sa.Double()
    return sa.Column(name, kind, nullable=nullable)


def _account_id() -> sa.Column[str]:
    return sa.Column(
        "account_id", sa.String(32), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("display_name", sa.String(120), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        _time("created_at_s"),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
        _account_id(),
        _time("created_at_s"),
        _time("seen_at_s"),
    )
    op.create_index("ix_web_sessions_account_id", "web_sessions", ["account_id"])
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
        _account_id(),
        _time("expires_at_s"),
    )
    op.create_index("ix_sign_in_links_account_id", "sign_in_links", ["account_id"])
    op.create_index("ix_sign_in_links_expires_at_s", "sign_in_links", ["expires_at_s"])


def _create_relay_sessions() -> None:
    op.create_table(
        "relay_sessions",
        sa.Column("session_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("routing", sa.String(6), nullable=False),
        sa.Column("agent_token_hash", sa.LargeBinary(32), nullable=False),
        _time("created_at_s"),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        _time("ended_at_s", nullable=True),
        sa.Column("end_reason", sa.String(64)),
    )
    op.create_index("ix_relay_sessions_ended", "relay_sessions", ["ended"])
    op.create_table(
        "relay_seats",
        sa.Column(
            "session_id",
            sa.LargeBinary(16),
            sa.ForeignKey("relay_sessions.session_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("slot", sa.Integer(), primary_key=True, autoincrement=False),
        _account_id(),
        sa.Column("display_name", sa.String(120), nullable=False),
        sa.Column("organisation", sa.String(120), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        _time("expires_at_s"),
    )
    op.create_index("ix_relay_seats_account_id", "relay_seats", ["account_id"])


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        _time("at_s"),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("session_id", sa.LargeBinary(16)),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("chain", sa.LargeBinary(32), nullable=False),
    )
    op.create_index("ix_audit_at_s", "audit", ["at_s"])
    op.create_index("ix_audit_session_id", "audit", ["session_id"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in _REFUSE_POSTGRESQL:
            op.execute(statement)
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(_REFUSE_SQLITE.format(verb=verb))
