import re
from pathlib import Path

import pytest

_MUST_EXIST = """
    pyproject.toml requirements.lock README.md ARCHITECTURE.md CHANGELOG.md LICENSE Makefile .ci/run
    protocol/relevo_protocol/py.typed protocol/pyproject.toml protocol/SPEC.md protocol/codegen/typescript.py
    protocol/vectors server/relevo_server/py.typed server/pyproject.toml
    agent_client/relevo_agent/py.typed agent_client/relevo_agent/pipeline agent_client/pyproject.toml
    viewer/package.json viewer/package-lock.json viewer/src benchmarks tests tools
"""


@pytest.mark.parametrize("name", _MUST_EXIST.split())
def test_the_room_exists(checkout: Path, name: str):
    assert (checkout / name).exists()


@pytest.mark.parametrize("name", ["server", "protocol", "agent_client", "relevo"])
def test_no_part_is_importable_under_a_flat_name(checkout: Path, name: str):
    """Another distribution of that name would silently overwrite it."""
    assert not (checkout / name / "__init__.py").exists()


def test_lock_files_with_addresses_stay_out(house_files: list[Path]):
    assert not [path for path in house_files if path.name in {"uv.lock", "yarn.lock", "pnpm-lock.yaml"}]


def test_licence_is_apache_2(checkout: Path):
    text = (checkout / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    for member in ("protocol", "server", "agent_client"):
        # A copy for each: a wheel takes its licence from its own folder.
        assert (checkout / member / "LICENSE").read_text(encoding="utf-8") == text
        assert 'license = "Apache-2.0"' in (checkout / member / "pyproject.toml").read_text(encoding="utf-8")


def test_makefile_is_thin(checkout: Path):
    recipes = re.findall(r"^\t.*$", (checkout / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(recipes) <= 30
    for program in ("run", "daily"):
        assert (checkout / ".ci" / program).stat().st_mode & 0o100, "CI must be able to run it"
