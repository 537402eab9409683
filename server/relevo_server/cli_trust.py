"""The command line of records, tokens, organisations and reports: its options, and what they start."""

import argparse
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from relevo_server import commands_audit, commands_erase, commands_trust
from relevo_server.accounts.permissions import Permission
from relevo_server.commands_trust import Outcome
from relevo_server.export import WantedExport
from relevo_server.settings import SecondFactor, Settings
from relevo_server.store.organisations import HOME
from relevo_server.store.tokens import MAX_TOKEN_DAYS

# argparse gives this class no public name.
Group: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
Work = Coroutine[None, None, Outcome]


@dataclass(frozen=True)
class Adder:
    """How `cli` adds a command and a group of commands."""

    add: Callable[[Group, str, str], argparse.ArgumentParser]
    group: Callable[[Group, str, str], Group]


def add_commands(top: Group, adder: Adder) -> None:
    """Add every command of this file."""
    _add_audit(adder.group(top, "audit", "the record of who did what"), adder)
    erase = adder.add(top, "erase", "erase what is personal from the record; the chain stays whole")
    what = erase.add_mutually_exclusive_group(required=True)
    what.add_argument("--session", metavar="HEX", help="of one session: its 32 hexadecimal digits")
    what.add_argument("--account", metavar="NAME", help="of one account, by the name to sign in with")
    what.add_argument("--guest", metavar="ID", help="of one guest: guest-…, as the record shows it")
    _with_organisation(erase)
    _add_tokens(adder.group(top, "token", "API tokens"), adder)
    _add_organisations(adder.group(top, "organisation", "organisations and their policy"), adder)
    reports = adder.group(top, "report", "what customers and technicians reported")
    listed = adder.add(reports, "list", "print the reports, the newest first")
    listed.add_argument("--state", choices=("open", "kept", "closed"), help="only those")
    _with_organisation(listed)


def add_account_commands(account: Group, adder: Adder) -> None:
    """Add what this file knows about accounts to the group of that name."""
    out = adder.add(account, "sign-out", "end every sign-in and live session of an account")
    out.add_argument("--name", required=True)
    reset = adder.add(account, "reset-factors", "remove an account's second factors; signs out everywhere")
    reset.add_argument("--name", required=True)


def work(command: str, options: argparse.Namespace, settings: Settings) -> Work | None:
    """What a command does, still to be run; None when it is none of this file's."""
    starter = _STARTERS.get(command)
    return starter(options, settings) if starter is not None else None


def _verify(options: argparse.Namespace, settings: Settings) -> Work:
    if options.file is not None:
        return commands_audit.verify_file(settings, options.file, options.key)
    return commands_audit.verify(settings, options.organisation_id, options.heads)


def _export(options: argparse.Namespace, settings: Settings) -> Work:
    wanted = WantedExport(options.organisation_id, options.format, options.first, settings.relay_origin)
    return commands_audit.export(settings, wanted, options.output)


def _erase(options: argparse.Namespace, settings: Settings) -> Work:
    whom = commands_erase.WantedErasure(options.session, options.account, options.guest)
    return commands_erase.erase(settings, options.organisation_id, whom)


def _create_token(options: argparse.Namespace, settings: Settings) -> Work:
    scopes = tuple(Permission(one) for one in options.scope)
    wanted = commands_trust.WantedToken(options.name, options.label, scopes, options.days)
    return commands_trust.create_token(settings, wanted)


def _set_policy(options: argparse.Namespace, settings: Settings) -> Work:
    asked = None if options.policy is None else SecondFactor(options.policy)
    change = commands_trust.WantedPolicy(asked, options.only_oidc, options.retention_days)
    return commands_trust.set_policy(settings, options.id, change)


_STARTERS: Final[Mapping[str, Callable[[argparse.Namespace, Settings], Work]]] = {
    "audit verify": _verify,
    "audit export": _export,
    "audit key": lambda _options, settings: commands_audit.key(settings),
    "erase": _erase,
    "report list": lambda given, settings: commands_trust.list_reports(
        settings, given.organisation_id, given.state
    ),
    "account sign-out": lambda given, settings: commands_trust.sign_out(settings, given.name),
    "account reset-factors": lambda given, settings: commands_trust.reset_factors(settings, given.name),
    "token create": _create_token,
    "token list": lambda given, settings: commands_trust.list_tokens(settings, given.organisation_id),
    "token revoke": lambda given, settings: commands_trust.revoke_token(
        settings, given.organisation_id, given.id
    ),
    "organisation create": lambda given, settings: commands_trust.create_organisation(
        settings, given.id, given.display_name
    ),
    "organisation list": lambda _options, settings: commands_trust.list_organisations(settings),
    "organisation set": _set_policy,
}


def _add_audit(audit: Group, adder: Adder) -> None:
    verify = adder.add(
        audit, "verify", "look for changed, removed or added lines; the status is 1 if there are"
    )
    verify.add_argument("--organisation-id", help="only this one; by default all")
    verify.add_argument(
        "--heads",
        type=Path,
        metavar="FILE",
        help="copies of signed heads that were kept elsewhere (JSON Lines)",
    )
    verify.add_argument("--file", type=Path, metavar="FILE", help="an export instead of the database")
    verify.add_argument(
        "--key",
        metavar="HEX",
        help="with --file: the public key that `audit key` printed; else this server's",
    )
    export = adder.add(audit, "export", "write the record as JSON Lines or for a log collector")
    export.add_argument("--format", choices=("jsonl", "syslog"), default="jsonl")
    export.add_argument("--from", dest="first", type=int, default=1, metavar="SEQ", help="the first line")
    export.add_argument("--output", type=Path, metavar="FILE", help="a new file; by default standard output")
    _with_organisation(export)
    adder.add(audit, "key", "print the public key that the heads of the record are signed with")


def _add_tokens(token: Group, adder: Adder) -> None:
    create = adder.add(token, "create", "print a new token, once")
    create.add_argument("--name", required=True, help="the account that it acts for")
    create.add_argument("--label", required=True, help="what it is for")
    create.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[one.value for one in Permission],
        help="what it may do, as far as its account may; to be given several times",
    )
    create.add_argument("--days", type=int, default=90, help=f"how long it lives, at most {MAX_TOKEN_DAYS}")
    _with_organisation(adder.add(token, "list", "print every token, without its secret"))
    revoke = adder.add(token, "revoke", "end a token")
    revoke.add_argument("--id", required=True, help="as `token list` shows it")
    _with_organisation(revoke)


def _add_organisations(organisation: Group, adder: Adder) -> None:
    create = adder.add(organisation, "create", "add an organisation")
    create.add_argument("--id", required=True, help="short: letters, digits and hyphens")
    create.add_argument("--display-name", required=True, help="what customers read")
    adder.add(organisation, "list", "print every organisation and its policy")
    change = adder.add(organisation, "set", "change an organisation's policy; what is left out stays")
    change.add_argument("--id", default=HOME)
    change.add_argument(
        "--ask-second-factor", dest="policy", choices=[one.value for one in SecondFactor], help="of whom"
    )
    change.add_argument(
        "--only-oidc",
        action=argparse.BooleanOptionalAction,
        help="sign in through the OpenID Connect provider alone",
    )
    change.add_argument("--retention-days", type=int, help="0 keeps the record for ever")


def _with_organisation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organisation-id", default=HOME, help=f"by default {HOME}")
