"""A Debian 12 that boots into a desktop, made once and kept under ``.cache``: what a customer's PC is."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import wheels
from tools.paths import CACHE, LOCK_FILE, VENV_PYTHON

SUITE: Final = "bookworm"
FALLBACK_MIRROR: Final = "http://deb.debian.org/debian"
PACKAGES: Final = (
    *("systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd", "udev", "kmod", "iproute2", "procps"),
    *("linux-image-amd64", "lightdm", "xserver-xorg-core", "xserver-xorg-input-libinput", "openbox"),
    *("xterm", "x11-apps", "python3-venv", "python3-tk", "fonts-dejavu-core"),
    *("libxcb1", "libxcb-image0", "libxcb-randr0", "libxcb-render0", "libxcb-xfixes0", "libxcb-shm0"),
)
DISK_MB: Final = 4096
CUSTOMER: Final = "customer"
FOLDER: Final = CACHE / "restart_proof"
_PYTHON: Final = "3.11"  # the one of the suite
_LIBC: Final = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux1")

_UNUSED_UNITS: Final = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service"),
    *("fstrim.timer", "dpkg-db-backup.timer", "logrotate.timer"),
)
"""An emulated processor takes seconds for each."""

_FILES: Final[dict[str, str]] = {
    "etc/hostname": "customer-pc\n",
    "etc/hosts": "127.0.0.1 localhost customer-pc\n",
    "etc/fstab": "/dev/vda / ext4 defaults,noatime 0 1\n",
    # QEMU's user network always gives the same address; a daemon for it takes minutes when emulated.
    "etc/systemd/system/user-network.service": (
        "[Unit]\nDescription=QEMU's user network\nDefaultDependencies=no\n"
        "After=systemd-modules-load.service\nBefore=network.target\n"
        "Wants=network.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        "ExecStart=/bin/ip link set lo up\nExecStart=/bin/ip link set eth0 up\n"
        "ExecStart=/bin/ip address add 10.0.2.15/24 dev eth0\n"
        "ExecStart=/bin/ip route add default via 10.0.2.2\n[Install]\nWantedBy=sysinit.target\n"
    ),
    "etc/modules-load.d/network.conf": "virtio_net\n",
    "etc/lightdm/lightdm.conf.d/autologin.conf": (
        f"[Seat:*]\nautologin-user={CUSTOMER}\nautologin-user-timeout=0\nuser-session=openbox\n"
    ),
    "etc/systemd/system/relevo-proof.service": (
        "[Unit]\nDescription=First boot of the proof: installs the agent as people do\n"
        "ConditionPathExists=!/var/lib/relevo-proof-done\nBefore=display-manager.service\n"
        "[Service]\nType=oneshot\nExecStartPre=/bin/mkdir -p /media/run\n"
        "ExecStartPre=/bin/mount -o ro /dev/vdb /media/run\nExecStart=/bin/sh -e /media/run/setup.sh\n"
        "ExecStartPost=/bin/touch /var/lib/relevo-proof-done\nStandardOutput=journal+console\n"
        "StandardError=journal+console\n[Install]\nWantedBy=graphical.target\n"
    ),
    "etc/xdg/openbox/autostart": (
        "xclock -digital -update 1 -geometry 360x60+40+40 &\n"
        "xterm -geometry 90x28+60+140 -e 'uptime; echo; cat /proc/sys/kernel/random/boot_id; exec sh' &\n"
        "[ -x /usr/local/bin/first-session ] && /usr/local/bin/first-session &\n"
    ),
}
"""What makes the bare system this customer's PC."""


class ImageError(Exception):
    """The image cannot be made here; the text says what is missing."""


@dataclass(frozen=True)
class Image:
    """A disk, and the kernel that boots it."""

    disk: Path
    kernel: Path
    initrd: Path


def image(*, anew: bool = False) -> Image:
    """The image, made unless the one of the same recipe is there; needs root and debootstrap.

    Raises:
        ImageError: what is missing, or which step failed.
    """
    _need()
    made = FOLDER / _recipe()
    found = Image(made / "disk.ext4", made / "vmlinuz", made / "initrd.img")
    if made.is_dir() and not anew:
        return found
    part = FOLDER / "part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    root = part / "root"
    try:
        _bootstrap(root)
        _install_python(root, part / "wheels")
        _furnish(root)
        for name in ("vmlinuz", "initrd.img"):
            shutil.copy(root / name, part / name)
        disk = part / "disk.ext4"
        _run("mkfs.ext4", "-q", "-F", "-L", "relevo-root", "-d", str(root), str(disk), f"{DISK_MB}M")
    except (subprocess.CalledProcessError, OSError) as error:
        raise ImageError(f"the image could not be made: {error}") from error
    shutil.rmtree(root)
    shutil.rmtree(made, ignore_errors=True)
    part.rename(made)
    return found


