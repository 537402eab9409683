"""The agent's kernel is compiled when its sources change, and goes into the wheel of its platform alone."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from relevo_agent.pipeline import kernel as agent_kernel
from tools import kernel, set_up
from tools.paths import VENV_PYTHON

SCRIPT = kernel.SCRIPT


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources of its own, into which a kernel may be laid out."""
    sources = tmp_path / "kernel"
    sources.mkdir()
    (sources / "one.c").write_text("int one;")
    monkeypatch.setattr(kernel, "SOURCES", sources)
    monkeypatch.setattr(kernel, "_STORE", tmp_path / "store")
    return sources


def test_a_change_of_the_sources_compiles_anew(copied: Path, monkeypatch: pytest.MonkeyPatch):
    compiled: list[Path] = []

    def compile_to(scratch: Path) -> Path:
        made = scratch / "made"
        made.write_text((copied / "one.c").read_text())
        compiled.append(made)
        return made

    monkeypatch.setattr(kernel, "_compile", compile_to)
    assert not kernel.is_current()
    built = kernel.build()
    assert built is not None
    assert built.read_text() == "int one;"
    assert kernel.is_current()
    kernel.build()
    assert len(compiled) == 1
    (copied / "one.c").write_text("int two;")
    assert not kernel.is_current()
    kernel.build()
    assert built.read_text() == "int two;"
    (copied / "one.c").write_text("int one;")
    kernel.build()  # kept from before
    assert len(compiled) == 2
    assert built.read_text() == "int one;"


def test_a_platform_without_a_recipe_has_no_kernel(copied: Path, monkeypatch: pytest.MonkeyPatch):
    (copied / kernel._FILE_NAME).write_text("an old one")
    script = copied / "build.py"
    script.write_text(f"raise SystemExit({kernel._NO_RECIPE})")
    monkeypatch.setattr(kernel, "SCRIPT", script)
    assert kernel.build() is None
    assert kernel.is_current()
    assert not (copied / kernel._FILE_NAME).exists()


def test_what_does_not_compile_is_told_with_its_remedy(copied: Path, monkeypatch: pytest.MonkeyPatch):
    script = copied / "build.py"
    script.write_text("raise SystemExit(1)")
    monkeypatch.setattr(kernel, "SCRIPT", script)
    monkeypatch.delenv("RELEVO_PURE", raising=False)
    with pytest.raises(set_up.SetUpError, match="RELEVO_PURE=1"):
        set_up._compile_kernel()
    monkeypatch.setenv("RELEVO_PURE", "1")
    set_up._compile_kernel()


def test_a_kernel_of_other_sources_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sources = tmp_path / "kernel"
    shutil.copytree(kernel.SOURCES, sources, ignore=shutil.ignore_patterns("__pycache__", "kernel.*o"))
    built = kernel.build()
    if built is None:
        pytest.skip("this platform has no kernel")
    assert agent_kernel.loaded(built).kernel is not None
    monkeypatch.setattr(agent_kernel, "__file__", str(sources / "__init__.py"))
    assert agent_kernel.loaded(built).kernel is not None
    with (sources / "seek.c").open("a") as changed:
        changed.write("/* other */")
    state = agent_kernel.loaded(built)
    assert state.kernel is None
    assert "make setup" in state.why_not
    for source in sources.glob("*.[ch]"):
        source.unlink()
    assert agent_kernel.loaded(built).kernel is not None, "an installed agent has no sources"


@pytest.mark.slow
@pytest.mark.parametrize(("pure", "holds"), [("", True), ("1", False)])
def test_a_wheel_holds_the_kernel_of_its_platform_or_none(
    checkout: Path, tmp_path: Path, pure: str, holds: bool
):
    command = [
        str(VENV_PYTHON),
        "-m",
        "uv",
        "build",
        "--quiet",
        "--wheel",
        "--no-build-isolation",
        "--offline",
    ]
    command += ["--python", str(VENV_PYTHON), "--out-dir", str(tmp_path), str(checkout / "agent_client")]
    environment = os.environ | {"RELEVO_PURE": pure, "ZIG_GLOBAL_CACHE_DIR": str(kernel.ZIG_CACHE)}
    subprocess.run(command, cwd=checkout, env=environment, check=True)
    wheel = next(tmp_path.glob("*.whl"))
    inside = [
        name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".so", ".dll", ".c", ".h"))
    ]
    has_recipe = kernel.build() is not None
    assert (len(inside) == 1) == (holds and has_recipe)
    assert wheel.name.endswith("-py3-none-any.whl") != (holds and has_recipe)


@pytest.mark.slow
def test_it_compiles_for_windows_without_a_c_library(tmp_path: Path):
    """Others need zig to make a library of the platform's first: some more seconds, by hand."""
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(kernel.ZIG_CACHE)}
    command = [str(VENV_PYTHON), str(SCRIPT), "--out", str(tmp_path), "--platform", "windows-x86_64"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "win_amd64\n"
    assert (tmp_path / "kernel.dll").read_bytes().startswith(b"MZ")
