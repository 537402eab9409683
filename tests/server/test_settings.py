import asyncio
import logging
from binascii import unhexlify
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import ValidationError

from relevo_server import commands
from relevo_server.logs import configure_logs, logger
from relevo_server.settings import Settings
from tests.server.hands import settings


def test_every_setting_is_documented_and_printed_with_variable_and_option():
    text = "\n".join(commands.describe_settings())
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"RELEVO_{name.upper()}, --{name.replace('_', '-')}" in text


def test_environment_and_options(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELEVO_PORT", "9000")
    monkeypatch.setenv("RELEVO_TLS_NAMES", "a.lan, b.lan,")
    assert (settings().port, settings().tls_names) == (9000, ("a.lan", "b.lan"))
    assert settings(port=9001).port == 9001


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"plain_http": True}, "behind_proxy"),
        ({"plain_http": True, "behind_proxy": "10.0.0.1"}, "public_origin"),
        ({"tls_certificate": "a.pem"}, "tls_key"),
        ({"public_origin": "http://relay.example"}, "https://"),
        ({"public_origin": "https://relay.example/path"}, "https://"),
        ({"behind_proxy": "everybody"}, "everybody"),
        ({"metrics_token": "short"}, "16"),
        ({"port": 70000}, "65535"),
        ({"syslog": "udp://collector.example:514"}, "tls://collector.example:6514"),
        ({"syslog": "tls://collector.example"}, "tls://collector.example:6514"),
        ({"syslog": "collector.example:514", "syslog_ca": "ca.pem"}, "tls://host:port"),
        ({"syslog_ca": "ca.pem"}, "tls://host:port"),
        ({"syslog": "tls://c.example:1", "syslog_certificate": "our.pem"}, "set both or neither"),
        ({"syslog_certificate": "our.pem", "syslog_key": "key.pem"}, "tls://host:port"),
    ],
)
def test_impossible_settings_are_refused_with_the_reason(given: dict[str, Any], says: str):
    with pytest.raises(ValidationError, match=says):
        settings(**given)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        (None, False),
        ("postgresql://relevo@/relevo?host=/run/postgresql", False),
        ("postgresql://relevo@127.0.0.1/relevo", False),
        ("postgresql://relevo@db.example/relevo?ssl=verify-full", False),
        ("postgresql://relevo@db.example/relevo?ssl=require", False),
        ("postgresql://relevo:hush@db.example/relevo", True),
        ("postgresql://relevo@db.example/relevo?ssl=prefer", True),
    ],
)
def test_a_database_elsewhere_without_tls_is_said_by_check(url: str | None, warned: bool):
    lines = commands._check_database_line(settings(database_url=url))
    assert [line.startswith("warn") and "db.example" in line for line in lines] == [True] * warned
    assert not any("hush" in line for line in lines)


def test_refused_secrets_are_not_repeated():
    with pytest.raises(ValidationError) as caught:
        settings(metrics_token="hush-hush")
    assert "hush-hush" not in str(caught.value)


def test_origins_are_written_as_browsers_write_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Machine")
    assert settings(port=443).origins == {
        "https://127.0.0.1", "https://localhost", "https://[::1]", "https://machine",
    }  # fmt: skip
    everywhere = settings(
        host="0.0.0.0",  # noqa: S104
        port=8443,
        tls_names="relay.lan",
    )
    assert everywhere.relay_origin == "https://relay.lan:8443"
    assert "https://0.0.0.0:8443" not in everywhere.origins
    public = settings(public_origin="https://Relay.Example:443/")
    assert public.origins == {"https://relay.example"}
    assert public.relay_origin == "https://relay.example"


@pytest.fixture
def quiet_logs():
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def test_logs_are_json_with_context_and_without_secrets(capsys: pytest.CaptureFixture[str], quiet_logs: None):
    configure_logs(settings(log_format="json"))
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        logger("test").info("joined", routing="482913", ticket="hush", agent_token="hush", password="hush")
    logging.getLogger("somebody.else").warning("plain %s", "words")
    written = capsys.readouterr().err
    assert '"request_id": "abc"' in written
    assert '"routing": "482913"' in written
    assert "plain words" in written
    assert "hush" not in written


def test_a_traceback_for_people_shows_no_local_variables(
    capsys: pytest.CaptureFixture[str], quiet_logs: None
):
    configure_logs(settings(log_format="human"))
    password = b"68757368"
    try:
        raise ValueError(len(unhexlify(password)))
    except ValueError:
        logger("test").exception("failed")
    written = capsys.readouterr().err
    assert "ValueError: 4" in written
    assert "locals" not in written
    assert "b'68757368'" not in written


@pytest.mark.parametrize("name", ["Soporte\u202eetropoS", "Uno\nDos", "\x1b[2J"])
def test_M5_an_organisation_that_hides_or_reorders_is_refused(name: str):
    with pytest.raises(ValidationError, match="one line"):
        settings(organisation=name)


def test_a_broken_database_is_told_in_words_with_its_place(tmp_path: Path):
    (tmp_path / "relevo.db").write_bytes(b"no database" * 1000)
    with pytest.raises(commands.CommandError, match=tmp_path.name):
        asyncio.run(commands.prepare_database(settings(data=tmp_path)))
