"""Puts the compiled kernel into the wheel of the platform that builds it, and says so in the wheel's tag.

``RELEVO_PURE=1``, or a platform without a recipe, gives the wheel for every platform, which does the same
with numpy, slower. An editable install compiles nothing: ``tools/kernel.py`` does for a checkout.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NO_RECIPE = 3
_FOLDER = "relevo_agent/pipeline/kernel"


class KernelHook(BuildHookInterface[Any]):
    """Compiles before a wheel is put together, and clears up after it."""

    PLUGIN_NAME = "custom"
    _scratch: str | None = None

    def dependencies(self) -> list[str]:
        """The compiler, unless none is wanted."""
        return [] if _pure() else ["ziglang>=0.17"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and tell hatch where the result goes; raises RuntimeError with the remedy."""
        if version == "editable" or _pure():
            return
        self._scratch = tempfile.mkdtemp(prefix="relevo-kernel-")
        tag = _compiled(Path(self.root) / "kernel_build.py", self._scratch)
        if tag is None:
            return
        made = next(Path(self._scratch).glob("kernel.*"))
        build_data["force_include"][str(made)] = f"{_FOLDER}/{made.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Clear up."""
        del version, build_data, artifact_path
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def _pure() -> bool:
    return os.environ.get("RELEVO_PURE", "") not in {"", "0"}


def _compiled(script: Path, out: str) -> str | None:
    """The platform tag of what was compiled; ``None`` if this platform has no recipe."""
    command = [sys.executable, str(script), "--out", out]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == _NO_RECIPE:
        return None
    if done.returncode != 0:
        raise RuntimeError("the kernel did not compile, see above; RELEVO_PURE=1 builds a wheel without it")
    return done.stdout.strip()
