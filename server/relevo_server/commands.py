"""What the command line does with the data folder: make it, look at it, manage its accounts."""

import contextlib
import datetime as dt
import getpass
import os
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from relevo_protocol.modes import Standing
from relevo_server.accounts.names import BadName, display_name, name_in, new_name, normal_name, team_name
from relevo_server.accounts.passwords import Passwords, weakness
from relevo_server.authority import TlsError
from relevo_server.clock import Clock
from relevo_server.errors import Text
from relevo_server.settings import SecondFactor, Settings
from relevo_server.store import schema
from relevo_server.store.accounts import AccountChange, AccountStore, NameTaken, NewAccount
from relevo_server.store.audit_check import check_record, organisations_with_record
from relevo_server.store.checkpoints import BadKey, known_keys, load_or_make_key
from relevo_server.store.database import Database
from relevo_server.store.organisations import HOME, OrganisationStore
from relevo_server.store.sign_ins import SignInStore
from relevo_server.store.spool import set_aside
from relevo_server.syslog import TLS, collector_context, collector_files
from relevo_server.tls import make_data_folder, prepare_certificate

ACTOR: Final = "command line"
_SOON = dt.timedelta(days=14)


class CommandError(Exception):
    """The command cannot be done; the text says why and what to do."""


@dataclass(frozen=True)
class Wanted:
    """An account as asked for on the command line."""

    name: str
    display_name: str | None
    language: str | None
    is_admin: bool
    standing: Standing = Standing.TECHNICIAN
    team: str = ""
    admin_tools: bool = False
    organisation_id: str = HOME


@dataclass(frozen=True)
class WantedChange:
    """What of an account is to be otherwise, as asked for on the command line; None leaves it as it is."""

    display_name: str | None
    standing: Standing | None
    team: str | None
    admin_tools: bool | None


@contextlib.asynccontextmanager
async def opened_database(settings: Settings) -> AsyncGenerator[Database]:
    """The database of these settings, made or brought to the newest schema, closed at the end."""
    make_data_folder(settings.data)
    database = Database(settings.database)
    try:
        await schema.migrate(database)
        yield database
    finally:
        await database.close()


async def prepare_database(settings: Settings) -> None:
    """Make the database or bring it to the newest schema. Raises CommandError or SchemaError."""
    try:
        async with opened_database(settings):
            pass
    except DBAPIError as error:
        raise CommandError(
            f"the database of {settings.data} cannot be used: {error.orig}; "
            "restore it from a backup, or move it away and a new one is made"
        ) from error


async def init(settings: Settings) -> list[str]:
    """Make certificate authority, certificate and database where they are missing; say what there is."""
    lines = [f"data      {settings.data}"]
    if not settings.plain_http:
        files = prepare_certificate(settings, Clock())
        until = dt.datetime.fromtimestamp(files.expires_at_s, dt.UTC).date()
        lines.append(f"TLS       {files.certificate}, valid until {until}")
        if settings.tls_certificate is None:
            lines.append(
                f"authority {settings.data / 'ca.pem'}: `relevo-server trust install` makes browsers know it"
            )
    async with opened_database(settings) as database:
        count = await AccountStore(database, Clock(), settings.organisation).count()
    lines.append(f"database  at revision {schema.HEAD}, {count} account(s)")
    if count == 0:
        lines.append("next      relevo-server admin create --name NAME")
    return lines


async def create_account(settings: Settings, wanted: Wanted, *, from_stdin: bool) -> list[str]:
    """Add an account with a password that is asked for. Raises CommandError."""
    try:
        name = name_in(wanted.organisation_id, new_name(wanted.name))
        shown = display_name(wanted.display_name or wanted.name)
        team = team_name(wanted.team)
    except BadName as error:
        raise CommandError(f"{wanted.name!r}: {error}") from error
    password = read_password(name, settings.organisation, from_stdin=from_stdin)
    new = NewAccount(
        name=name,
        display_name=shown,
        language=wanted.language or settings.language,
        is_admin=wanted.is_admin,
        password_hash=await Passwords().hash(password),
        standing=wanted.standing,
        team=team,
        admin_tools=wanted.admin_tools,
        organisation_id=wanted.organisation_id,
    )
    async with opened_database(settings) as database:
        if await OrganisationStore(database, settings.organisation).get(new.organisation_id) is None:
            raise CommandError(
                f"there is no organisation {new.organisation_id}; see relevo-server organisation list"
            )
        try:
            await AccountStore(database, Clock(), settings.organisation).create(new, ACTOR)
        except NameTaken as error:
            raise CommandError(
                f"an account named {name} exists; `account password` changes its password"
            ) from error
    return [f"{'administrator' if wanted.is_admin else wanted.standing.value} {name} created"]


