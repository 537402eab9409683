"""`make advisories`: asks a service for known weaknesses of every pin of both locks.

    make advisories
    make advisories ARGS="--service https://advisories.example"    another one that speaks as OSV does

The names and versions of what Relevo is made of go to that service, and nothing else; they are public. It is
never a part of `make test`: what it finds depends on the day, and whether it can be asked on the network.
Exit status: 0 nothing is known, 1 something is, 2 the service could not be asked.
"""

import argparse
import json
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from tools.licences import Package, Use, every_package

_SERVICE: Final = "https://api.osv.dev"
"""Open Source Vulnerabilities: advisories of both ecosystems, without an account."""
_ECOSYSTEMS: Final = {"pypi": "PyPI", "npm": "npm"}
_BATCH: Final = 500
_DEADLINE_S: Final = 30.0
_MOST_BYTES: Final = 16 * 2**20


class NotAvailable(Exception):
    """The service cannot be asked from here, or does not answer as it should."""


@dataclass(frozen=True)
class Known:
    """A package of which weaknesses are known, by the names that they have there."""

    package: Package
    ids: tuple[str, ...]

    def __str__(self) -> str:
        ships = "ships" if self.package.use is Use.SHIPPED else self.package.use.value
        return f"{self.package.name} {self.package.version} ({ships}): {', '.join(self.ids)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, and tell what is known."""
    parser = argparse.ArgumentParser(prog="make advisories", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--service", default=_SERVICE, help=f"whom to ask (default: {_SERVICE})")
    service: str = parser.parse_args(arguments).service
    packages = list({(one.ecosystem, one.name, one.version): one for one in every_package()}.values())
    try:
        found = known_of(packages, service)
    except NotAvailable as reason:
        print(f"advisories: not available here: {reason}", file=sys.stderr)
        return 2
    for one in found:
        print(one)
    print(f"advisories: {len(packages)} packages, {len(found)} with known weaknesses", file=sys.stderr)
    return 1 if found else 0


class _Weakness(msgspec.Struct):
    id: str


class _Result(msgspec.Struct):
    vulns: list[_Weakness] = []
    next_page_token: str = ""
    """There are more; what is told may then be none at all."""


class _Answer(msgspec.Struct):
    results: list[_Result]


def known_of(packages: Sequence[Package], service: str) -> list[Known]:
    """The packages of which the service knows something. Raises NotAvailable."""
    found: list[Known] = []
    for first in range(0, len(packages), _BATCH):
        some = packages[first : first + _BATCH]
        results = _asked(service, {"queries": [_query(one) for one in some]}).results
        if len(results) != len(some):
            raise NotAvailable(f"{service} answers {len(results)} of {len(some)} questions")
        for package, result in zip(some, results, strict=True):
            if result.next_page_token and not result.vulns:
                raise NotAvailable(f"{service} tells of {package.name} in pages, of which the first is empty")
            if result.vulns:
                found.append(Known(package, tuple(sorted(one.id for one in result.vulns))))
    return found


def _query(package: Package) -> dict[str, object]:
    named = {"ecosystem": _ECOSYSTEMS[package.ecosystem], "name": package.name}
    return {"package": named, "version": package.version}


def _asked(service: str, question: dict[str, object]) -> _Answer:
    if not service.startswith(("https://", "http://127.0.0.1:")):
        raise NotAvailable(f"{service} is no https:// address")
    body = json.dumps(question).encode()
    asked = urllib.request.Request(  # noqa: S310 - checked above
        f"{service}/v1/querybatch", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=_DEADLINE_S) as answer:  # noqa: S310 - the same
            return msgspec.json.decode(answer.read(_MOST_BYTES), type=_Answer)
    except (OSError, msgspec.DecodeError) as error:
        raise NotAvailable(f"{service}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
