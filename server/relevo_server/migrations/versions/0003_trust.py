"""Organisations, second factors, API tokens, reports, revocations; a record for each organisation."""

import time
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEW = (
    "audit_checkpoints",
    "audit_records",
    "audit_heads",
    "reports",
    "revocations",
    "api_tokens",
    "oidc_links",
    "recovery_codes",
    "passkeys",
    "totp_secrets",
    "organisations",
)
_KEPT = (
    "organisation_id",
    "seq",
    "event_id",
    "at_s",
    "actor",
    "action",
    "session_id",
    "cause",
    "details",
    "personal_hash",
    "chain",
)
_CHANGED = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _KEPT)
_CHANGED_POSTGRESQL = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _KEPT)
_PRUNED = "(SELECT pruned_seq FROM audit_heads WHERE organisation_id = OLD.organisation_id)"
_TEXT = "'the audit record is append-only'"
_SAME = "SELECT 1 FROM audit_records WHERE organisation_id = NEW.organisation_id AND"
_MOVE_HEAD = """
UPDATE audit_heads SET seq = NEW.seq, chain = NEW.chain WHERE organisation_id = NEW.organisation_id"""
_GUARDS_SQLITE = (
    # An event that is there already is passed over, as PostgreSQL does by ON CONFLICT.
    f"""
CREATE TRIGGER audit_records_once BEFORE INSERT ON audit_records
WHEN EXISTS ({_SAME} event_id = NEW.event_id)
BEGIN SELECT RAISE(IGNORE); END""",
    # REPLACE would delete without asking the trigger for DELETE.
    f"""
CREATE TRIGGER audit_records_no_replace BEFORE INSERT ON audit_records
WHEN EXISTS ({_SAME} seq = NEW.seq AND event_id <> NEW.event_id)
BEGIN SELECT RAISE(ABORT, {_TEXT}); END""",
    f"""
CREATE TRIGGER audit_records_head AFTER INSERT ON audit_records
BEGIN {_MOVE_HEAD}; END""",
    f"""
CREATE TRIGGER audit_records_no_update BEFORE UPDATE ON audit_records
WHEN {_CHANGED} OR NEW.personal IS NOT NULL OR NEW.salt IS NOT NULL
BEGIN SELECT RAISE(ABORT, {_TEXT}); END""",
    f"""
CREATE TRIGGER audit_records_no_delete BEFORE DELETE ON audit_records
WHEN OLD.seq > coalesce({_PRUNED}, 0)
BEGIN SELECT RAISE(ABORT, {_TEXT}); END""",
    f"""
CREATE TRIGGER audit_checkpoints_no_update BEFORE UPDATE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, {_TEXT}); END""",
)
_GUARDS_POSTGRESQL = (
    f"""
CREATE FUNCTION audit_records_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NOT ({_CHANGED_POSTGRESQL} OR NEW.personal IS NOT NULL OR NEW.salt IS NOT NULL) THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'DELETE' THEN
    IF OLD.seq <= coalesce({_PRUNED}, 0) THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION {_TEXT} USING ERRCODE = 'integrity_constraint_violation';
END $$""",
    """
CREATE TRIGGER audit_records_rows BEFORE UPDATE OR DELETE ON audit_records
FOR EACH ROW EXECUTE FUNCTION audit_records_guard()""",
    f"""
CREATE FUNCTION audit_records_head() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {_MOVE_HEAD};
  RETURN NULL;
END $$""",
    """
CREATE TRIGGER audit_records_head AFTER INSERT ON audit_records
FOR EACH ROW EXECUTE FUNCTION audit_records_head()""",
    """
CREATE TRIGGER audit_records_whole BEFORE TRUNCATE ON audit_records
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    """
CREATE TRIGGER audit_checkpoints_rows BEFORE UPDATE OR TRUNCATE ON audit_checkpoints
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
)


def upgrade() -> None:
    """Everybody who is there belongs to `home`; sign-ins get a name of their own."""
    _create_organisations()
    _widen()
    _name_sign_ins()
    _create_factors()
    _create_tokens()
    _create_record()
    guards = _GUARDS_POSTGRESQL if _is_postgresql() else _GUARDS_SQLITE
    for statement in guards:
        op.execute(statement)


def downgrade() -> None:
    """Forget it all, the record of this version included."""
    for table in _NEW:
        op.drop_table(table)
    if _is_postgresql():
        for function in ("audit_records_guard", "audit_records_head"):
            op.execute(f"DROP FUNCTION {function}()")
    for column in ("organisation_id", "sign_in"):
        op.drop_column("relay_seats", column)
    op.drop_column("relay_sessions", "lead_organisation")
    op.drop_index("ix_web_sessions_id", "web_sessions")
    for column in ("id", "address", "agent", "method", "authenticated_at_s"):
        op.drop_column("web_sessions", column)
    op.drop_column("accounts", "organisation_id")


def _is_postgresql() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")


def _text(name: str, chars: int, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(chars), nullable=False, server_default=default)