def _need() -> None:
    missing = [name for name in ("debootstrap", "mkfs.ext4", "chroot") if shutil.which(name) is None]
    if missing:
        raise ImageError(f"missing: {', '.join(missing)}; on Debian: apt-get install debootstrap e2fsprogs")
    if os.geteuid() != 0:
        raise ImageError("debootstrap makes devices and owners: run this as root")


def _recipe() -> str:
    """A digest of all that is in the image: another recipe is another image."""
    lock = LOCK_FILE.read_bytes()
    told = repr((SUITE, PACKAGES, DISK_MB, sorted(_FILES.items()))).encode()
    return hashlib.sha256(told + lock + Path(__file__).read_bytes()).hexdigest()[:16]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def _mirror() -> str:
    """The archive that this machine's apt uses for the same suite, so that its proxy or mirror is used."""
    asked = ["apt-get", "indextargets", "--format", "$(SITE) $(CODENAME)", "Created-By: Packages"]
    if shutil.which("apt-get") is None:
        return FALLBACK_MIRROR
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    sites = [line.split()[0] for line in told.splitlines() if line.split()[1:] == [SUITE]]
    return next((site for site in sites if "debian" in site and "security" not in site), FALLBACK_MIRROR)


def _bootstrap(root: Path) -> None:
    """Debian's part, kept for the next image: only another list of packages fetches it anew."""
    digest = hashlib.sha256(repr((SUITE, PACKAGES)).encode()).hexdigest()[:16]
    kept = FOLDER / f"debian-{digest}"
    if not kept.is_dir():
        print(f"image: Debian {SUITE} with {len(PACKAGES)} packages, some minutes once", file=sys.stderr)
        part = FOLDER / "debian-part"
        shutil.rmtree(part, ignore_errors=True)
        packages = ",".join(PACKAGES)
        _run("debootstrap", "--variant=minbase", f"--include={packages}", SUITE, str(part), _mirror())
        for archive in (part / "var/cache/apt/archives").glob("*.deb"):
            archive.unlink()
        part.rename(kept)
    _run("cp", "--archive", str(kept), str(root))


def _install_python(root: Path, folder: Path) -> None:
    """What the agent needs of others, at the lock's versions; the agent itself comes at each run."""
    own = folder / "own"
    own.mkdir(parents=True)
    ours = [str(path) for path in wheels.build(own) if "relevo_server" not in path.name]
    pins = re.findall(r"^[\w.-]+==[^\\\n]+", LOCK_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    (folder / "constraints.txt").write_text("\n".join(pins), encoding="utf-8")
    pip = [str(VENV_PYTHON), "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
    platforms = [word for libc in _LIBC for word in ("--platform", f"{libc}_x86_64")]
    pip += ["--python-version", _PYTHON, *platforms, "--constraint", str(folder / "constraints.txt")]
    _run(*pip, "--dest", str(folder), *ours)
    for path in folder.glob("relevo_*.whl"):
        path.unlink()
    target = root / "opt/wheels"
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("own", "*.txt"))
    names = [f"/opt/wheels/{path.name}" for path in target.glob("*.whl")]
    _run("chroot", str(root), "python3", "-m", "venv", "/opt/relevo")
    _run("chroot", str(root), "/opt/relevo/bin/pip", "install", "--quiet", "--no-index", "--no-deps", *names)
    shutil.rmtree(target)


def _furnish(root: Path) -> None:
    for name, text in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    groups = "video,input,dialout"
    _run(
        "chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", "--groups", groups, CUSTOMER
    )
    units = ("user-network", "relevo-proof", "lightdm", "serial-getty@ttyS0")
    _run("chroot", str(root), "systemctl", "--quiet", "enable", *units)
    _run("chroot", str(root), "systemctl", "--quiet", "set-default", "graphical.target")
    _run("chroot", str(root), "systemctl", "--quiet", "mask", *_UNUSED_UNITS)
