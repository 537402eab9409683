import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import debian, indexes, node, set_up, steps, system


def test_every_step_runs_and_one_failure_fails_the_whole(capsys: pytest.CaptureFixture[str]):
    ran: list[str] = []

    def act(name: str, status: int) -> steps.Step:
        def run() -> int:
            ran.append(name)
            return status

        return steps.Step(name, run)

    assert steps.run_all("all", [act("first", 1), act("second", 0)]) == 1
    assert ran == ["first", "second"]
    assert "FAILED: first" in capsys.readouterr().out
    assert steps.run_all("all", [act("third", 0)]) == 0


def test_a_program_that_is_missing_fails_its_step_only():
    missing = steps.Step("missing", steps.command("relevo-no-such-program"))
    assert steps.run_all("all", [missing]) == 1


def test_pip_settings_reach_uv(tmp_path: Path):
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://one.example/simple\nfind-links =\n  /a\n  /b\n", encoding="utf-8"
    )
    base = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "SSL_"))}
    told = indexes.uv_environment(Path(sys.executable), base | {"PIP_CONFIG_FILE": str(config)})
    assert told["UV_DEFAULT_INDEX"] == "https://one.example/simple"
    assert told["UV_FIND_LINKS"] == "/a,/b"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_what_uv_is_already_told_stays(tmp_path: Path):
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://one.example/simple\n", encoding="utf-8")
    base = dict(os.environ) | {
        "PIP_CONFIG_FILE": str(config),
        "UV_DEFAULT_INDEX": "https://two.example/simple",
    }
    assert (
        indexes.uv_environment(Path(sys.executable), base)["UV_DEFAULT_INDEX"] == "https://two.example/simple"
    )


def test_the_lock_pins_uv_itself_with_hashes():
    entry = set_up._lock_entry("uv")
    assert entry.startswith("uv==")
    assert "--hash=sha256:" in entry
    assert entry.count("==") == 1


def test_a_distribution_missing_in_the_lock_is_told():
    with pytest.raises(set_up.SetUpError, match="make lock"):
        set_up._lock_entry("no-such-distribution")


def test_without_a_node_the_wheels_node_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = Path(node.environment()["PATH"].split(os.pathsep)[0])
    for program, oldest in (("node", 20), ("npm", 10)):
        asked = subprocess.run([found / program, "--version"], capture_output=True, check=True, text=True)
        assert int(asked.stdout.removeprefix("v").split(".")[0]) >= oldest


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for an old Node")
def test_an_old_node_of_the_machine_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho v18.19.0\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert node.environment()["PATH"].split(os.pathsep)[0] != str(tmp_path)


def test_what_is_missing_is_told_with_its_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(debian, "can_install", lambda: False)
    monkeypatch.setattr(debian, "is_debian", lambda: True)
    need = system.Need("a thing", "a-package", "elsewhere", lambda: False)
    assert not system.ensure([need])
    assert "missing: a thing: sudo apt-get install a-package" in capsys.readouterr().err


def test_what_is_missing_is_installed_by_root(monkeypatch: pytest.MonkeyPatch):
    installed: list[str] = []
    monkeypatch.setattr(debian, "can_install", lambda: True)
    monkeypatch.setattr(debian, "install", installed.extend)
    need = system.Need("a thing", "a-package", "elsewhere", lambda: "a-package" in installed)
    assert system.ensure([need])
    assert installed == ["a-package"]
