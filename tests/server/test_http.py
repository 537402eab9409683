import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from relevo_server import viewer_files
from relevo_server.store.accounts import AccountStore
from tests.server.hands import ORIGIN, PASSWORD, Site, site

Play = Callable[[Site], Awaitable[None]]


def run(tmp_path: Path, play: Play, **settings: Any):
    async def on_site():
        async with site(tmp_path, **settings) as found:
            await play(found)

    asyncio.run(on_site())


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>viewer</title>", encoding="utf-8")
    (folder / "assets" / "main-1a2b.js").write_text("export {}", encoding="utf-8")
    (folder / "assets" / "zstd-3c4d.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    monkeypatch.setattr(viewer_files.build_router, "__defaults__", (folder,))
    return folder


@pytest.mark.parametrize(
    "path",
    [
        "/api/sign-in",
        "/api/sign-in/link",
        "/api/sign-out",
        "/api/tickets",
        "/api/routing-numbers",
        "/api/guest-tickets",
        "/api/presentations",
        f"/api/live/{'00' * 16}/join",
        f"/api/live/{'00' * 16}/invitations",
    ],
)
@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "http://127.0.0.1:18443", ORIGIN + ".evil.example", ORIGIN + "/"],
)
def test_every_changing_route_refuses_foreign_origins(tmp_path: Path, path: str, origin: str | None):
    async def play(found: Site):
        headers = {} if origin is None else {"origin": origin}
        answer = await found.client.post(path, json={}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")

    run(tmp_path, play)


def test_two_origins_in_one_request_are_refused(tmp_path: Path):
    async def play(found: Site):
        headers = [("origin", ORIGIN), ("origin", ORIGIN), ("content-type", "application/json")]
        answer = await found.client.post("/api/sign-out", content=b"{}", headers=headers)
        assert answer.status_code == 403

    run(tmp_path, play)


def test_the_names_of_this_machine_are_own_origins_and_a_public_one_replaces_them(tmp_path: Path):
    async def local(found: Site):
        answer = await found.post("/api/sign-out", origin="https://localhost:18443")
        assert answer.status_code == 204

    async def public(found: Site):
        assert (await found.post("/api/sign-out")).status_code == 403
        answer = await found.post("/api/sign-out", origin="https://relay.example")
        assert answer.status_code == 204
        assert (await found.client.get("/api/config")).json()["relay_origin"] == "https://relay.example"

    run(tmp_path / "a", local)
    run(tmp_path / "b", public, public_origin="https://relay.example")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_foreign_form_could_send_is_not_json(tmp_path: Path, kind: str):
    async def play(found: Site):
        answer = await found.client.post(
            "/api/sign-in", content=b"{}", headers={"origin": ORIGIN, "content-type": kind}
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "not_json")

    run(tmp_path, play)


def test_large_bodies_are_refused_whether_announced_or_not(tmp_path: Path):
    async def chunks():
        for _ in range(100):
            yield b" " * 1024

    async def play(found: Site):
        headers = {"origin": ORIGIN, "content-type": "application/json"}
        for content in (b" " * 20_000, chunks()):
            answer = await found.client.post("/api/sign-in", content=content, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")

    run(tmp_path, play)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"name": "ana"}', "password"),
        (b'{"name": 5, "password": "x"}', "name"),
        (b'{"name": "ana", "password": "x", "admin": true}', "admin"),
        (b'{"name": "ana", "password": "' + b"x" * 300 + b'"}', "password"),
        (b"[]", "body"),
        (b"{", "body"),
        (b"", "body"),
    ],
)
def test_invalid_bodies_name_the_field_and_repeat_no_value(tmp_path: Path, body: bytes, where: str):
    async def play(found: Site):
        answer = await found.client.post(
            "/api/sign-in", content=body, headers={"origin": ORIGIN, "content-type": "application/json"}
        )
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["where"]) == (422, "invalid_request", where)
        assert set(error["message"]) == set(error["remedy"]) == {"en", "es"}
        assert "xxx" not in answer.text

    run(tmp_path, play)


def test_ticket_needs_a_sign_in_and_looks_the_same_for_any_number(tmp_path: Path):
    async def play(found: Site):
        assert (await found.post("/api/tickets", {"routing": "482913"})).status_code == 401
        await found.sign_in()
        known = found.services.routing_numbers.allocate(b"s" * 16).routing
        answers = [await found.post("/api/tickets", {"routing": routing}) for routing in (known, "000000")]
        for answer in answers:
            assert answer.status_code == 200
            assert set(answer.json()) == {"ticket", "expires_in_s"}
            assert answer.json()["expires_in_s"] == 30
            assert len(answer.json()["ticket"]) == 43
        redeemed = found.services.tickets.redeem(answers[0].json()["ticket"])
        assert redeemed is not None
        assert (redeemed.account.id, redeemed.destination.routing) == (found.ana.id, known)
        assert redeemed.account.sign_in

    run(tmp_path, play)