async def change_account(settings: Settings, typed: str, wanted: WantedChange) -> list[str]:
    """Change what is given of an account; it stays signed in. Raises CommandError."""
    name = normal_name(typed)
    if all(value is None for value in vars(wanted).values()):
        raise CommandError(
            "nothing to change: give --display-name, --standing, --team, --admin-tools or --no-admin-tools"
        )
    try:
        change = AccountChange(
            display_name=None if wanted.display_name is None else display_name(wanted.display_name),
            standing=wanted.standing,
            team=None if wanted.team is None else team_name(wanted.team),
            admin_tools=wanted.admin_tools,
        )
    except BadName as error:
        raise CommandError(str(error)) from error
    async with opened_database(settings) as database:
        if not await AccountStore(database, Clock(), settings.organisation).change(name, change, ACTOR):
            raise CommandError(nobody(name))
    return [f"{name} changed; it counts from the next session that they enter"]


async def set_password(settings: Settings, typed: str, *, from_stdin: bool) -> list[str]:
    """Change a password; every sign-in of the account ends. Raises CommandError."""
    name = normal_name(typed)
    password = read_password(name, settings.organisation, from_stdin=from_stdin)
    hashed = await Passwords().hash(password)
    async with opened_database(settings) as database:
        accounts = AccountStore(database, Clock(), settings.organisation)
        if not await accounts.set_password(name, hashed, ACTOR):
            raise CommandError(nobody(name))
    return [f"password of {name} changed; it is signed out everywhere"]


async def set_disabled(settings: Settings, typed: str, *, disabled: bool) -> list[str]:
    """Close or reopen an account. Raises CommandError."""
    name = normal_name(typed)
    async with opened_database(settings) as database:
        accounts = AccountStore(database, Clock(), settings.organisation)
        if not await accounts.set_disabled(name, disabled, ACTOR):
            raise CommandError(nobody(name))
    return [f"{name} disabled and signed out everywhere" if disabled else f"{name} enabled"]


async def list_accounts(settings: Settings) -> list[str]:
    """A line for each account."""
    async with opened_database(settings) as database:
        every = await AccountStore(database, Clock(), settings.organisation).every()
    return [
        "\t".join(
            (
                one.view.name,
                one.view.display_name,
                "administrator" if one.view.is_admin else "technician",
                one.view.language,
                "disabled" if one.disabled else "active",
                one.view.standing.value,
                one.view.team or "-",
                "admin tools" if one.view.admin_tools else "-",
                *((one.view.organisation_id,) if one.view.organisation_id != HOME else ()),
            )
        )
        for one in every
    ] or ["no account yet: relevo-server admin create --name NAME"]


async def create_link(settings: Settings, name: str) -> list[str]:
    """The path of a one-time sign-in link. Raises CommandError."""
    # Brings the web framework, which no other command needs.
    from relevo_server.accounts.sign_in import make_link

    async with opened_database(settings) as database:
        token = await make_link(SignInStore(database), Clock(), name)
    if token is None:
        raise CommandError(nobody(normal_name(name)) + " or it is disabled")
    return [f"/go#t={token}"]


