"""Who may ask, whose desktop is shown, which services are kept, and what is installed."""

import os
import pwd
import socket
import threading
from pathlib import Path

import pytest

from relevo_agent.service import cli, launchd, systemd, units, windows
from relevo_agent.service.desktops import NoDesktop, XServer, desktop_of, x_servers
from relevo_agent.service.guard import Allowed, Peer, SettingsBroken, allowed, peer_of, refusal
from relevo_agent.service.logins import Login

ANA, BOB = 1001, 1002
USER = 1001


def login(uid: int, kind: str = "user", display: str = ":0", *, active: bool = True) -> Login:
    return Login(uid, kind, display, active, remote=False)


def test_V2_root_may_always_ask() -> None:
    assert refusal(Peer(0, 1), Allowed(), list) is None


@pytest.mark.parametrize("kind", ["background", "manager", "greeter"])
def test_V2_a_session_where_nobody_sits_lets_nobody_ask(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    nobody = pwd.getpwnam("nobody")
    who = Allowed(frozenset({nobody.pw_name}))
    assert refusal(Peer(nobody.pw_uid, 1), who, lambda: [login(nobody.pw_uid)]) is None
    told = refusal(Peer(nobody.pw_uid, 1), who, lambda: [login(nobody.pw_uid, kind)])
    assert told is not None
    assert "signed in" in told


def test_V2_who_was_named_is_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "service.toml"
    assert allowed(path) == Allowed()
    path.write_text('users = ["maria"]\ngroups = ["help"]\n', encoding="utf-8")
    assert allowed(path) == Allowed(frozenset({"maria"}), ("help",))
    assert not Allowed().has(os.getuid())


@pytest.mark.parametrize("text", ["users = 1", "users = [1]", "user = []", "users = [", 'users = "maria"'])
def test_V2_a_broken_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    path = tmp_path / "service.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsBroken, match=r"service\.toml"):
        allowed(path)


def test_V2_the_kernel_says_who_is_there() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer_of(ours) == Peer(os.getuid(), os.getpid())


@pytest.mark.parametrize(
    ("uid", "known", "shown"),
    [
        (ANA, [login(ANA)], True),
        (ANA, [login(110, "greeter")], True),
        (ANA, [login(BOB)], False),
        (ANA, [login(110, "greeter"), login(BOB, display=":1")], False),
        (ANA, [], False),
    ],
)
def test_V6_only_the_desktop_that_was_granted_is_shown(
    tmp_path: Path, uid: int, known: list[Login], shown: bool
) -> None:
    cookies = tmp_path / "auth"
    cookies.write_bytes(b"cookie")
    server = XServer(":0", os.getuid(), cookies)
    if shown:
        found = desktop_of(uid, lambda: [server], logins=lambda: known)
        assert (found.display, found.authority) == (":0", b"cookie")
    elif os.getuid() != uid:
        with pytest.raises(NoDesktop):
            desktop_of(uid, lambda: [server], logins=lambda: known)


def test_V6_ones_own_desktop_comes_before_the_screen_where_people_sign_in() -> None:
    known = [login(110, "greeter", ":0"), login(ANA, display=":1")]
    servers = [XServer(":0", 0, None), XServer(":1", 0, None)]
    assert desktop_of(ANA, lambda: servers, logins=lambda: known).display == ":1"


def test_V6_a_user_cannot_make_the_service_read_other_files(tmp_path: Path) -> None:
    cookies = tmp_path / "shadow"
    cookies.write_bytes(b"somebody else's")
    server = XServer(":0", os.getuid() + 1, cookies)
    with pytest.raises(NoDesktop, match="does not belong"):
        desktop_of(os.getuid() + 1, lambda: [server], logins=list)


def _accept(listening: socket.socket) -> None:
    listening.accept()[0].close()


def test_V6_an_x_server_is_known_by_its_socket(tmp_path: Path) -> None:
    # By a relative name: the path of a test's folder may be longer than a socket's name can be.
    with socket.socket(socket.AF_UNIX) as listening:
        place = Path(os.path.relpath(tmp_path / "X7"))
        listening.bind(str(place) if len(str(place)) < 100 else str(tmp_path / "X7"))
        listening.listen()
        (tmp_path / "X8").touch()
        (tmp_path / "other").touch()
        accepting = threading.Thread(target=_accept, args=(listening,))
        accepting.start()
        found = x_servers(tmp_path)
        accepting.join(60)
    assert found == [XServer(":7", os.getuid(), None)]


@pytest.mark.parametrize(
    "name",
    [
        "relevo-agent.service",
        "dbus.service",
        "dbus-org.freedesktop.login1.service",
        "systemd-logind.service",
        "systemd-poweroff.service",
        "lightdm.service",
        "gdm.service",
        "gdm3.service",
        "display-manager.service",
        "NetworkManager.service",
        "NetworkManager-wait-online.service",
        "networking.service",
        "wpa_supplicant.service",
        "user@1000.service",
        "getty@tty1.service",
        "serial-getty@ttyS0.service",
        "rescue.service",
        "emergency.service",
        "reboot.target",
        "graphical.target",
        "home.mount",
        "-.service",
        "--force.service",
    ],
)
def test_V2_what_would_cut_us_off_is_not_changed(name: str) -> None:
    if name in {"-.service", "--force.service"}:
        assert units.may_change(name)  # a name like an option stands behind "--"
    else:
        assert not units.may_change(name)


@pytest.mark.parametrize("name", ["cups.service", "ssh.service", "nginx.service", "app@one.service"])
def test_V2_other_services_may_be_changed(name: str) -> None:
    assert units.may_change(name)


def test_V2_services_are_read_as_systemctl_lists_them() -> None:
    line = "cups.service loaded active running CUPS\x1b[31m Scheduler"
    found = units._service(line)
    assert found is not None
    assert (found.name, found.running, found.changeable) == ("cups.service", True, True)
    assert "\x1b" not in found.description
    assert units._service("auditd.service not-found inactive dead auditd.service") is None
    assert units._service("broken") is None


def test_V6_the_unit_runs_the_installation_and_quotes_what_systemd_would_read() -> None:
    text = systemd.unit_text(["/opt/my place/python", "-m", "a%b", "$HOME"])
    assert 'ExecStart="/opt/my place/python" -m "a%%b" "$$HOME"' in text
    assert "Restart=on-failure" in text
    assert "WantedBy=multi-user.target" in text


def test_V6_the_plist_starts_with_the_system() -> None:
    assert b"<key>RunAtLoad</key>\n\t<true/>" in launchd.plist(["relevo-agent"])


def test_V6_the_words_of_sc_exe_have_their_values_apart() -> None:
    words = windows.create_words(["C:\\Program Files\\relevo\\relevo-agent.exe", "service", "run"])
    assert words[words.index("binPath=") + 1] == '"C:\\Program Files\\relevo\\relevo-agent.exe" service run'
    assert words[words.index("start=") + 1] == "auto"


def test_V6_what_others_can_change_is_not_run_as_root(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "python"
    program.parent.mkdir(mode=0o755)
    program.touch(mode=0o755)
    if os.getuid() == 0:
        program.parent.chmod(0o777)
        assert cli.open_place(program) == program.parent
        program.parent.chmod(0o755)
        program.chmod(0o775)
    assert cli.open_place(program) == program


def test_V6_no_package_that_others_can_change_is_run_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(systemd, "available", lambda: True)
    looked: list[Path] = []

    def look(path: Path) -> Path | None:
        looked.append(path)
        return path if path.parent.name == "relevo_protocol" else None

    monkeypatch.setattr(cli, "open_place", look)
    assert cli.main(["--lang", "en", "install"]) == cli.EXIT_USAGE
    assert {"python", "relevo_agent", "relevo_protocol"} <= {
        "python" if path.name.startswith("python") else path.parent.name for path in looked
    }


@pytest.mark.parametrize(("language", "word"), [("es", "sudo"), ("en", "administrator")])
def test_without_root_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for act in ("install", "remove"):
        assert cli.main(["--lang", language, act]) == cli.EXIT_USAGE
        assert word in capsys.readouterr().err


def test_without_systemd_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(systemd, "RUNNING", tmp_path / "nothing")
    assert cli.main(["--lang", "es", "install"]) == cli.EXIT_USAGE
    assert "systemd" in capsys.readouterr().err
