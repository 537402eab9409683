"""The record of the first versions can be erased, line by line, and can be pruned."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEPT = ("number", "at_s", "action", "session_id", "chain")
_EMPTIED = "NEW.actor = '' AND NEW.details = ''"
_PRUNED = "coalesce((SELECT pruned_seq FROM audit_heads WHERE organisation_id = 'home'), 0) > 0"
_TEXT = "'the audit record is append-only'"
_SAME_SQLITE = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)
_SAME_POSTGRESQL = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _KEPT)
_SQLITE = (
    "DROP TRIGGER audit_no_UPDATE",
    "DROP TRIGGER audit_no_DELETE",
    f"""
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
WHEN NOT ({_SAME_SQLITE} AND {_EMPTIED})
BEGIN SELECT RAISE(ABORT, {_TEXT}); END""",
    f"""
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN NOT {_PRUNED}
BEGIN SELECT RAISE(ABORT, {_TEXT}); END""",
)
_SQLITE_BACK = (
    "DROP TRIGGER audit_no_update",
    "DROP TRIGGER audit_no_delete",
    *(
        f"""
CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit
BEGIN SELECT RAISE(ABORT, {_TEXT}); END"""
        for verb in ("UPDATE", "DELETE")
    ),
)
_POSTGRESQL = (
    "DROP TRIGGER audit_append_only ON audit",
    f"""
CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF {_SAME_POSTGRESQL} AND {_EMPTIED} THEN RETURN NEW; END IF;
  ELSIF TG_OP = 'DELETE' THEN
    IF {_PRUNED} THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION {_TEXT} USING ERRCODE = 'integrity_constraint_violation';
END $$""",
    """
CREATE TRIGGER audit_rows BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_guard()""",
    """
CREATE TRIGGER audit_append_only BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
)
_POSTGRESQL_BACK = (
    "DROP TRIGGER audit_rows ON audit",
    "DROP TRIGGER audit_append_only ON audit",
    "DROP FUNCTION audit_guard()",
    """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
)


def upgrade() -> None:
    """Let a line's actor and details go, and all of it once its continuation's beginning is pruned."""
    _run(_POSTGRESQL if _is_postgresql() else _SQLITE)


def downgrade() -> None:
    """Nothing of it may go any more; what went stays away."""
    _run(_POSTGRESQL_BACK if _is_postgresql() else _SQLITE_BACK)


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)


def _is_postgresql() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")
