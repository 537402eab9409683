"""What Relevo is made of: its list names every pin, and no licence that may not be there (SECURITY.md, Y)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools import licences, sbom
from tools.licences import Package, Use


@pytest.fixture(scope="module")
def packages() -> list[Package]:
    return licences.every_package()


def _npm_pins(checkout: Path) -> set[str]:
    lock: dict[str, Any] = json.loads((checkout / "viewer" / "package-lock.json").read_text(encoding="utf-8"))
    return {
        f"npm {place.rpartition('node_modules/')[2]} {entry['version']}"
        for place, entry in lock["packages"].items()
        if place
    }


def test_Y2_the_bill_of_materials_names_every_pin_of_both_locks(checkout: Path, packages: list[Package]):
    lock = (checkout / "requirements.lock").read_text(encoding="utf-8")
    pins = {
        f"pypi {name} {version}"
        for name, version in re.findall(r"^([\w.-]+)==([^ ;\\\n]+)", lock, re.MULTILINE)
    }
    told = {
        f"{one['purl'].removeprefix('pkg:').partition('/')[0]} {one['name']} {one['version']}"
        for one in sbom.bom(packages)["components"]
    }
    assert told == pins | _npm_pins(checkout)


def test_Y2_each_has_a_licence_and_a_hash_and_stands_there_once(packages: list[Package]):
    made = sbom.bom(packages)
    components: list[dict[str, Any]] = made["components"]
    assert len({one["bom-ref"] for one in components}) == len(components)
    assert not [one["name"] for one in components if not one["hashes"]]
    assert not [one["name"] for one in components if not re.fullmatch(r"pkg:(pypi|npm)/\S+@\S+", one["purl"])]
    assert made == sbom.bom(packages)


def test_Y2_what_ships_is_told_apart(packages: list[Package]):
    uses = {f"{one.ecosystem} {one.name}": one.use for one in packages}
    assert uses["pypi fastapi"] is Use.SHIPPED
    assert uses["pypi starlette"] is Use.SHIPPED, "wanted by something that ships"
    assert uses["pypi av"] is Use.EXTRA
    assert uses["pypi pytest"] is Use.DEVELOPMENT
    assert uses["npm react"] is Use.SHIPPED
    assert uses["npm oidc-provider"] is Use.DEVELOPMENT


def test_Y3_no_licence_that_may_not_be(packages: list[Package]):
    assert not [f"{one.name}: {one.licence}" for one in packages if not licences.allowed(one)]


@pytest.mark.parametrize(
    ("licence", "good"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-2-Clause", True),
        ("Apache-2.0 AND MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("SSPL-1.0", False),
        ("", False),
    ],
)
def test_Y3_a_licence_is_judged_by_its_words(licence: str, good: bool):
    assert licences.allowed(Package("pypi", "x", "1", Use.DEVELOPMENT, licence, ())) is good


def test_Y3_the_published_list_is_that_of_the_locks(checkout: Path):
    assert (checkout / "docs" / "licences.md").read_text(encoding="utf-8") == licences.page()
