"""The device key: whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from relevo_agent.store import KEY_FILE, StoreError, device_key

FULL_DISK = """
import resource, sys
from pathlib import Path
from relevo_agent.store import StoreError, device_key
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    device_key(Path(sys.argv[1]))
except StoreError as error:
    print(error.key)
"""


def test_a_full_disk_is_said_and_leaves_no_half_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "state"
    assert list(tmp_path.iterdir()) == []
    assert device_key(tmp_path).private_bytes_raw() == device_key(tmp_path).private_bytes_raw()


def test_of_two_agents_that_start_at_once_one_key_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = device_key(tmp_path)
    really_read = Path.read_bytes
    reads: list[Path] = []

    def too_early(path: Path) -> bytes:
        reads.append(path)
        if len(reads) == 1:
            raise FileNotFoundError
        return really_read(path)

    monkeypatch.setattr(Path, "read_bytes", too_early)
    assert device_key(tmp_path).private_bytes_raw() == first.private_bytes_raw()
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_for_everybody_is_refused(tmp_path: Path) -> None:
    device_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(StoreError) as refused:
        device_key(tmp_path)
    assert refused.value.key == "key_public"
