"""The licence of everything that the locks name, and ``docs/licences.md``, which lists it.

``python -m tools.licences`` writes the list; ``--check`` only says whether it is that of the locks. Standard
library only. The licence of a Python distribution is what its own metadata say; those of npm's packages stand
in npm's lock, and their texts come with the built viewer (``licences/libraries.md``).
"""

import argparse
import base64
import importlib.metadata
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tools.paths import LOCK_FILE, ROOT, VIEWER

PAGE: Final = ROOT / "docs" / "licences.md"
_OURS: Final = frozenset({"relevo-agent", "relevo-protocol", "relevo-server"})


class Use(StrEnum):
    """Where a package is used; the words are CycloneDX's scopes."""

    SHIPPED = "required"
    EXTRA = "optional"
    DEVELOPMENT = "excluded"


@dataclass(frozen=True)
class Package:
    """One pin of a lock: ``hashes`` as (algorithm, hex), of each of its files."""

    ecosystem: str
    name: str
    version: str
    use: Use
    licence: str
    hashes: tuple[tuple[str, str], ...]


# Distributions for other systems than this one are not installed: what their pages say.
_ELSEWHERE: Final = {"colorama": "BSD-3-Clause", "evdev": "BSD-3-Clause", "pynput": "LGPL-3.0-only"}
# What distributions call their licence, where they do not use the names of SPDX.
_SPELLINGS: Final = {
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "LGPLv2+": "LGPL-2.1-or-later",
}
PERMISSIVE: Final = frozenset(
    {
        "0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
        "CC-BY-4.0", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
SHARED: Final = frozenset({"MPL-2.0", "LGPL-2.1-or-later", "LGPL-3.0-only"})
"""Taken as whole libraries, unchanged: whoever has the program can put another version in their place."""


class LicenceUnknown(Exception):
    """A distribution does not say under which licence it comes."""


def every_package() -> list[Package]:
    """Every pin of both locks, the Python ones first, by name; raises LicenceUnknown."""
    return [*_python_packages(), *_npm_packages()]


def allowed(package: Package) -> bool:
    """Whether its licence may be used there; GPL and AGPL may nowhere."""
    words = set(re.findall(r"[\w.+-]+", package.licence)) - {"AND", "OR", "WITH"}
    good = PERMISSIVE | SHARED
    if " OR " in package.licence and " AND " not in package.licence:
        return bool(words & good)
    return bool(words) and words <= good


def _python_packages() -> Iterator[Package]:
    lock = LOCK_FILE.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", "\n".join(x for x in lock.splitlines() if not x.startswith("#")))
    wanted_by: dict[str, set[str]] = {}
    # A name may have two versions, for an older and a newer Python.
    pins: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    for entry in entries:
        if match := re.match(r"([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", entry):
            name, version = match.groups()
            files = re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)
            pins[name, version] = tuple(("SHA-256", one) for one in files)
            via = re.findall(r"#(?:\s+via)?\s+([a-z0-9][\w.-]*)$", entry, re.MULTILINE)
            wanted_by.setdefault(name, set()).update(via)
    uses = _uses(wanted_by)
    for (name, version), hashes in sorted(pins.items()):
        yield Package("pypi", name, version, uses.get(name, Use.DEVELOPMENT), licence_of(name), hashes)


def _uses(wanted_by: Mapping[str, set[str]]) -> dict[str, Use]:
    """What ships: whatever a part of ours wants, and whatever that wants."""
    extras = _extras()
    uses = {
        name: Use.EXTRA if name in extras else Use.SHIPPED for name, by in wanted_by.items() if by & _OURS
    }
    while more := {
        name: min((uses[one] for one in by if one in uses), key=list(Use).index)
        for name, by in wanted_by.items()
        if name not in uses and by & uses.keys()
    }:
        uses |= more
    return uses


def _extras() -> set[str]:
    """What only an extra of a part of ours wants."""
    found: set[str] = set()
    for part in ("protocol", "server", "agent_client"):
        manifest = tomllib.loads((ROOT / part / "pyproject.toml").read_text(encoding="utf-8"))
        for wanted in manifest["project"].get("optional-dependencies", {}).values():
            found |= {re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0].lower() for one in wanted}
    return found


def licence_of(name: str) -> str:
    """The licence of a Python distribution by its SPDX name; raises LicenceUnknown."""
    try:
        told = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        if name.startswith("pyobjc"):
            return "MIT"
        if name in _ELSEWHERE:
            return _ELSEWHERE[name]
        raise LicenceUnknown(f"{name} is not installed: run `make setup`") from None
    expressions, short, classifiers = (
        [str(one) for one in told.get_all(field) or []]
        for field in ("License-Expression", "License", "Classifier")
    )
    if expressions:
        return expressions[0]
    short = [line for one in short for line in one.splitlines()[:1]]
    classifiers = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License")]
    for given in (*short, *classifiers):
        word = _SPELLINGS.get(given, given)
        if word in PERMISSIVE | SHARED:
            return word
    raise LicenceUnknown(f"{name} does not say its licence by a known name: {[*short, *classifiers]}")


def _npm_packages() -> Iterator[Package]:
    lock: dict[str, Any] = json.loads((VIEWER / "package-lock.json").read_text(encoding="utf-8"))
    for place, entry in sorted(lock["packages"].items()):
        if not place:
            continue
        name = entry.get("name") or place.rpartition("node_modules/")[2]
        hashes = tuple(_integrity(entry.get("integrity", "")))
        use = Use.DEVELOPMENT if entry.get("dev") or entry.get("devOptional") else Use.SHIPPED
        yield Package("npm", name, entry["version"], use, entry.get("license", "").strip("()"), hashes)


def _integrity(given: str) -> Iterator[tuple[str, str]]:
    for one in given.split():
        kind, _, value = one.partition("-")
        if kind == "sha512":
            yield "SHA-512", base64.b64decode(value).hex()


def page() -> str:
    """The text of ``docs/licences.md``."""
    packages = every_package()
    lines = [
        "# Licences",
        "",
        "Made by `python -m tools.licences` from the locks and the packages' own metadata.",
        "",
    ]
    titles = {
        Use.SHIPPED: "Shipped",
        Use.EXTRA: "Only with an extra",
        Use.DEVELOPMENT: "Only for building and testing",
    }
    for use, title in titles.items():
        lines += [f"## {title}", "", "| package | version | licence |", "|---|---|---|"]
        rows = {
            (f"{one.ecosystem}: {one.name}", one.version, one.licence) for one in packages if one.use is use
        }
        lines += [f"| {name} | {version} | {licence} |" for name, version, licence in sorted(rows)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write the list, or compare it; 1 where it differs or a licence is not allowed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the list is right")
    check: bool = parser.parse_args().check
    refused = [f"{one.name} {one.version}: {one.licence}" for one in every_package() if not allowed(one)]
    for line in refused:
        print(f"licences: not allowed: {line}", file=sys.stderr)
    wanted = page()
    if not check:
        PAGE.write_text(wanted, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != wanted:
        print(
            f"licences: {PAGE.name} is not that of the locks: run `python -m tools.licences`", file=sys.stderr
        )
        return 1
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
