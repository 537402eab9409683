"""The tables, as SQLAlchemy maps them; columns in types that SQLite and PostgreSQL share.

Times are seconds since the epoch (UTC). Tokens and sign-in secrets are stored as SHA-256 only.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Double, ForeignKey, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Named constraints: a migration can only drop what has a name.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
HOME: Final = "home"
"""The organisation that every deployment has."""
# SQLite numbers rows by itself only in a column of exactly this type.
RowNumber: Final = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(naming_convention=_NAMES)


class AccountRow(Base):
    """A technician."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(8))
    is_admin: Mapped[bool] = mapped_column(Boolean())
    password_hash: Mapped[str] = mapped_column(String(255))
    disabled: Mapped[bool] = mapped_column(Boolean(), default=False)
    created_at_s: Mapped[float] = mapped_column(Double())
    standing: Mapped[str] = mapped_column(String(16), default="technician")
    team: Mapped[str] = mapped_column(String(64), default="")
    admin_tools: Mapped[bool] = mapped_column(Boolean(), default=False)
    # No foreign key: SQLite cannot add one to a table that others refer to. Organisations are never deleted.
    organisation_id: Mapped[str] = mapped_column(String(32), server_default=HOME)


class WebSessionRow(Base):
    """A signed-in browser; the cookie holds the token, this row its hash."""

    __tablename__ = "web_sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    created_at_s: Mapped[float] = mapped_column(Double())
    seen_at_s: Mapped[float] = mapped_column(Double())
    # How people name this sign-in; says nothing of the token.
    id: Mapped[str] = mapped_column(String(32), unique=True, index=True)
    address: Mapped[str] = mapped_column(String(64), server_default="")
    agent: Mapped[str] = mapped_column(String(200), server_default="")
    method: Mapped[str] = mapped_column(String(16), server_default="")
    authenticated_at_s: Mapped[float] = mapped_column(Double(), server_default="0")


class SignInLinkRow(Base):
    """A link that signs its account in, once."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    expires_at_s: Mapped[float] = mapped_column(Double(), index=True)


class RelaySessionRow(Base):
    """A support session as the relay must find it again after a restart."""

    __tablename__ = "relay_sessions"

    session_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    routing: Mapped[str] = mapped_column(String(6))
    agent_token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at_s: Mapped[float] = mapped_column(Double())
    mode: Mapped[str] = mapped_column(String(32))
    ended: Mapped[bool] = mapped_column(Boolean(), index=True)
    ended_at_s: Mapped[float | None] = mapped_column(Double())
    end_reason: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16), default="support")
    # Who leads it, in a presentation who presents; empty before somebody does.
    lead_account_id: Mapped[str] = mapped_column(String(64), default="")
    lead_name: Mapped[str] = mapped_column(String(120), default="")
    lead_team: Mapped[str] = mapped_column(String(64), default="")
    lead_organisation: Mapped[str] = mapped_column(String(32), server_default="", default="")
    held_until_s: Mapped[float] = mapped_column(Double(), default=0.0)
    back_by_s: Mapped[float] = mapped_column(Double(), default=0.0)
    # Accounts that may ask to come in, until when: JSON.
    invited: Mapped[str] = mapped_column(Text(), server_default="", default="")
    furthest_mode: Mapped[str] = mapped_column(String(32), server_default="", default="")


class RelaySeatRow(Base):
    """A viewer's place in a session; the display name is kept as it was when the seat was taken."""

    __tablename__ = "relay_seats"

    session_id: Mapped[bytes] = mapped_column(
        ForeignKey("relay_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[int] = mapped_column(Integer(), primary_key=True, autoincrement=False)
    # An account's, or a guest's, who has none: hence no foreign key.
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    display_name: Mapped[str] = mapped_column(String(120))
    organisation: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at_s: Mapped[float] = mapped_column(Double())
    standing: Mapped[str] = mapped_column(String(16), default="technician")
    team: Mapped[str] = mapped_column(String(64), default="")
    admin_tools: Mapped[bool] = mapped_column(Boolean(), default=False)
    role: Mapped[str] = mapped_column(String(16), default="collaborator")
    organisation_id: Mapped[str] = mapped_column(String(32), server_default="", default="")
    sign_in: Mapped[str] = mapped_column(String(32), server_default="", default="")


class AuditRow(Base):
    """One line of the record as the first versions kept it; nothing is added any more (`audit_records`)."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    at_s: Mapped[float] = mapped_column(Double(), index=True)
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    details: Mapped[str] = mapped_column(Text())
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
