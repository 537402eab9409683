"""The command line: what is started with what."""

import base64
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent import cli
from relevo_agent.complaint import Complaint
from relevo_agent.config import AgentConfig, session_settings
from relevo_agent.features.worker import Halts
from relevo_agent.link.address import relay_address
from relevo_agent.service.link import ServiceLink
from relevo_protocol.modes import Capability, Mode, SessionKind
from tests.agent.test_life import Keyboard

SERVER = ["--server", "https://relay.example"]


def config(**more: object) -> AgentConfig:
    given: dict[str, object] = {
        "address": relay_address("http://127.0.0.1:9", None),
        "device_key": Ed25519PrivateKey.generate(),
        "display": None,
        "injector": Keyboard(),
        "halts": Halts(),
    }
    return AgentConfig(**(given | more))  # type: ignore[arg-type]


def test_the_commands_have_their_own_options() -> None:
    plain = cli.arguments([*SERVER, "--join", "482 913"])
    assert (plain.kind, plain.join, plain.ticket) == (SessionKind.SUPPORT, "482913", None)
    presenting = cli.arguments(["present", *SERVER, "--ticket", "t" * 20])
    assert (presenting.kind, presenting.join, presenting.ticket) == (
        SessionKind.PRESENTATION,
        None,
        "t" * 20,
    )
    with pytest.raises(SystemExit):
        cli.arguments(["present", *SERVER])
    with pytest.raises(SystemExit):
        cli.arguments([*SERVER, "--ticket", "t" * 20])


def test_the_demonstrations_options_exist_only_where_the_environment_allows_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SystemExit):
        cli.arguments([*SERVER, "--demo-consent", "auto"])
    monkeypatch.setenv(cli.DEMO_VARIABLE, "1")
    for mode in Mode:
        given = cli.arguments([*SERVER, "--demo-consent", "auto", "--demo-mode", mode.value])
        assert (given.demo_consent, given.demo_mode) == ("auto", mode)


def test_G14_a_link_is_given_beforehand_in_a_demonstration_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    invite, secret = os.urandom(16), os.urandom(32)
    halves = ".".join(base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in (invite, secret))
    monkeypatch.setenv(cli.INVITE_VARIABLE, halves)
    assert cli.invite_beforehand() is None
    monkeypatch.setenv(cli.DEMO_VARIABLE, "1")
    assert cli.invite_beforehand() == (invite, secret)
    for broken in ("", "a.b.c", halves[1:], halves + "x", "ñ.ñ"):
        monkeypatch.setenv(cli.INVITE_VARIABLE, broken)
        with pytest.raises(Complaint):
            cli.invite_beforehand()


def test_V8_what_this_pc_lacks_is_not_offered() -> None:
    plain = session_settings(config())
    assert Mode.ADMINISTRATOR not in plain.modes
    assert not plain.service
    assert {
        Capability.TERMINAL_ADMIN,
        Capability.POWER_REBOOT,
        Capability.SYSTEM_SERVICES,
    } <= plain.unavailable
    assert Capability.SYSTEM_PROCESSES_LIST not in plain.unavailable
    served = session_settings(config(service=ServiceLink()))
    assert Mode.ADMINISTRATOR in served.modes
    assert served.service
    assert Capability.TERMINAL_ADMIN not in served.unavailable
    watching = session_settings(config(injector=None, service=ServiceLink()))
    assert watching.modes == (Mode.OBSERVER, Mode.DEMO)
    assert Capability.INPUT_KEYS in watching.unavailable
    shown = session_settings(config(kind=SessionKind.PRESENTATION, ticket="t" * 20))
    assert shown.modes == (Mode.DEMO,)
    for settings in (plain, served, watching, shown):
        assert Capability.FILE_SEND in settings.unavailable
        assert Capability.RECORD in settings.unavailable