def read_password(name: str, organisation: str, *, from_stdin: bool) -> str:
    """A new password from standard input or, asked twice, from the terminal. Raises CommandError."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("Again: ") != password:
            raise CommandError("the two passwords differ")
    else:
        raise CommandError("no terminal to ask for the password on: pass it with --password-stdin")
    reason = weakness(password, name, organisation)
    if reason is not None:
        raise CommandError(_in_terminal_language(reason))
    return password


async def check(settings: Settings) -> tuple[list[str], bool]:
    """Look at the configuration; a line for each part, and whether the server could serve."""
    findings = [
        *_check_certificate(settings),
        *await _check_database(settings),
        *_check_database_line(settings),
        *_check_spool(settings),
        *_check_rest(settings),
        *_check_collector(settings),
    ]
    fine = not any(line.startswith("FAIL") for line in findings)
    return findings, fine


def describe_settings() -> list[str]:
    """Each setting: variable, option, default, what it does."""
    lines: list[str] = []
    for name, field in Settings.model_fields.items():
        lines.append(f"RELEVO_{name.upper()}, --{name.replace('_', '-')} (default: {_default(field)})")
        lines.append(f"    {field.description}")
    return lines


def _check_certificate(settings: Settings) -> list[str]:
    if settings.plain_http:
        return [f"ok    TLS is spoken by the proxy at {', '.join(settings.behind_proxy)}"]
    try:
        files = prepare_certificate(settings, Clock())
    except (TlsError, OSError) as error:
        return [f"FAIL  certificate: {error}"]
    left = dt.timedelta(seconds=files.expires_at_s - Clock().wall_s())
    if left <= dt.timedelta(0):
        return [f"FAIL  certificate {files.certificate} has expired"]
    word = "warn " if left < _SOON else "ok   "
    return [f"{word} certificate {files.certificate}, {left.days} days left"]


async def _check_database(settings: Settings) -> list[str]:
    try:
        async with opened_database(settings) as database:
            accounts = AccountStore(database, Clock(), settings.organisation)
            every = await accounts.every()
            keys = known_keys(settings.data, load_or_make_key(settings.data).public_key())
            found = await organisations_with_record(database)
            verdicts = [await check_record(database, one, (), keys) for one in found]
    except (SQLAlchemyError, schema.SchemaError, BadKey, OSError) as error:
        return [f"FAIL  database: {error}"]
    lines = [f"ok    database at revision {schema.HEAD}, {len(every)} account(s)"]
    if not any(one.view.is_admin and not one.disabled for one in every):
        lines.append("warn  no administrator: relevo-server admin create --name NAME")
    lines += [
        f"FAIL  the record of {one.organisation} was changed outside the server; see `audit verify`"
        for one in verdicts
        if one.flaws
    ]
    return lines


def _check_spool(settings: Settings) -> list[str]:
    folder = settings.data / "spool"
    try:
        found = set_aside(folder)
    except OSError as error:
        return [f"FAIL  spool: {error}"]
    lines: list[str] = []
    if found.refused:
        lines.append(
            f"warn  {found.refused} record(s) that the database never takes lie in {folder / 'refused.bin'}: "
            "the log says why; look at them, then move the file away"
        )
    if found.cut_bytes:
        lines.append(
            f"warn  {found.cut_bytes} bytes of the spool that could not be read lie in {folder / 'cut.bin'}: "
            "look at them, then move the file away"
        )
    return lines


def _check_rest(settings: Settings) -> list[str]:
    from relevo_server.viewer_files import STATIC

    built = (STATIC / "index.html").exists()
    lines = ["ok    viewer built" if built else "warn  viewer not built: make viewer"]
    lines.append(f"ok    origin {settings.relay_origin}")
    if settings.organisation == Settings.model_fields["organisation"].default:
        lines.append("warn  organisation is not set: customers read it before they consent")
    if settings.second_factor is not SecondFactor.EVERYBODY:
        lines.append(
            f"warn  second_factor is {settings.second_factor}: a stolen password may be enough to sign in"
        )
    if settings.behind_proxy and settings.metrics_token is None:
        lines.append("warn  behind a proxy /metrics needs metrics_token")
    return lines


def _check_database_line(settings: Settings) -> list[str]:
    url = make_url(settings.database)
    here = url.host in {None, "", "localhost", "127.0.0.1", "::1"}
    if here or url.query.get("ssl") in {"require", "verify-ca", "verify-full"}:
        return []
    add = "add ?ssl=verify-full (or require) to database_url"
    return [f"warn  the line to the database on {url.host} may not be encrypted: {add}"]


def _check_collector(settings: Settings) -> list[str]:
    if settings.syslog is None:
        return []
    if not settings.syslog.startswith(TLS):
        return ["warn  syslog is not encrypted: for a collector elsewhere write it as tls://host:port"]
    try:
        collector_context(collector_files(settings))
    except OSError as error:
        names = ("syslog_ca", "syslog_certificate", "syslog_key")
        files = [f"{name} {file}" for name in names if (file := getattr(settings, name)) is not None]
        return [f"FAIL  {', '.join(files)}: {error}"]
    return []


def _default(field: FieldInfo) -> str:
    default: object = field.default
    if default is None or default is PydanticUndefined or default == ():
        return "none"
    return str(default)


def nobody(name: str) -> str:
    """What to say where no account has this name."""
    return f"there is no account named {name}"


def _in_terminal_language(text: Text) -> str:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return text.es if spoken.startswith("es") else text.en
