import json
import re
from pathlib import Path
from typing import Any

_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)", re.MULTILINE)
_EXACT = re.compile(r"^\d+\.\d+\.\d+(?:-[\w.]+)?$")


def _entries(checkout: Path) -> list[str]:
    lock = (checkout / "requirements.lock").read_text(encoding="utf-8")
    return re.split(
        r"\n(?=[a-z0-9])", "\n".join(line for line in lock.splitlines() if not line.startswith("#"))
    )


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_every_python_pin_is_exact_and_hashed(checkout: Path):
    entries = [entry for entry in _entries(checkout) if entry.strip()]
    assert len(entries) > 40
    assert not [entry for entry in entries if not _PIN.match(entry.strip()) or "--hash=sha256:" not in entry]


def test_the_python_lock_names_no_place(checkout: Path):
    lock = (checkout / "requirements.lock").read_text(encoding="utf-8")
    assert not re.findall(r"^.*(?:://|^-|\bfile:| @ ).*$", lock, re.MULTILINE)


def test_the_python_lock_covers_the_pyprojects(checkout: Path):
    import tomllib

    pinned = {match["name"] for entry in _entries(checkout) if (match := _PIN.match(entry.strip()))}
    wanted: set[str] = set()
    for folder in (".", "protocol", "server", "agent_client"):
        manifest = tomllib.loads((checkout / folder / "pyproject.toml").read_text(encoding="utf-8"))
        asked = [*manifest["project"]["dependencies"], *manifest.get("dependency-groups", {}).get("dev", [])]
        wanted |= {re.split(r"[^A-Za-z0-9._-]", name, maxsplit=1)[0].lower() for name in asked}
    assert {name for name in wanted if not name.startswith("relevo-")} <= pinned


def test_npm_versions_are_exact(checkout: Path):
    manifest = _json(checkout / "viewer" / "package.json")
    versions = manifest.get("dependencies", {}) | manifest.get("devDependencies", {})
    assert versions
    assert not {name: version for name, version in versions.items() if not _EXACT.match(version)}


def test_the_npm_lock_has_hashes_and_no_addresses(checkout: Path):
    packages: dict[str, dict[str, Any]] = _json(checkout / "viewer" / "package-lock.json")["packages"]
    foreign = {name: entry for name, entry in packages.items() if name and not entry.get("inBundle")}
    assert foreign
    assert not [name for name, entry in foreign.items() if "integrity" not in entry or "resolved" in entry]
