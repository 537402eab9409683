"""What ships is what is tested: the wheels, in environments of their own."""

import contextlib
import http.client
import os
import ssl
import subprocess
import time
import venv
import zipfile
from pathlib import Path

import pytest

from tools import viewer, wheels
from tools.demo import relay
from tools.indexes import uv_environment
from tools.paths import VENV_PYTHON

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    viewer.build()
    found = wheels.build(tmp_path_factory.mktemp("wheels"))
    return {path.name.split("-")[0]: path for path in found}


def _install(built: dict[str, Path], part: str, folder: Path, checkout: Path) -> Path:
    """A fresh environment with the part's wheel and what it needs, at the versions of the lock."""
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [str(VENV_PYTHON), "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    command += ["--constraint", str(checkout / "requirements.lock")]
    command += [str(built["relevo_protocol"]), str(built[part])]
    subprocess.run(command, check=True, cwd=folder, env=uv_environment(VENV_PYTHON, os.environ))
    return python


def _run(python: Path, *arguments: str) -> str:
    """Run in the fresh environment, away from the checkout, with nothing of ours on the path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(python), *arguments],
        cwd=python.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_wheel_a_part(built: dict[str, Path]):
    assert set(built) == {"relevo_protocol", "relevo_server", "relevo_agent"}


@pytest.mark.parametrize("part", ["relevo_protocol", "relevo_server", "relevo_agent"])
def test_a_wheel_holds_its_own_package_only(built: dict[str, Path], part: str):
    names = zipfile.ZipFile(built[part]).namelist()
    assert f"{part}/py.typed" in names
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
    assert {name.split("/")[0].split("-")[0] for name in names} == {part}


def test_the_servers_wheel_brings_the_viewer(built: dict[str, Path]):
    with zipfile.ZipFile(built["relevo_server"]) as wheel:
        names = wheel.namelist()
        page = wheel.read("relevo_server/static/index.html").decode()
        licences = {
            name: wheel.read(f"relevo_server/static/licences/{name}").decode()
            for name in ("zstd.txt", "libraries.md")
        }
    assert "<script" in page
    assert any(name.startswith("relevo_server/static/") and name.endswith(".js") for name in names)
    assert "Meta Platforms" in licences["zstd.txt"]
    assert "## react" in licences["libraries.md"]


def test_the_agent_runs_alone(built: dict[str, Path], tmp_path: Path, checkout: Path):
    python = _install(built, "relevo_agent", tmp_path, checkout)
    assert "0." in _run(python.with_name("relevo-agent"), "--version")
    foreign = "('fastapi', 'starlette', 'sqlalchemy', 'relevo_server')"
    present = f"import importlib.util as u; print([name for name in {foreign} if u.find_spec(name)])"
    assert _run(python, "-c", present).strip() == "[]"
    _run(python, "-c", "import relevo_agent.pipeline, relevo_agent.cli")


def test_the_server_runs_alone_without_node(built: dict[str, Path], tmp_path: Path, checkout: Path):
    python = _install(built, "relevo_server", tmp_path, checkout)
    assert "0." in _run(python.with_name("relevo-server"), "--version")
    data, port = tmp_path / "data", relay._free_port()
    command = [str(python.with_name("relevo-server")), "run", "--data", str(data)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    alone = {"PATH": os.fspath(python.parent), "HOME": os.fspath(tmp_path)}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, env=alone, stdout=log, stderr=log) as server,
    ):
        try:
            page = _first_page(data / "ca.pem", port, server)
            address = f"https://127.0.0.1:{port}"
            told = _run(python.with_name("relevo"), "verify-viewer", address, "--ca", str(data / "ca.pem"))
        finally:
            server.terminate()
    assert "<script" in page, (tmp_path / "log").read_text()
    assert told.startswith("the published viewer: ")


def _first_page(ca_file: Path, port: int, server: subprocess.Popen[bytes]) -> str:
    """What the server answers to ``GET /``, as soon as it answers."""
    deadline = time.monotonic() + 120
    while server.poll() is None and time.monotonic() < deadline:
        try:
            context = ssl.create_default_context(cafile=ca_file)
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
            with contextlib.closing(connection):
                connection.request("GET", "/")
                return connection.getresponse().read().decode()
        except OSError:  # not listening yet, or its authority not yet made
            time.sleep(0.1)
    return ""
