"""The customer's PC: the image under QEMU, with a disk for this run alone."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.restart_proof.image import Image, ImageError

QEMU: Final = "qemu-system-x86_64"
MEMORY_MB: Final = 2048
HOST: Final = "10.0.2.2"
"""This machine, as the guest sees it (QEMU's user network)."""
_KERNEL: Final = (
    "net.ifnames=0 systemd.show_status=1 systemd.default_timeout_start_sec=600 "
    "systemd.default_device_timeout_sec=600"
)
QUIT_S: Final = 10.0
PROBE_S: Final = 6.0


def speed(image: Image) -> list[str]:
    """KVM where it really runs a kernel, which a device file alone does not tell; else plain emulation.

    Emulated, everything takes about ten times as long.
    """
    kvm = ["-enable-kvm", "-cpu", "host,arch-capabilities=off"]
    if os.access("/dev/kvm", os.R_OK | os.W_OK) and _starts(image, kvm):
        return kvm
    return ["-accel", "tcg,thread=multi", "-cpu", "max"]


def _starts(image: Image, way: list[str]) -> bool:
    """Whether a kernel says its first words within a moment."""
    command = [QEMU, *way, "-m", "512", "-display", "none", "-monitor", "none", "-serial", "stdio"]
    command += [
        "-no-reboot",
        "-kernel",
        str(image.kernel),
        "-append",
        "console=ttyS0 earlyprintk=serial panic=1",
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        return b"Linux version" in (error.stdout or b"")
    return b"Linux version" in done.stdout


@dataclass(frozen=True)
class Machine:
    """A running guest. ``console`` is what it prints, ``events`` what the agent in it tells."""

    process: subprocess.Popen[bytes]
    console: Path
    events: Path
    monitor: Path

    def picture(self, path: Path) -> None:
        """What its monitor shows now, as a PPM file, for a person to look at."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(5)
            sock.connect(str(self.monitor))
            sock.recv(4096)
            sock.sendall(f"screendump {path}\n".encode())
            time.sleep(1)


@contextmanager
def running(image: Image, way: list[str], contents: Path, folder: Path) -> Generator[Machine]:
    """Boot the image in this ``way`` (:func:`speed`); ``contents`` becomes its second disk.

    Nothing of the run is left in the image.

    Raises:
        ImageError: QEMU is missing, or a disk cannot be made.
    """
    if shutil.which(QEMU) is None:
        raise ImageError(f"missing: {QEMU}; on Debian: apt-get install qemu-system-x86")
    disk, extra = folder / "system.qcow2", folder / "run.ext4"
    _make(["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(image.disk), "-F", "raw", str(disk)])
    _make(["mkfs.ext4", "-q", "-F", "-d", str(contents), str(extra), "64M"])
    console, events, monitor = folder / "console.log", folder / "events.jsonl", folder / "monitor"
    console.touch()
    events.touch()
    command = [
        *(QEMU, *way, "-m", str(MEMORY_MB), "-smp", "2", "-display", "none", "-vga", "std"),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd)),
        *("-append", f"root=/dev/vda rw console=ttyS0 {_KERNEL}"),
        *("-drive", f"file={disk},if=virtio,format=qcow2,cache=unsafe"),
        *("-drive", f"file={extra},if=virtio,format=raw,readonly=on"),
        *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci"),
        *("-chardev", f"file,id=console,path={console},append=on", "-serial", "chardev:console"),
        *("-chardev", f"file,id=events,path={events},append=on", "-serial", "chardev:events"),
        *("-monitor", f"unix:{monitor},server,nowait"),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield Machine(process, console, events, monitor)
    finally:
        process.terminate()
        try:
            process.wait(QUIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _make(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"{command[0]}: {done.stderr.strip() or done.returncode}")
