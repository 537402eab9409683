"""`make attack`: carries out the table of attacks and says whether each came to the end that it must come to.

    python -m tests.attacks                          against a server of its own, on loopback
    python -m tests.attacks --list                   the table
    python -m tests.attacks --only H M3              some letters or numbers of it
    python -m tests.attacks --url https://trial.example --ca ca.pem --name ana --password-stdin \
        --i-may-attack trial.example                 against a trial server of somebody who has agreed

Exit status: 0 all have held, 1 an attack has got what it wanted, 2 one could not be carried out.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from relevo_server.logs import configure_quiet_logs
from tests.attacks.client import Ground, far_ground
from tests.attacks.runner import Outcome, carry_out, chosen

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status tells how it went."""
    parser = _parser()
    given = parser.parse_args(arguments)
    attacks = chosen(given.only)
    if not attacks:
        parser.error(f"no attack is called {' or '.join(given.only)}; see --list")
    if given.list:
        for one in attacks:
            _say(f"{one.id:4} {one.name}\n     -> {one.expects}  [{one.rules}]")
        return 0
    configure_quiet_logs()
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    far = _far(parser, given)
    outcomes = asyncio.run(carry_out(attacks, _silent if given.json else _tell, far))
    if given.json:
        _say(json.dumps([one.as_json() for one in outcomes], indent=1))
    else:
        _sum_up(outcomes)
    ends = {one.end for one in outcomes}
    return 1 if "broken" in ends else 2 if "failed" in ends else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make attack", description="Attacks a Relevo server, or a session.")
    parser.add_argument("--url", help="a running server; without it, one is started on loopback")
    parser.add_argument("--ca", type=Path, help="the authority that vouches for its certificate")
    parser.add_argument("--name", default="ana", help="an account of it without a second factor")
    parser.add_argument("--password-stdin", action="store_true", help="read the account's password")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="ID", help="ids, or the letters they begin with"
    )
    parser.add_argument("--json", action="store_true", help="tell the outcomes as JSON")
    parser.add_argument("--list", action="store_true", help="show the table and attack nobody")
    parser.add_argument("--i-may-attack", metavar="HOST", help="say the host's name: its operator has agreed")
    return parser


def _far(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Ground | None:
    if given.url is None:
        return None
    parts = urlsplit(str(given.url))
    host = parts.hostname or ""
    if parts.scheme != "https" or not host:
        parser.error("--url: give https://host or https://host:port")
    if host not in _LOOPBACK and given.i_may_attack != host:
        parser.error(f"{host} is somebody's server. If its operator has agreed: --i-may-attack {host}")
    password = sys.stdin.readline().rstrip("\n") if given.password_stdin else ""
    return far_ground(given.url, given.ca, given.name, password)


def _silent(_outcome: Outcome) -> None: ...


def _tell(outcome: Outcome) -> None:
    _say(f"{outcome.id:4} {outcome.end:7} {outcome.took_s:6.2f} s  {outcome.name}")
    if outcome.end != "held":
        _say(f"     expected: {outcome.expects}  [{outcome.rules}]\n     got: {outcome.why}")


def _sum_up(outcomes: list[Outcome]) -> None:
    ends = Counter(one.end for one in outcomes)
    _say(f"\n{len(outcomes)} attacks: " + ", ".join(f"{count} {end}" for end, count in ends.most_common()))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
