"""The tables of organisations, second factors, tokens, reports and of the record of who did what."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from relevo_server.store.tables import Base, RowNumber


class OrganisationRow(Base):
    """For whom technicians work; what one organisation has, no other sees."""

    __tablename__ = "organisations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    # Empty for `home`, whose name is a setting.
    name: Mapped[str] = mapped_column(String(120))
    policy: Mapped[str] = mapped_column(Text(), server_default="{}")
    created_at_s: Mapped[float] = mapped_column(Double())


class TotpRow(Base):
    """The secret of an authenticator app, sealed; `last_step` is the newest step that was used (RFC 6238)."""

    __tablename__ = "totp_secrets"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary(96))
    confirmed: Mapped[bool] = mapped_column(Boolean(), server_default=false())
    last_step: Mapped[int] = mapped_column(BigInteger(), server_default="0")
    # Codes that did not fit: since one did, and since their owner was told.
    wrong: Mapped[int] = mapped_column(Integer(), server_default="0", default=0)
    untold: Mapped[int] = mapped_column(Integer(), server_default="0", default=0)


class PasskeyRow(Base):
    """The public half of a passkey (WebAuthn)."""

    __tablename__ = "passkeys"

    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(2048))
    sign_count: Mapped[int] = mapped_column(BigInteger())
    name: Mapped[str] = mapped_column(String(60))
    created_at_s: Mapped[float] = mapped_column(Double())
    used_at_s: Mapped[float | None] = mapped_column(Double())


class RecoveryCodeRow(Base):
    """A code for the day on which the other factors are lost; SHA-256 of 120 random bits."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    used_at_s: Mapped[float | None] = mapped_column(Double())


class OidcLinkRow(Base):
    """Which account somebody is whom an OpenID provider knows."""

    __tablename__ = "oidc_links"

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)


class ApiTokenRow(Base):
    """A token that a program presents instead of a person; kept as SHA-256."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    scopes: Mapped[str] = mapped_column(String(200))
    created_at_s: Mapped[float] = mapped_column(Double())
    expires_at_s: Mapped[float] = mapped_column(Double())
    used_at_s: Mapped[float | None] = mapped_column(Double())


class RevocationRow(Base):
    """That an account's connections are to be cut; `sign_in` names one of its sign-ins, empty means all."""

    __tablename__ = "revocations"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32))
    sign_in: Mapped[str] = mapped_column(String(32))
    at_s: Mapped[float] = mapped_column(Double(), index=True)


class ReportRow(Base):
    """Somebody says that a session was not what it should have been; `people` is JSON, slot to name."""

    __tablename__ = "reports"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(String(32), index=True)
    session_id: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    at_s: Mapped[float] = mapped_column(Double(), index=True)
    by: Mapped[str] = mapped_column(String(16))
    accused: Mapped[str] = mapped_column(String(64))
    people: Mapped[str] = mapped_column(Text())
    state: Mapped[str] = mapped_column(String(16), server_default="open")
    handled_by: Mapped[str] = mapped_column(String(64), server_default="")
    note: Mapped[str] = mapped_column(String(500), server_default="")


class AuditHeadRow(Base):
    """Where an organisation's record ends, and up to where its beginning was pruned."""

    __tablename__ = "audit_heads"

    organisation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger())
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    pruned_seq: Mapped[int] = mapped_column(BigInteger(), server_default="0")
    pruned_chain: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditRecordRow(Base):
    """One line of an organisation's record: added, never changed but for `personal` and `salt` that go."""

    __tablename__ = "audit_records"
    __table_args__ = (
        Index("ix_audit_records_event", "organisation_id", "event_id", unique=True),
        Index("ix_audit_records_at_s", "at_s"),
        Index("ix_audit_records_action", "action"),
        Index("ix_audit_records_session_id", "session_id"),
    )

    organisation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    event_id: Mapped[bytes] = mapped_column(LargeBinary(16))
    at_s: Mapped[float] = mapped_column(Double())
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    cause: Mapped[str] = mapped_column(String(64), server_default="")
    details: Mapped[str] = mapped_column(Text())
    personal: Mapped[str | None] = mapped_column(Text())
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    personal_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))


class CheckpointRow(Base):
    """The head of a record as the server signed it."""

    __tablename__ = "audit_checkpoints"

    organisation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(255))
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    at_s: Mapped[float] = mapped_column(Double())
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))
