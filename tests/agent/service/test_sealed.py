"""What is kept over a restart: once, for so long, on this PC alone."""

from pathlib import Path

import pytest

from relevo_agent.service.sealed import KEY_FILE, STATE_FILE, Sealed


@pytest.fixture
def machine_id(tmp_path: Path) -> Path:
    path = tmp_path / "machine-id"
    path.write_text("0123456789abcdef0123456789abcdef\n", encoding="utf-8")
    return path


def sealed(folder: Path, machine_id: Path, now_s: float = 1000.0) -> Sealed:
    return Sealed(folder, lambda: now_s, machine_id)


def test_V6_what_was_kept_is_had_once(tmp_path: Path, machine_id: Path) -> None:
    folder = tmp_path / "state"
    sealed(folder, machine_id).put(1001, b"a session", 1800)
    kept = sealed(folder, machine_id, 1100.0).take()
    assert kept is not None
    assert (kept.uid, kept.state, kept.until_s) == (1001, b"a session", 2800.0)
    assert sealed(folder, machine_id, 1101.0).take() is None
    assert list(folder.iterdir()) == []


def test_V6_it_lies_sealed_on_the_disk_for_root_alone(tmp_path: Path, machine_id: Path) -> None:
    folder = tmp_path / "state"
    sealed(folder, machine_id).put(1001, b"a session", 1800)
    files = {path.name: path for path in folder.iterdir()}
    assert set(files) == {KEY_FILE, STATE_FILE}
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in files.values())
    assert not any(b"a session" in path.read_bytes() for path in files.values())


def test_V6_it_is_too_late_after_the_deadline(tmp_path: Path, machine_id: Path) -> None:
    sealed(tmp_path, machine_id).put(0, b"a session", 1800)
    assert sealed(tmp_path, machine_id, 2800.0).take() is None
    assert not (tmp_path / STATE_FILE).exists()


def test_V6_a_copied_disk_opens_nothing_elsewhere(tmp_path: Path, machine_id: Path) -> None:
    folder = tmp_path / "state"
    sealed(folder, machine_id).put(0, b"a session", 1800)
    machine_id.write_text("ffffffffffffffffffffffffffffffff\n", encoding="utf-8")
    assert sealed(folder, machine_id).take() is None


@pytest.mark.parametrize("name", [KEY_FILE, STATE_FILE])
@pytest.mark.parametrize("damage", ["gone", "cut", "changed"])
def test_V6_what_is_damaged_is_destroyed_and_gives_nothing(
    tmp_path: Path, machine_id: Path, name: str, damage: str
) -> None:
    folder = tmp_path / "state"
    sealed(folder, machine_id).put(0, b"a session", 1800)
    path = folder / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:7] if damage == "cut" else bytes([content[0] ^ 1]) + content[1:])
    assert sealed(folder, machine_id).take() is None
    assert list(folder.iterdir()) == []


def test_V6_a_crash_in_the_middle_leaves_the_old_or_nothing(
    tmp_path: Path, machine_id: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    sealed(folder, machine_id).put(0, b"an old session", 1800)
    renames: list[str] = []

    def crash(self: Path, target: Path) -> Path:
        renames.append(target.name)
        if target.name == STATE_FILE:
            raise OSError("the power went")
        return Path(self.replace(target))

    monkeypatch.setattr(Path, "rename", crash)
    with pytest.raises(OSError, match="power"):
        sealed(folder, machine_id).put(0, b"a new session", 1800)
    assert renames == [KEY_FILE, STATE_FILE]
    monkeypatch.undo()
    assert sealed(folder, machine_id).take() is None


def test_V6_a_later_state_takes_the_place_of_an_earlier_one(tmp_path: Path, machine_id: Path) -> None:
    sealed(tmp_path, machine_id).put(1, b"first", 1800)
    sealed(tmp_path, machine_id).put(2, b"second", 1800)
    kept = sealed(tmp_path, machine_id).take()
    assert kept is not None
    assert (kept.uid, kept.state) == (2, b"second")


def test_V6_a_link_in_its_place_is_not_followed(tmp_path: Path, machine_id: Path) -> None:
    folder = tmp_path / "state"
    sealed(folder, machine_id).put(0, b"a session", 1800)
    (folder / STATE_FILE).rename(tmp_path / "elsewhere")
    (folder / STATE_FILE).symlink_to(tmp_path / "elsewhere")
    assert sealed(folder, machine_id).take() is None
