import datetime as dt
import os
import socket
import ssl
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from relevo_server.authority import LEAF_LIFETIME, TlsError
from relevo_server.tls import TlsKeeper
from tests.server.hands import Hands, settings

DAY_S = 86_400


def now_hands() -> Hands:
    return Hands(dt.datetime.now(dt.UTC).timestamp())


def shaken(keeper: TlsKeeper, authority: Path, name: str) -> bytes:
    """The certificate that a verifying client is served, DER; ssl.SSLError when it does not verify."""
    trust = ssl.create_default_context(cafile=authority)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            keeper.context.wrap_socket(ours, server_side=True).close()
        except OSError:
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with trust.wrap_socket(theirs, server_hostname=name) as client:
            found = client.getpeercert(binary_form=True)
            assert found is not None
            return found
    finally:
        theirs.close()
        thread.join(timeout=60)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "relay.lan", "10.9.8.7"])
def test_certificate_verifies_against_the_authority_for_every_name(tmp_path: Path, name: str):
    chosen = settings(data=tmp_path, host="10.9.8.7", tls_names="relay.lan")
    keeper = TlsKeeper(chosen, now_hands().clock)
    assert shaken(keeper, tmp_path / "ca.pem", name)


def test_other_names_do_not_verify(tmp_path: Path):
    keeper = TlsKeeper(settings(data=tmp_path), now_hands().clock)
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(keeper, tmp_path / "ca.pem", "bank.example")


def test_keys_are_private_and_the_leaf_lives_at_most_ninety_days(tmp_path: Path):
    folder = tmp_path / "data"
    previous = os.umask(0)
    try:
        TlsKeeper(settings(data=folder), now_hands().clock)
    finally:
        os.umask(previous)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {"ca.pem": 0o644, "ca-key.pem": 0o600, "server.pem": 0o644, "server-key.pem": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    leaf = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == LEAF_LIFETIME == dt.timedelta(days=90)


def test_authority_may_not_vouch_for_the_rest_of_the_world(tmp_path: Path):
    TlsKeeper(settings(data=tmp_path), now_hands().clock)
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = constraints.value.permitted_subtrees or []
    assert x509.DNSName("localhost") in permitted
    assert not [name for name in permitted if isinstance(name, x509.DNSName) and name.value in {"", "com"}]


def test_restart_keeps_both_certificates(tmp_path: Path):
    hands = now_hands()
    first = TlsKeeper(settings(data=tmp_path), hands.clock)
    hands.turn(59 * DAY_S)
    again = TlsKeeper(settings(data=tmp_path), hands.clock)
    assert again.files == first.files
    assert not again.refresh()


def test_renewed_while_running_when_less_than_thirty_days_remain(tmp_path: Path):
    hands = now_hands()
    keeper = TlsKeeper(settings(data=tmp_path), hands.clock)
    before = shaken(keeper, tmp_path / "ca.pem", "localhost")
    authority = (tmp_path / "ca.pem").read_bytes()
    # One hour of it has passed at its birth; the hands move the server's clock, not the client's.
    hands.turn(60 * DAY_S - 3600 + 1)
    assert keeper.refresh()
    assert keeper.remaining_s() > 89 * DAY_S
    assert (tmp_path / "ca.pem").read_bytes() == authority
    served = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    trust = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE  # to this client's clock the new certificate is not valid yet
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=lambda: keeper.context.wrap_socket(ours, server_side=True).close())
    thread.start()
    with trust.wrap_socket(theirs, server_hostname="localhost") as client:
        after = x509.load_der_x509_certificate(client.getpeercert(binary_form=True) or b"")
    thread.join(timeout=60)
    assert after == served
    assert after != x509.load_der_x509_certificate(before)


def test_new_names_make_a_new_leaf_under_the_same_authority(tmp_path: Path):
    hands = now_hands()
    TlsKeeper(settings(data=tmp_path), hands.clock)
    authority = (tmp_path / "ca.pem").read_bytes()
    keeper = TlsKeeper(settings(data=tmp_path, tls_names="192.168.7.7"), hands.clock)
    assert shaken(keeper, tmp_path / "ca.pem", "192.168.7.7")
    assert (tmp_path / "ca.pem").read_bytes() == authority


def test_public_name_that_the_authority_was_not_made_for_is_refused_with_the_remedy(tmp_path: Path):
    hands = now_hands()
    TlsKeeper(settings(data=tmp_path), hands.clock)
    with pytest.raises(TlsError, match=r"relay\.example.*trust remove.*init"):
        TlsKeeper(settings(data=tmp_path, tls_names="relay.example"), hands.clock)


def test_renamed_machine_still_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hands = now_hands()
    TlsKeeper(settings(data=tmp_path), hands.clock)
    monkeypatch.setattr("socket.gethostname", lambda: "renamed.example")
    keeper = TlsKeeper(settings(data=tmp_path), hands.clock)
    assert shaken(keeper, tmp_path / "ca.pem", "localhost")


@pytest.mark.parametrize("name", ["server.pem", "server-key.pem"])
def test_damaged_leaf_is_replaced(tmp_path: Path, name: str):
    hands = now_hands()
    TlsKeeper(settings(data=tmp_path), hands.clock)
    (tmp_path / name).write_text("damaged", encoding="ascii")
    assert shaken(TlsKeeper(settings(data=tmp_path), hands.clock), tmp_path / "ca.pem", "localhost")


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem"])
def test_damaged_or_half_lost_authority_is_never_replaced_silently(tmp_path: Path, name: str):
    hands = now_hands()
    TlsKeeper(settings(data=tmp_path), hands.clock)
    for content in ("damaged", None):
        if content is None:
            (tmp_path / name).unlink()
        else:
            (tmp_path / name).write_text(content, encoding="ascii")
        with pytest.raises(TlsError, match=name):
            TlsKeeper(settings(data=tmp_path), hands.clock)


def test_given_certificate_is_served_and_reloaded_when_it_changes(tmp_path: Path):
    hands = now_hands()
    maker = tmp_path / "maker"
    TlsKeeper(settings(data=maker), hands.clock)
    chosen = settings(
        data=tmp_path / "data", tls_certificate=maker / "server.pem", tls_key=maker / "server-key.pem"
    )
    keeper = TlsKeeper(chosen, hands.clock)
    before = shaken(keeper, maker / "ca.pem", "localhost")
    assert not (tmp_path / "data").exists()
    (maker / "server.pem").unlink()
    TlsKeeper(settings(data=maker), hands.clock)
    assert keeper.refresh()
    assert shaken(keeper, maker / "ca.pem", "localhost") != before


def test_given_certificate_that_breaks_while_running_leaves_the_old_one_in_service(tmp_path: Path):
    hands = now_hands()
    maker, other = tmp_path / "maker", tmp_path / "other"
    TlsKeeper(settings(data=maker), hands.clock)
    TlsKeeper(settings(data=other), hands.clock)
    given: dict[str, Any] = {"tls_certificate": maker / "server.pem", "tls_key": maker / "server-key.pem"}
    keeper = TlsKeeper(settings(data=tmp_path, **given), hands.clock)
    before = shaken(keeper, maker / "ca.pem", "localhost")
    (maker / "server.pem").write_bytes((other / "server.pem").read_bytes())
    with pytest.raises(TlsError, match="cannot be used together"):
        keeper.refresh()
    assert shaken(keeper, maker / "ca.pem", "localhost") == before