def _long(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def _bytes(name: str, count: int, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(count), primary_key=primary_key, nullable=nullable)


def _time(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[float]:
    kind: sa.Double[float] = sa.Double()
    return sa.Column(name, kind, nullable=nullable, server_default=default)


def _number(name: str, default: str | None = None, *, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(
        name,
        sa.BigInteger(),
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
        server_default=default,
    )


def _key(name: str, chars: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(chars), primary_key=True)


def _account(*, primary_key: bool = False) -> sa.Column[str]:
    owner = sa.ForeignKey("accounts.id", ondelete="CASCADE")
    return sa.Column("account_id", sa.String(32), owner, primary_key=primary_key, nullable=False)


def _index(table: str, column: str, *, unique: bool = False) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column], unique=unique)


def _create_organisations() -> None:
    table = op.create_table(
        "organisations",
        _key("id", 32),
        _text("name", 120),
        _long("policy", default="{}"),
        _time("created_at_s"),
    )
    op.bulk_insert(table, [{"id": "home", "name": "", "policy": "{}", "created_at_s": time.time()}])


def _widen() -> None:
    op.add_column("accounts", _text("organisation_id", 32, "home"))
    op.add_column("relay_sessions", _text("lead_organisation", 32, ""))
    for column in (_text("organisation_id", 32, ""), _text("sign_in", 32, "")):
        op.add_column("relay_seats", column)
    for name, chars in (("id", 32), ("address", 64), ("agent", 200), ("method", 16)):
        op.add_column("web_sessions", _text(name, chars, ""))
    op.add_column("web_sessions", _time("authenticated_at_s", default="0"))


def _name_sign_ins() -> None:
    sign_ins = sa.table("web_sessions", sa.column("token_hash"), sa.column("id"))
    connection = op.get_bind()
    for (token_hash,) in connection.execute(sa.select(sign_ins.c.token_hash)).all():
        connection.execute(
            sign_ins.update().where(sign_ins.c.token_hash == token_hash).values(id=uuid.uuid4().hex)
        )
    op.execute("UPDATE web_sessions SET authenticated_at_s = created_at_s")
    _index("web_sessions", "id", unique=True)


def _create_factors() -> None:
    op.create_table(
        "totp_secrets",
        _account(primary_key=True),
        _bytes("sealed", 96),
        sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()),
        _number("last_step", "0"),
    )
    op.create_table(
        "passkeys",
        _bytes("credential_id", 1023, primary_key=True),
        _account(),
        _bytes("public_key", 2048),
        _number("sign_count"),
        _text("name", 60),
        _time("created_at_s"),
        _time("used_at_s", nullable=True),
    )
    op.create_table(
        "recovery_codes",
        _bytes("code_hash", 32, primary_key=True),
        _account(),
        _time("used_at_s", nullable=True),
    )
    op.create_table("oidc_links", _key("issuer", 255), _key("subject", 255), _account())
    for table in ("passkeys", "recovery_codes", "oidc_links"):
        _index(table, "account_id")


def _create_tokens() -> None:
    op.create_table(
        "api_tokens",
        _key("id", 32),
        _bytes("token_hash", 32),
        sa.Column("organisation_id", sa.String(32), sa.ForeignKey("organisations.id"), nullable=False),
        _account(),
        _text("name", 60),
        _text("scopes", 200),
        _time("created_at_s"),
        _time("expires_at_s"),
        _time("used_at_s", nullable=True),
    )
    _index("api_tokens", "token_hash", unique=True)
    for column in ("organisation_id", "account_id"):
        _index("api_tokens", column)
    op.create_table(
        "revocations",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        _text("account_id", 32),
        _text("sign_in", 32),
        _time("at_s"),
    )
    _index("revocations", "at_s")
    op.create_table(
        "reports",
        _key("id", 32),
        _text("organisation_id", 32),
        _bytes("session_id", 16),
        _time("at_s"),
        _text("by", 16),
        _text("accused", 64),
        _long("people"),
        _text("state", 16, "open"),
        _text("handled_by", 64, ""),
        _text("note", 500, ""),
    )
    for column in ("organisation_id", "session_id", "at_s"):
        _index("reports", column)


def _create_record() -> None:
    op.create_table(
        "audit_heads",
        _key("organisation_id", 32),
        _number("seq"),
        _bytes("chain", 32),
        _number("pruned_seq", "0"),
        _bytes("pruned_chain", 32),
    )
    op.create_table(
        "audit_records",
        _key("organisation_id", 32),
        _number("seq", primary_key=True),
        _bytes("event_id", 16),
        _time("at_s"),
        _text("actor", 64),
        _text("action", 64),
        _bytes("session_id", 16, nullable=True),
        _text("cause", 64, ""),
        _long("details"),
        _long("personal", nullable=True),
        _bytes("salt", 16, nullable=True),
        _bytes("personal_hash", 32),
        _bytes("chain", 32),
    )
    op.create_index("ix_audit_records_event", "audit_records", ["organisation_id", "event_id"], unique=True)
    for column in ("at_s", "action", "session_id"):
        _index("audit_records", column)
    op.create_table(
        "audit_checkpoints",
        _key("organisation_id", 32),
        _number("seq", primary_key=True),
        _text("origin", 255),
        _bytes("chain", 32),
        _time("at_s"),
        _text("key_id", 16),
        _bytes("signature", 64),
    )
