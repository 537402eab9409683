"""The proof's relay: the real server in a process of its own, under the name by which the guest knows it."""

import os
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from relevo_server.accounts.view import AccountView
from tests.support.relay import HOST, NAME, PASSWORD
from tools.paths import VENV_BIN
from tools.restart_proof.machine import HOST as HOST_OF_GUEST
from tools.restart_proof.technician import ProofRelay

READY_S: Final = 60.0
_SERVER: Final = os.fspath(VENV_BIN / "relevo-server")


class RelayFailed(Exception):
    """The relay does not run; the text says where to look."""


@contextmanager
def running(folder: Path, port: int) -> Generator[ProofRelay]:
    """Start it with one technician who may ask for administrator mode."""
    origin = f"https://{HOST_OF_GUEST}:{port}"
    where = ["--data", str(folder)]
    account = ["account", "create", *where, "--name", NAME, "--display-name", "Ana Ruiz", "--admin-tools"]
    subprocess.run(
        [_SERVER, *account, "--password-stdin"],
        input=PASSWORD + "\n",
        text=True,
        check=True,
        capture_output=True,
    )
    command = [_SERVER, "run", *where, "--host", HOST, "--port", str(port), "--public-origin", origin]
    command += ["--second-factor", "optional"]  # nobody is there to enter a code
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_ready(folder, port, process)
        view = AccountView("", NAME, "Ana Ruiz", "", "es", is_admin=False)
        yield ProofRelay(origin, port, folder / "ca.pem", view)
    finally:
        process.terminate()
        process.wait(15)


def _wait_ready(folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + READY_S
    while time.monotonic() < end_s and process.poll() is None:
        authority = folder / "ca.pem"
        try:
            if authority.exists() and _answers(port, authority):
                return
        except (httpx.TransportError, OSError):
            pass
        time.sleep(0.2)
    raise RelayFailed(f"the relay does not answer, see {folder / 'server.log'}")


def _answers(port: int, authority: Path) -> bool:
    import ssl

    trust = ssl.create_default_context(cafile=str(authority))
    return httpx.get(f"https://{HOST}:{port}/readyz", verify=trust).is_success
