"""HTTP: the people of the organisation, as its administrators see and change them."""

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import AfterValidator, BaseModel, Field

from relevo_protocol.modes import Standing
from relevo_server.accounts.names import BadName, display_name, name_in, new_name, team_name
from relevo_server.accounts.permissions import Permission
from relevo_server.accounts.sign_in import LINK_LIFETIME_S, hash_token
from relevo_server.accounts.view import AccountView
from relevo_server.admin.acts import AdminParts, Body
from relevo_server.errors import FORBIDDEN, INVALID, LAST_ADMINISTRATOR, NOT_FOUND, TAKEN, Refusal
from relevo_server.store.accounts import NameTaken
from relevo_server.store.people import LastAdministrator, NewPerson, Person, PersonChange

PersonId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Place = Literal["technician", "expert", "supervisor"]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(new_name)]
Shown = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(display_name)]
Team = Annotated[str, Field(max_length=200), AfterValidator(team_name)]


class PersonOut(BaseModel):
    """One account; times in seconds since the epoch, `seen_at_s` of the newest sign-in that still lives."""

    id: str
    name: str
    display_name: str
    language: str
    standing: Standing
    team: str
    admin_tools: bool
    is_admin: bool
    disabled: bool
    second_factor: bool
    created_at_s: float
    seen_at_s: float | None


class PeopleAnswer(BaseModel):
    """`GET /api/admin/people`, by name."""

    people: list[PersonOut]


class NewPersonBody(Body):
    """`POST /api/admin/people`: somebody new, who chooses a password after coming in by the link.

    The answer has the name to sign in with: of all but the home organisation's people it ends in `@` and id.
    """

    name: Name
    display_name: Shown
    language: Literal["en", "es"] | None = None
    standing: Place = "technician"
    team: Team = ""
    admin_tools: bool = False
    is_admin: bool = False


class PersonBody(Body):
    """`POST /api/admin/people/{id}`: what is to be otherwise; what is left out stays."""

    display_name: Shown | None = None
    standing: Place | None = None
    team: Team | None = None
    admin_tools: bool | None = None
    is_admin: bool | None = None


class PersonAnswer(BaseModel):
    """One person."""

    person: PersonOut


class LinkAnswer(BaseModel):
    """The path of a one-time link, to stand behind the server's origin; nobody can ask for it again."""

    link: str
    expires_in_s: int


class NewPersonAnswer(LinkAnswer):
    """A new person, and the link that lets them in once: empty for a program, whose it would be."""

    person: PersonOut


def build_router(parts: AdminParts) -> APIRouter:
    """The routes over the server's parts."""
    router = APIRouter(prefix="/api/admin/people")
    people = _People(parts)

    @router.get("")
    async def everyone(request: Request) -> PeopleAnswer:
        account = await parts.gate.may(request, Permission.PEOPLE_READ)
        found = await parts.people.everyone(account.organisation_id)
        return PeopleAnswer(people=[_out(one) for one in found])

    @router.post("")
    async def create(body: NewPersonBody, request: Request) -> NewPersonAnswer:
        return await people.create(request, body)

    @router.post("/{person}")
    async def change(person: PersonId, body: PersonBody, request: Request) -> PersonAnswer:
        return PersonAnswer(person=await people.change(request, person, body))

    @router.post("/{person}/disable", status_code=204)
    async def disable(person: PersonId, request: Request) -> None:
        await people.set_disabled(request, person, disabled=True)

    @router.post("/{person}/enable", status_code=204)
    async def enable(person: PersonId, request: Request) -> None:
        await people.set_disabled(request, person, disabled=False)

    @router.post("/{person}/link")
    async def link(person: PersonId, request: Request) -> LinkAnswer:
        return LinkAnswer(link=await people.link(request, person), expires_in_s=LINK_LIFETIME_S)

    @router.post("/{person}/reset-factors", status_code=204)
    async def reset_factors(person: PersonId, request: Request) -> None:
        await people.reset_factors(request, person)

    @router.post("/{person}/sign-out", status_code=204)
    async def sign_out(person: PersonId, request: Request) -> None:
        await people.sign_out(request, person)

    _ = (everyone, create, change, disable, enable, link, reset_factors, sign_out)
    return router


