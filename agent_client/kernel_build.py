"""Compile the agent's kernel for one platform with zig, which compiles for every one from any one.

Run by ``hatch_build.py`` (for a wheel) and ``tools/kernel.py`` (for a checkout), by hand for other platforms:
``python kernel_build.py --out FOLDER --platform windows-x86_64``. It prints the platform tag of a wheel that
holds the result. Standard library only, beside the module ``ziglang``.
"""

import argparse
import hashlib
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).resolve().parent / "relevo_agent" / "pipeline" / "kernel"
NO_RECIPE: Final = 3
"""Exit status: nothing is wrong, but this platform has to do without."""
_LONGEST_S: Final = 300
_FLAGS: Final = ("-std=c11", "-O3", "-Wall", "-Wextra", "-Werror", "-shared", "-fvisibility=hidden", "-s")
_ALONE: Final = ("-nostdlib", "-fno-builtin")
"""Without a C library: zig would build one first, which takes minutes (``freestanding.c``)."""


@dataclass(frozen=True)
class Recipe:
    """What zig calls the platform, what the file is called there, and what a wheel for it is tagged with."""

    target: str
    tag: str
    file_name: str = "kernel.so"
    flags: tuple[str, ...] = ("-fPIC",)


# Old libraries and the oldest processors of each kind: what pays, memory's speed, is the same on all of them.
RECIPES: Final = {
    "linux-x86_64": Recipe("x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64"),
    "linux-aarch64": Recipe("aarch64-linux-gnu.2.17", "manylinux_2_17_aarch64"),
    "windows-x86_64": Recipe("x86_64-windows-gnu", "win_amd64", "kernel.dll", _ALONE),
    "windows-aarch64": Recipe("aarch64-windows-gnu", "win_arm64", "kernel.dll", _ALONE),
    "macos-x86_64": Recipe("x86_64-macos.11.0", "macosx_11_0_x86_64"),
    "macos-aarch64": Recipe("aarch64-macos.11.0", "macosx_11_0_arm64"),
}
_SYSTEMS: Final = {"linux": "linux", "win32": "windows", "darwin": "macos"}
_MACHINES: Final = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


def main() -> int:
    """Compile; 0 if done, ``NO_RECIPE`` if this platform has none, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the folder to put the kernel in")
    parser.add_argument("--platform", choices=RECIPES, default=this_platform(), help="default: this one")
    chosen = parser.parse_args()
    recipe = RECIPES.get(chosen.platform)
    if recipe is None:
        return NO_RECIPE
    try:
        compile_kernel(recipe, chosen.out)
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stderr", None) or error
        sys.stderr.write(f"{output}\nkernel: it did not compile; RELEVO_PURE=1 builds the agent without it\n")
        return 1
    sys.stdout.write(f"{recipe.tag}\n")
    return 0


def this_platform() -> str:
    """A key of ``RECIPES``, or a name that is none (32 bits, musl, anything else)."""
    system = _SYSTEMS.get(sys.platform, sys.platform)
    machine = _MACHINES.get(platform.machine().lower(), platform.machine())
    if sys.maxsize < 2**32 or (system == "linux" and platform.libc_ver()[0] != "glibc"):
        return f"{system}-other"
    return f"{system}-{machine}"


def sources_digest() -> str:
    """What the kernel tells of its sources, as ``relevo_agent.pipeline.kernel`` works it out again."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.glob("*.[ch]")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def compile_kernel(recipe: Recipe, out: Path) -> Path:
    """Compile into a folder; raises OSError or SubprocessError, whose ``stderr`` is the compiler's."""
    sources = sorted(map(str, SOURCES.glob("*.c")))
    made = out.resolve() / recipe.file_name
    cache = os.environ.get("ZIG_GLOBAL_CACHE_DIR") or str(out.resolve() / "zig")
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    command = [sys.executable, "-m", "ziglang", "cc", "-target", recipe.target, *_FLAGS, *recipe.flags]
    command.append(f"-DRELEVO_SOURCES={sources_digest()}")
    subprocess.run(
        [*command, "-o", str(made), *sources],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        text=True,
        timeout=_LONGEST_S,
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
