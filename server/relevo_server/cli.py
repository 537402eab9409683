"""The command line: `relevo-server …`; every option is also a `RELEVO_*` variable."""

import argparse
import asyncio
import os
import sys
from collections.abc import Coroutine
from importlib.metadata import version
from typing import TypeAlias

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from relevo_protocol.modes import Standing
from relevo_server import cli_trust, commands, trust
from relevo_server.authority import TlsError
from relevo_server.commands import CommandError
from relevo_server.logs import configure_quiet_logs
from relevo_server.settings import Settings
from relevo_server.store.organisations import HOME
from relevo_server.store.schema import SchemaError

_USAGE_ERROR = 2
_ALIASES = {"accounts": "account", "add": "create"}
_STANDINGS = tuple(one.value for one in Standing if one is not Standing.GUEST)
# argparse gives this class no public name.
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the process's exit status."""
    options = _parser().parse_args(arguments)
    # Keys, the database and its companions are nobody else's to read.
    os.umask(0o077)
    try:
        settings = _settings(options)
        return _run(options, settings)
    except ValidationError as error:
        for one in error.errors():
            where = ".".join(str(part) for part in one["loc"])
            print(f"relevo-server: {where + ': ' if where else ''}{one['msg']}", file=sys.stderr)
        return _USAGE_ERROR
    except (CommandError, TlsError, SchemaError, OSError, SQLAlchemyError) as error:
        print(f"relevo-server: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace, settings: Settings) -> int:
    words = (_ALIASES.get(word, word) for word in (options.command, getattr(options, "verb", "")))
    match " ".join(words).strip():
        case "run":
            # The web framework takes a second to load, which nothing but this needs.
            from relevo_server.serve import serve

            # Here what is wrong with it is told in one line; inside the server it would be a traceback.
            asyncio.run(commands.prepare_database(settings))
            serve(settings)
            return 0
        case "check":
            lines, fine = asyncio.run(commands.check(settings))
            print("\n".join(lines))
            return 0 if fine else 1
        case "trust install" | "trust remove" | "trust status" as command:
            report = trust.run(command.removeprefix("trust "), settings.data / "ca.pem")
            print("\n".join(report.lines))
            return 0 if report.complete else 1
        case "settings":
            print("\n".join(commands.describe_settings()))
            return 0
        case command:
            configure_quiet_logs()
            trusting = cli_trust.work(command, options, settings)
            lines, fine = asyncio.run(
                trusting if trusting is not None else _fine(_work(command, options, settings))
            )
            if lines:
                print("\n".join(lines))
            return 0 if fine else 1


async def _fine(work: Coroutine[None, None, list[str]]) -> tuple[list[str], bool]:
    return await work, True


def _work(command: str, options: argparse.Namespace, settings: Settings) -> Coroutine[None, None, list[str]]:
    match command:
        case "init":
            return commands.init(settings)
        case "admin create" | "account create" | "account change" | "account password":
            return _work_on_account(command, options, settings)
        case "account disable" | "account enable":
            return commands.set_disabled(settings, options.name, disabled=command == "account disable")
        case "account list":
            return commands.list_accounts(settings)
        case "link create":
            return commands.create_link(settings, options.name)
        case _:
            raise CommandError(f"unknown command {command!r}; see relevo-server --help")


def _work_on_account(
    command: str, options: argparse.Namespace, settings: Settings
) -> Coroutine[None, None, list[str]]:
    if command == "account password":
        return commands.set_password(settings, options.name, from_stdin=options.password_stdin)
    if command == "account change":
        standing = Standing(options.standing) if options.standing is not None else None
        change = commands.WantedChange(options.display_name, standing, options.team, options.admin_tools)
        return commands.change_account(settings, options.name, change)
    wanted = commands.Wanted(
        options.name,
        options.display_name,
        options.account_language,
        is_admin=command == "admin create",
        standing=Standing(options.standing or Standing.TECHNICIAN),
        team=options.team or "",
        admin_tools=bool(options.admin_tools),
        organisation_id=options.organisation_id,
    )
    return commands.create_account(settings, wanted, from_stdin=options.password_stdin)


def _settings(options: argparse.Namespace) -> Settings:
    given = {name: value for name, value in vars(options).items() if name in Settings.model_fields}
    return Settings(**given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="relevo-server", description="The relay of Relevo.")
    parser.add_argument("--version", action="version", version=f"relevo-server {version('relevo-server')}")
    top = parser.add_subparsers(dest="command", required=True)
    _add(top, "run", "serve until stopped; makes what is missing")
    _add(top, "init", "make certificate authority, certificate and database")
    _add(top, "check", "look whether the server could serve")
    _add(top, "settings", "print every setting")
    admin = _group(top, "admin", "administrators")
    _with_account(_add(admin, "create", "add an administrator"), new=True)
    account = _group(top, "account", "technicians' accounts", "accounts")
    _with_account(_add(account, "create", "add a technician", "add"), new=True)
    change = _add(account, "change", "change standing, team, tools or the displayed name")
    change.add_argument("--name", required=True)
    _with_place(change)
    _with_account(_add(account, "password", "set a new password and sign out everywhere"), new=False)
    _add(account, "disable", "close an account and sign it out everywhere").add_argument(
        "--name", required=True
    )
    _add(account, "enable", "reopen an account").add_argument("--name", required=True)
    _add(account, "list", "print every account")
    adder = cli_trust.Adder(_add, _group)
    cli_trust.add_account_commands(account, adder)
    link = _group(top, "link", "one-time sign-in links")
    _add(link, "create", "print a link for 30 minutes and one use").add_argument("--name", required=True)
    trusted = _group(top, "trust", "the local certificate authority in this machine's stores")
    _add(trusted, "install", "make the system and its browsers know it")
    _add(trusted, "remove", "take it out again")
    _add(trusted, "status", "say who knows it")
    cli_trust.add_commands(top, adder)
    return parser


def _group(top: _Commands, name: str, help_text: str, *aliases: str) -> _Commands:
    return top.add_parser(name, help=help_text, aliases=aliases).add_subparsers(dest="verb", required=True)


def _add(top: _Commands, name: str, help_text: str, *aliases: str) -> argparse.ArgumentParser:
    parser = top.add_parser(name, help=help_text, description=help_text, aliases=aliases)
    # Left out means: not given, so that the environment or the default decides.
    for setting, field in Settings.model_fields.items():
        option = f"--{setting.replace('_', '-')}"
        if field.annotation is bool:
            parser.add_argument(
                option, dest=setting, action="store_true", default=argparse.SUPPRESS, help=field.description
            )
        else:
            parser.add_argument(
                option, dest=setting, metavar="VALUE", default=argparse.SUPPRESS, help=field.description
            )
    return parser


def _with_account(parser: argparse.ArgumentParser, *, new: bool) -> None:
    parser.add_argument("--name", required=True, help="the name to sign in with")
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input instead of asking",
    )
    if new:
        parser.add_argument("--account-language", choices=("en", "es"), help="default: the language setting")
        parser.add_argument("--organisation-id", default=HOME, help=f"by default {HOME}")
        _with_place(parser)


def _with_place(parser: argparse.ArgumentParser) -> None:
    """What an account is in the organisation; what is left out is the default, or stays."""
    parser.add_argument("--display-name", help="the name customers see; for a new account by default: --name")
    parser.add_argument(
        "--standing", choices=_STANDINGS, help="supervisors see the live sessions of their team"
    )
    parser.add_argument("--team", help="whose sessions a supervisor sees; those without a team are one team")
    parser.add_argument(
        "--admin-tools",
        action=argparse.BooleanOptionalAction,
        help="may ask customers for administrator mode",
    )


if __name__ == "__main__":
    sys.exit(main())