class _People:
    """The writes: each by somebody who proved who they are, each with its line in the record."""

    def __init__(self, parts: AdminParts) -> None:
        self._parts = parts
        self._clock = parts.services.clock

    async def create(self, request: Request, body: NewPersonBody) -> NewPersonAnswer:
        """Add somebody and answer with the link that lets them in once."""
        account = await self._parts.writer(request, Permission.PEOPLE_WRITE)
        if body.is_admin or body.admin_tools:
            _need_person(account)
        # Who has the link is that person: a program adds people, and a person lets them in.
        lasts_s = LINK_LIFETIME_S if account.scopes is None else 0
        token = secrets.token_urlsafe(32)
        try:
            name = name_in(account.organisation_id, body.name)
        except BadName as error:
            raise Refusal(INVALID, where="name") from error
        new = NewPerson(
            **body.model_dump(exclude={"name", "language", "standing"}),
            name=name,
            language=body.language or self._parts.services.settings.language,
            standing=Standing(body.standing),
            link_hash=hash_token(token),
            link_expires_at_s=self._clock.wall_s() + lasts_s,
        )
        details = {
            "account": new.id,
            "standing": new.standing.value,
            "admin_tools": new.admin_tools,
            "is_admin": new.is_admin,
        }
        names = {"name": new.name, "display_name": new.display_name, "team": new.team}
        event = self._parts.event(request, account, "account.create", details, names)
        try:
            await self._parts.people.create(account.organisation_id, new, event)
        except NameTaken as error:
            raise Refusal(TAKEN, where="name") from error
        person = await self._find(account, new.id)
        shown = _link(token) if lasts_s else ""
        return NewPersonAnswer(person=_out(person), link=shown, expires_in_s=lasts_s)

    async def change(self, request: Request, person_id: str, body: PersonBody) -> PersonOut:
        """Change what is given."""
        account, person = await self._writer(request, person_id)
        if body.is_admin or body.admin_tools:
            _need_person(account)
        if body.is_admin is False and person.id == account.id:
            raise Refusal(LAST_ADMINISTRATOR)
        standing = Standing(body.standing) if body.standing is not None else None
        change = PersonChange(body.display_name, standing, body.team, body.admin_tools, body.is_admin)
        given = change.given()
        names: dict[str, str] = {
            name: str(given.pop(name)) for name in ("display_name", "team") if name in given
        }
        event = self._parts.event(request, account, "account.change", {"account": person.id, **given}, names)
        try:
            cut = await self._parts.people.change(account.organisation_id, person.id, change, event)
        except LastAdministrator as error:
            raise Refusal(LAST_ADMINISTRATOR) from error
        if cut:
            self._parts.services.revoke(person.id)
        return _out(await self._find(account, person.id))

    async def set_disabled(self, request: Request, person_id: str, *, disabled: bool) -> None:
        """Close or reopen an account; either way it is signed out everywhere."""
        account, person = await self._writer(request, person_id)
        if person.id == account.id:
            raise Refusal(LAST_ADMINISTRATOR)
        action = "account.disable" if disabled else "account.enable"
        event = self._parts.event(request, account, action, {"account": person.id})
        try:
            await self._parts.people.set_disabled(
                account.organisation_id, person.id, event, disabled=disabled
            )
        except LastAdministrator as error:
            raise Refusal(LAST_ADMINISTRATOR) from error
        self._parts.services.revoke(person.id)

    async def link(self, request: Request, person_id: str) -> str:
        """A link for one sign-in; what second factor there is will still be asked for."""
        account, person = await self._writer(request, person_id)
        _need_person(account)
        token = secrets.token_urlsafe(32)
        saved = await self._parts.sign_ins.save_link(
            hash_token(token),
            person.name,
            self._clock.wall_s() + LINK_LIFETIME_S,
            self._parts.event(request, account, "account.link"),
        )
        if not saved:
            raise Refusal(NOT_FOUND)
        return _link(token)

    async def reset_factors(self, request: Request, person_id: str) -> None:
        """Remove somebody's second factors, lost ones; they are signed out everywhere."""
        account, person = await self._writer(request, person_id)
        _need_person(account)
        event = self._parts.event(request, account, "factor.removed", {"account": person.id, "kind": "all"})
        await self._parts.factors.reset(person.id, event)
        self._parts.services.revoke(person.id)

    async def sign_out(self, request: Request, person_id: str) -> None:
        """End somebody's sign-ins and connections."""
        account, person = await self._writer(request, person_id)
        event = self._parts.event(request, account, "sign_in.revoked", {"account": person.id})
        await self._parts.sign_ins.revoke_all(person.id, "", event)
        self._parts.services.revoke(person.id)

    async def _writer(self, request: Request, person_id: str) -> tuple[AccountView, Person]:
        account = await self._parts.writer(request, Permission.PEOPLE_WRITE)
        person = await self._find(account, person_id)
        if person.is_admin:
            _need_person(account)
        return account, person

    async def _find(self, account: AccountView, person_id: str) -> Person:
        """Somebody of the same organisation; of others nobody learns that they exist."""
        person = await self._parts.people.one(account.organisation_id, person_id)
        if person is None:
            raise Refusal(NOT_FOUND)
        return person


def _need_person(account: AccountView) -> None:
    """What makes, changes or stands in for somebody with power is done by people, never by programs."""
    if account.scopes is not None:
        raise Refusal(FORBIDDEN)


def _link(token: str) -> str:
    return f"/go#t={token}"


def _out(person: Person) -> PersonOut:
    return PersonOut(**vars(person))
