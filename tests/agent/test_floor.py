"""This PC's own word: strictest of all files, and a file that is broken stops the start (SPEC N4)."""

from pathlib import Path

import pytest

from relevo_agent import cli
from relevo_agent.floor import FloorBroken, floor_files, read_floor
from relevo_protocol.modes import Capability
from relevo_protocol.rights import Policy


def file(folder: Path, text: str, name: str = "agent.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_N4_each_file_may_only_remove(tmp_path: Path) -> None:
    system = file(tmp_path, '[capabilities]\n"terminal.user" = "deny"\n"record" = "allow"\n', "system.toml")
    user = file(
        tmp_path,
        '[capabilities]\n"terminal.user" = "allow"\n"record" = "ask"\nsystem.processes.end = "ask"\n',
        "user.toml",
    )
    assert read_floor([system, user, tmp_path / "missing.toml"]) == {
        Capability.TERMINAL_USER: Policy.DENY,
        Capability.RECORD: Policy.ASK,
        Capability.SYSTEM_PROCESSES_END: Policy.ASK,
    }


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[capabilities\n", "floor_toml"),
        ("[capability]\n", "floor_section"),
        ("capabilities = 1\n", "floor_section"),
        ('[capabilities]\n"terminal.users" = "deny"\n', "floor_capability"),
        ('[capabilities]\n"terminal.user" = "no"\n', "floor_policy"),
        ('[capabilities]\n"terminal.user" = false\n', "floor_policy"),
    ],
)
def test_N4_a_mistake_is_told_and_never_passed_over(
    tmp_path: Path, text: str, key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, text)
    with pytest.raises(FloorBroken) as broken:
        read_floor([path])
    assert broken.value.key == key
    monkeypatch.setattr(cli, "floor_files", lambda: (path,))
    given = ["--server", "http://localhost:9", "--state-dir", str(tmp_path / "state"), "--lang", "es"]
    assert cli.main(given) == cli.EXIT_USAGE
    assert str(path) in capsys.readouterr().err


def test_N4_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "agent.toml"
    folder.mkdir()
    with pytest.raises(FloorBroken) as broken:
        read_floor([folder])
    assert broken.value.key == "floor_unreadable"


def test_N4_no_variable_leads_away_from_the_systems_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_DIRS", "/elsewhere")
    system, user = floor_files()
    assert system == Path("/etc/relevo/agent.toml")
    assert user != system