def test_tickets_are_throttled_and_die_with_the_sign_in(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        answers = [await found.post("/api/tickets", {"routing": "482913"}) for _ in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        remedy = answers[-1].json()["error"]["remedy"]
        assert remedy["en"].startswith(f"Wait {answers[-1].headers['retry-after']} second")
        assert remedy["es"].startswith(f"Espere {answers[-1].headers['retry-after']} segundo")
        await found.post("/api/sign-out")
        assert found.services.tickets.redeem(answers[-2].json()["ticket"]) is None

    run(tmp_path, play)


def test_C16_numbers_are_reserved_by_the_signed_in_only_and_five_at_most(tmp_path: Path):
    async def play(found: Site):
        assert (await found.post("/api/routing-numbers")).status_code == 401
        await found.sign_in()
        answers = [await found.post("/api/routing-numbers") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert all(answer.json()["expires_in_s"] == 600 for answer in answers[:5])
        routing = answers[0].json()["routing"]
        assert found.services.routing_numbers.joinable(routing) is None
        assert found.services.routing_numbers.claim(routing, b"s" * 16) is not None

    run(tmp_path, play)


@pytest.mark.parametrize("routing", ["48291", "4829134", "48291a", "", "482913\n"])
def test_what_is_no_routing_number_gets_no_ticket(tmp_path: Path, routing: str):
    async def play(found: Site):
        await found.sign_in()
        answer = await found.post("/api/tickets", {"routing": routing})
        assert (answer.status_code, answer.json()["error"]["where"]) == (422, "routing")

    run(tmp_path, play)


def test_page_serves_client_routes_files_and_nothing_outside(tmp_path: Path, built: Path):
    async def play(found: Site):
        pages = ("/", "/go", "/demo", "/join", "/present", "/share", "/live", "/policy")
        for path in pages:
            answer = await found.client.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
            assert "viewer" in answer.text
        script = await found.client.get("/assets/main-1a2b.js")
        assert "javascript" in script.headers["content-type"]
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        wasm = await found.client.get("/assets/zstd-3c4d.wasm")
        assert wasm.headers["content-type"] == "application/wasm"
        for path in (
            "/assets/gone.js",
            "/gone.png",
            "/api/gone",
            "/ws/gone",
            "/%2e%2e/secret.txt",
            "/a%00b.js",
        ):
            assert (await found.client.get(path)).status_code == 404
        assert (await found.client.head("/")).status_code == 200
        assert (await found.post("/go")).status_code == 405

    run(tmp_path, play)


def test_a_viewer_that_is_not_built_is_said_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(viewer_files.build_router, "__defaults__", (tmp_path / "none",))

    async def play(found: Site):
        answer = await found.client.get("/")
        assert answer.status_code == 503
        assert "make viewer" in answer.text

    run(tmp_path, play)


def test_every_answer_carries_the_security_headers(tmp_path: Path, built: Path):
    async def play(found: Site):
        answers = [
            await found.client.get("/"),
            await found.client.get("/api/me"),
            await found.client.post("/api/sign-in"),
            await found.client.get("/assets/gone.js"),
        ]
        for answer in answers:
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; ")
            assert "frame-ancestors 'none'" in policy
            assert "'unsafe-eval'" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert "strict-transport-security" not in answer.headers
        of_page, of_answer = (one.headers["content-security-policy"] for one in answers[:2])
        assert "script-src 'self' 'wasm-unsafe-eval';" in of_page
        assert "require-trusted-types-for 'script'" in of_page
        assert "sandbox" in of_answer
        assert "-src 'self'" not in of_answer

    run(tmp_path, play)


def test_api_description_is_not_published(tmp_path: Path, built: Path):
    async def play(found: Site):
        assert (await found.client.get("/openapi.json")).status_code == 404

    run(tmp_path, play)


def test_health_readiness_and_authority(tmp_path: Path):
    async def play(found: Site):
        assert (await found.client.get("/healthz")).json() == {"status": "ok"}
        ready = await found.client.get("/readyz")
        assert (ready.status_code, set(ready.json().values())) == (200, {"ok"})
        assert (await found.client.get("/ca.pem")).status_code == 404
        (tmp_path / "ca.pem").write_text("public", encoding="utf-8")
        assert (await found.client.get("/ca.pem")).text == "public"

    run(tmp_path, play)


def test_readiness_says_when_the_schema_is_another(tmp_path: Path):
    async def play(found: Site):
        async with found.database.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
        ready = await found.client.get("/readyz")
        assert ready.status_code == 503
        assert "0000" in ready.json()["schema"]

    run(tmp_path, play)


def test_metrics_count_by_route_and_only_this_machine_reads_them(tmp_path: Path):
    async def near(found: Site):
        await found.sign_in()
        answer = await found.client.get("/metrics")
        assert (
            'relevo_http_requests_total{method="POST",route="/api/sign-in",status="200"} 1.0' in answer.text
        )
        assert 'relevo_sign_ins_total{outcome="accepted"} 1.0' in answer.text

    async def far(found: Site):
        assert (await found.client.get("/metrics")).status_code == 403

    run(tmp_path / "a", near)
    run(tmp_path / "b", far, address="192.0.2.7")


def test_metrics_keep_no_method_that_a_client_made_up(tmp_path: Path):
    async def play(found: Site):
        for method in ("BREW1", "BREW2"):
            await found.client.request(method, "/api/me")
        told = (await found.client.get("/metrics")).text
        assert "BREW" not in told
        assert 'method="other"' in told

    run(tmp_path, play)


def test_metrics_token_opens_them_from_afar_and_closes_them_for_others(tmp_path: Path):
    async def play(found: Site):
        assert (await found.client.get("/metrics")).status_code == 403
        wrong = {"authorization": "Bearer wrong-wrong-wrong"}
        assert (await found.client.get("/metrics", headers=wrong)).status_code == 403
        right = {"authorization": "Bearer sixteen-characters"}
        assert (await found.client.get("/metrics", headers=right)).status_code == 200

    run(tmp_path, play, metrics_token="sixteen-characters")


@pytest.mark.parametrize("below", [False, True])
def test_names_below_are_strict_only_where_the_operator_says_so(tmp_path: Path, below: bool):
    async def play(found: Site):
        told = (await found.client.get("/healthz")).headers["strict-transport-security"]
        assert told == ("max-age=31536000; includeSubDomains" if below else "max-age=31536000")

    behind: dict[str, Any] = {
        "plain_http": True, "behind_proxy": "127.0.0.1", "public_origin": "https://relay.example",
    }  # fmt: skip
    run(tmp_path, play, hsts_subdomains=below, **behind)


def test_declared_proxy_is_believed_and_others_are_refused_where_http_is_plain(tmp_path: Path):
    settings: dict[str, Any] = {
        "plain_http": True, "behind_proxy": "10.1.0.0/16", "public_origin": "https://relay.example",
    }  # fmt: skip

    async def through(found: Site):
        headers = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"}
        for _ in range(20):
            await found.post(
                "/api/sign-in/link", {"token": "x" * 43}, origin="https://relay.example", **headers
            )
        body = {"token": "x" * 43}
        answer = await found.post("/api/sign-in/link", body, origin="https://relay.example", **headers)
        assert answer.status_code == 429
        headers["x-forwarded-for"] = "192.0.2.8"
        answer = await found.post("/api/sign-in/link", body, origin="https://relay.example", **headers)
        assert answer.status_code == 401
        assert "strict-transport-security" in answer.headers
        assert (await found.client.get("/metrics")).status_code == 403

    async def around(found: Site):
        answer = await found.client.get("/healthz", headers={"x-forwarded-for": "10.1.2.3"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "undeclared_peer")

    run(tmp_path / "a", through, address="10.1.2.3", **settings)
    run(tmp_path / "b", around, address="192.0.2.66", **settings)


def test_forwarded_addresses_of_undeclared_peers_are_ignored(tmp_path: Path):
    async def play(found: Site):
        answer = await found.client.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"})
        assert answer.status_code == 200

    run(tmp_path, play)


def test_failures_inside_are_answered_in_words_and_logged_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)

    async def play(found: Site):
        async def broken(_self: AccountStore, _name: str) -> None:
            raise RuntimeError("the disk is on fire")

        monkeypatch.setattr(AccountStore, "by_name", broken)
        answer = await found.sign_in()
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
        assert "fire" not in answer.text
        assert answer.headers["x-request-id"]
        assert "content-security-policy" in answer.headers

    run(tmp_path, play)
    assert PASSWORD not in caplog.text
