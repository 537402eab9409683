"""The system's services by systemctl; those that a stop would cut us off by are never changed."""

import re
import subprocess
from typing import Final

from relevo_agent.platform.lines import inert_line
from relevo_protocol.messages.administration import Service, ServiceAct

OWN_UNIT: Final = "relevo-agent.service"
CHANGE_S: Final = 25.0
LIST_S: Final = 10.0
_NAME: Final = re.compile(r"\A[A-Za-z0-9@._:\\-]{1,192}\.service\Z")
_KEPT: Final = re.compile(
    r"""\A(?:
        relevo-agent | dbus(?:-.*)? | polkit | systemd-.* | init | session-.*
        | user(?:-runtime-dir)?@.* | (?:.*-)?getty@.*
        | NetworkManager.* | networking | network | connman | iwd | dhcpcd.* | dhclient.* | wicked.*
        | netplan.* | wpa_supplicant.* | ifup@.* | resolvconf | firewalld | nftables | ufw | iptables
        | display-manager | lightdm | gdm3? | sddm | lxdm | xdm | slim | nodm | greetd | ly(?:@.*)?
        | xserver.* | x11.*
        | emergency | rescue | debug-shell | halt | poweroff | reboot | kexec | initrd-.* | plymouth-.*
    )\.service\Z""",
    re.VERBOSE,
)


class UnitRefused(Exception):
    """It is not changed, or it did not work; the text is one line."""


def may_change(name: str) -> bool:
    """Whether a service of this name may be stopped without losing desktop, network or ourselves."""
    return _NAME.match(name) is not None and _KEPT.match(name) is None


def listing() -> list[Service]:
    """Every loaded service by name.

    Raises:
        UnitRefused: systemctl does not answer.
    """
    told = _systemctl(LIST_S, "list-units", "--type=service", "--all", "--plain", "--no-legend", "--full")
    found = [_service(line) for line in told.splitlines()]
    return sorted((one for one in found if one is not None), key=lambda one: one.name)


def _service(line: str) -> Service | None:
    """A line of ``UNIT LOAD ACTIVE SUB DESCRIPTION``; units that are only named by others are left out."""
    parts = line.split(None, 4)
    if len(parts) < 4 or parts[1] == "not-found" or not _NAME.match(parts[0]):
        return None
    name, _, active, *_ = parts
    description = inert_line(parts[4], 200) if len(parts) > 4 else ""
    running = active in {"active", "reloading", "activating"}
    return Service(name=name, description=description, running=running, changeable=may_change(name))


def change(name: str, act: ServiceAct) -> None:
    """Start, stop or restart one.

    Raises:
        UnitRefused: it is one of those that are kept, there is none of this name, or it failed.
    """
    real = resolved(name)
    if not (may_change(name) and may_change(real)):
        raise UnitRefused(f"{name} keeps the system or this session running and is not changed")
    _systemctl(CHANGE_S, "--no-ask-password", act.value, "--", real)


def resolved(name: str) -> str:
    """The unit behind a name, which may be an alias (display-manager.service is lightdm.service).

    Raises:
        UnitRefused: there is none.
    """
    if not _NAME.match(name):
        raise UnitRefused("this is no service")
    told = _systemctl(LIST_S, "show", "--property=Id", "--property=LoadState", "--", name)
    values = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    if values.get("LoadState") != "loaded":
        raise UnitRefused(f"there is no service {name}")
    return values.get("Id", "")


def _systemctl(patience_s: float, *words: str) -> str:
    command = ["systemctl", "--no-pager", *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=patience_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnitRefused(f"it took longer than {patience_s:.0f} s and may still be under way") from error
    except OSError as error:
        raise UnitRefused(f"systemctl cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnitRefused(inert_line(said[0] if said else f"systemctl: status {done.returncode}", 200))
    return done.stdout.decode("utf-8", "replace")
