"""What the routes of accounts take and answer; nothing unknown in a body, and nothing of it in an error."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from relevo_protocol.modes import Standing
from relevo_server.accounts.factors import PasskeyAnswer
from relevo_server.accounts.names import label
from relevo_server.accounts.permissions import Permission, permissions_of
from relevo_server.accounts.proofs import Proof
from relevo_server.accounts.view import AccountView
from relevo_server.store.tokens import MAX_TOKEN_DAYS


class Body(BaseModel):
    """The body of a write."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Label = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(label)]
TypedPassword = Annotated[str, Field(min_length=1, max_length=256)]


class SignInBody(Body):
    """`POST /api/sign-in`."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: TypedPassword


class LinkBody(Body):
    """`POST /api/sign-in/link`."""

    token: Annotated[str, Field(min_length=16, max_length=128)]


class CredentialBody(Body):
    """`POST /api/sign-in/passkey`: the token of the options, and the authenticator's answer."""

    token: Token
    credential: dict[str, object]


class NewPasskeyBody(CredentialBody):
    """`POST /api/me/passkeys`: as above, and how its owner calls it."""

    name: Label


class ProofBody(Body):
    """`POST /api/reauth`: one proof at least; all that are given must fit."""

    password: TypedPassword | None = None
    totp: Code | None = None
    passkey: CredentialBody | None = None

    def proof(self) -> Proof:
        """The body in the words of the service."""
        return Proof(self.password, self.totp, None, _answer(self.passkey))


class SecondBody(Body):
    """`POST /api/sign-in/second`: the challenge of the first step, and one proof."""

    challenge: Token
    totp: Code | None = None
    recovery: Annotated[str, Field(min_length=24, max_length=64)] | None = None
    passkey: CredentialBody | None = None

    def proof(self) -> Proof:
        """The body in the words of the service."""
        return Proof(None, self.totp, self.recovery, _answer(self.passkey))


class ChallengeBody(Body):
    """`POST /api/sign-in/second/passkey/options`."""

    challenge: Token


class CodeBody(Body):
    """`POST /api/me/totp/confirm`: what the app shows."""

    code: Code


class PasswordBody(Body):
    """`POST /api/me/password`; `old` may be left out where this sign-in came by a one-time link."""

    old: TypedPassword | None = None
    new: TypedPassword


class NewTokenBody(Body):
    """`POST /api/me/tokens`."""

    name: Label
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))]
    days: Annotated[int, Field(ge=1, le=MAX_TOKEN_DAYS)]


class AccountOut(BaseModel):
    """An account as the browser sees it."""

    id: str
    name: str
    display_name: str
    organisation: str
    language: str
    is_admin: bool
    standing: Standing
    team: str
    admin_tools: bool
    permissions: list[Permission]


class AccountAnswer(BaseModel):
    """`{account: …}`."""

    account: AccountOut


class SignedInAnswer(AccountAnswer):
    """A sign-in: whose, and how many wrong codes of their app were tried since the one before."""

    wrong_codes: int


class StepAnswer(BaseModel):
    """A first step that was right: `POST /api/sign-in/second` comes next, with one of the methods."""

    next: Literal["second_factor"] = "second_factor"
    challenge: str
    methods: list[str]


class MeAnswer(AccountAnswer):
    """`GET /api/me`: who this is, whether a factor must be added, how long the last proof counts."""

    second_factor: bool
    must_enrol: bool
    fresh_for_s: int
    methods: list[str]


class OptionsAnswer(BaseModel):
    """A WebAuthn ceremony: options as JSON (WebAuthn 3, 5.1.8 and 5.1.9), and the token to come back with."""

    token: str
    options: dict[str, object]


class TotpAnswer(BaseModel):
    """`POST /api/me/totp`."""

    secret: str
    uri: str


class RecoveryAnswer(BaseModel):
    """Recovery codes, to be seen this once; empty where the earlier ones still hold."""

    recovery: list[str]


class SignInOut(BaseModel):
    """One of the account's sign-ins."""

    id: str
    created_at_s: float
    seen_at_s: float
    address: str
    browser: str
    method: str
    current: bool


class SignInsAnswer(BaseModel):
    """`GET /api/me/sign-ins`, the newest first."""

    sign_ins: list[SignInOut]


class PasskeyOut(BaseModel):
    """One of the account's passkeys; `id` in base64url."""

    id: str
    name: str
    created_at_s: float
    used_at_s: float | None


class FactorsAnswer(BaseModel):
    """`GET /api/me/passkeys`: what the account has by way of second factors."""

    passkeys: list[PasskeyOut]
    totp: bool
    recovery_left: int


class TokenOut(BaseModel):
    """A token of the account, without what it is made of."""

    id: str
    name: str
    scopes: list[str]
    created_at_s: float
    expires_at_s: float
    used_at_s: float | None


class TokensAnswer(BaseModel):
    """`GET /api/me/tokens`, the oldest first."""

    tokens: list[TokenOut]


class NewTokenAnswer(BaseModel):
    """`POST /api/me/tokens`: the token itself, to be seen this once."""

    token: str
    id: str


def account_out(account: AccountView) -> AccountOut:
    """The account as the browser sees it."""
    fields = {name: getattr(account, name) for name in AccountOut.model_fields if name != "permissions"}
    return AccountOut(permissions=sorted(permissions_of(account)), **fields)


def _answer(body: CredentialBody | None) -> PasskeyAnswer | None:
    return PasskeyAnswer(body.token, body.credential) if body is not None else None
