"""Attacks on the HTTP interface: other sites' pages, odd requests, others' things."""

import asyncio
import json
import re
from typing import Final

import httpx
from argon2 import PasswordHasher

from relevo_protocol.modes import Standing
from relevo_server.clock import Clock
from relevo_server.store.accounts import AccountStore, NewAccount
from relevo_server.store.audit import AuditEvent
from relevo_server.store.database import Database
from relevo_server.store.organisations import OrganisationStore
from tests.attacks.client import FOREIGN, Ground, status_of
from tests.attacks.table import Needs, attack, must
from tests.server.hands import routes

_COOKIE: Final = "__Host-relevo"
_JSON: Final = {"content-type": "application/json"}
_HEADERS: Final = ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy")


@attack("H1", "refused; nothing was done", rules="Q3")
async def foreign_page(ground: Ground) -> None:
    """Another site's page signs its visitor out, by a script, a form or a sandbox."""
    origins = [FOREIGN, "null", "", ground.relay.origin + ".evil.example", ground.relay.origin.upper()]
    async with ground.relay.signed_in() as browser:
        for origin in origins:
            answer = await browser.post("/api/sign-out", json={}, headers={"origin": origin})
            must(answer.status_code == 403, f"a write from {origin!r} was answered {answer.status_code}")
        for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
            answer = await browser.post("/api/sign-out", content=b"{}", headers={"content-type": kind})
            must(answer.status_code == 415, f"a form of {kind} was answered {answer.status_code}")
        must((await browser.get("/api/me")).status_code == 200, "the visitor is signed out")


@attack("H2", "the browser gets a cookie of its own; the planted one opens nothing", rules="Q1 Q2")
async def fixation(ground: Ground) -> None:
    """The attacker plants a cookie in the victim's browser before it signs in."""
    planted = "A" * 43
    async with ground.relay.browser() as victim, ground.relay.browser() as thief:
        body = {"name": ground.name, "password": ground.password}
        answer = await victim.post("/api/sign-in", json=body, headers={"cookie": f"{_COOKIE}={planted}"})
        must(answer.status_code == 200, f"the sign-in was answered {answer.status_code}")
        given = answer.headers["set-cookie"]
        must(planted not in given, "the planted cookie was taken over")
        for word in ("Secure", "HttpOnly", "Path=/", "samesite=strict"):
            must(word.lower() in given.lower(), f"the cookie has no {word}")
        must("domain=" not in given.lower(), "the cookie is good for other hosts")
        stolen = await thief.get("/api/me", headers={"cookie": f"{_COOKIE}={planted}"})
        must(stolen.status_code == 401, "the planted cookie is signed in")


@attack("H3", "the name is reflected nowhere; its own pages may not write", rules="Q3")
async def foreign_name(ground: Ground) -> None:
    """A request names another host, as by DNS rebinding or a poisoned cache."""
    for target in ("/", "/api/me", "/join", "//evil.example/", "/api/oidc/start?to=https://evil.example"):
        for header in ("Host: evil.example", f"Host: {ground.host}\r\nX-Forwarded-Host: evil.example"):
            request = f"GET {target} HTTP/1.1\r\n{header}\r\nConnection: close\r\n\r\n"
            answer = await ground.say(request.encode())
            head, _, body = answer.partition(b"\r\n\r\n")
            must(b"evil.example" not in head, f"{target}: another host's name is in the headers")
            must(b"evil.example" not in body, f"{target}: another host's name is in the page")
    request = (
        "POST /api/sign-out HTTP/1.1\r\nHost: evil.example\r\nOrigin: https://evil.example\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    must(status_of(await ground.say(request.encode())) == 403, "a rebound page may write")


@attack("H4", "the page of the product or 404, never a file of the machine", rules="X1")
async def paths(ground: Ground) -> None:
    """Dots, slashes and escapes lead out of the folder of the page."""
    ways = ["..", "%2e%2e", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c..", "..\\..", "....//....", "%252e%252e"]
    ends = ["etc/passwd", "pyproject.toml", "relevo.db", "audit.key", "secrets.key", "ca.key"]
    targets = [f"/{base}{way}/{way}/{end}" for base in ("", "assets/") for way in ways for end in ends]
    targets += [
        "/assets/%00",
        "/%c0%ae%c0%ae/etc/passwd",
        "/assets//etc/passwd",
        "//etc/passwd",
        "/.git/config",
    ]
    targets += ["/assets/..;/x", "/assets/CON", "/assets/x::$DATA", "/" + "a/" * 3000]
    marks = (b"root:", b"[project]", b"SQLite format", b"PRIVATE KEY", b"[core]")
    for target in targets:
        answer = await ground.get(target)
        must(status_of(answer) in {200, 400, 404, 414, 0}, f"{target[:60]}: {status_of(answer)}")
        head, _, body = answer.partition(b"\r\n\r\n")
        must(not any(mark in body for mark in marks), f"{target[:60]} gives a file of the machine")
        must(b"location:" not in head.lower(), f"{target[:60]} leads elsewhere")


@attack("H5", "dead at once, for the thief too", rules="Q1 C25")
async def after_sign_out(ground: Ground) -> None:
    """A cookie that was stolen is used after its owner has signed out."""
    async with ground.relay.signed_in() as owner, ground.relay.browser() as thief:
        cookie = {"cookie": f"{_COOKIE}={owner.cookies[_COOKIE]}"}
        must((await thief.get("/api/me", headers=cookie)).status_code == 200, "the attack did not begin")
        must((await owner.post("/api/sign-out", json={})).status_code == 204, "no sign-out")
        must((await thief.get("/api/me", headers=cookie)).status_code == 401, "the stolen cookie lives on")
        ticket = await thief.post("/api/tickets", json={"routing": "000000"}, headers=cookie)
        must(ticket.status_code == 401, "the stolen cookie gets tickets")


@attack(
    "H6", "the address of the connection counts: throttled, and recorded as it is", rules="X4", apart=True
)
async def spoofed_address(ground: Ground) -> None:
    """Each wrong password comes from another address, says a header."""
    seen: set[int] = set()
    async with ground.relay.browser() as browser:
        for number in range(30):
            forwarded = {"x-forwarded-for": f"198.51.100.{number}", "forwarded": f"for=198.51.100.{number}"}
            body = {"name": f"nobody-{number}", "password": "wrong wrong wrong"}
            answer = await browser.post("/api/sign-in", json=body, headers=forwarded)
            seen.add(answer.status_code)
    must(429 in seen, f"thirty wrong passwords from one machine: {sorted(seen)}")


_BODIES: Final[tuple[bytes, ...]] = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"1" * 10_000,
    b"[" * 8_000,
    b'{"a":' * 3_000,
    b'{"name":NaN,"password":Infinity}',
    b'{"name":"\\ud800","password":"\\udfff\\u0000"}',
    b'{"name":"a\\u0000b","password":"x"}',
    b"\xff\xfe{\x00}\x00",
    b'{"name":{"$ne":""},"password":{"$gt":""}}',
    b'{"name":"ana","name":"eva","password":"x"}',
    b'{"name":"ana","password":"x","is_admin":true}',
    b'{"__proto__":{"is_admin":true},"name":"ana","password":"x"}',
    json.dumps({"name": "ana' OR 1=1 --", "password": "x"}).encode(),
    json.dumps({"name": "\u202eana", "password": "x" * 300}).encode(),
    b'{"routing":1e400}',
    b'{"routing":"000000\\n"}',
    '{"routing":"٠١٢٣٤٥"}'.encode(),
)


@attack("H7", "refused as what it is (4xx); never an error of the server", rules="X6", apart=True)
async def odd_bodies(ground: Ground) -> None:
    """Bodies that are no JSON, too deep, too large, of the wrong kind, or meant for another parser."""
    targets = [
        "/api/sign-in",
        "/api/sign-in/link",
        "/api/sign-in/second",
        "/api/tickets",
        "/api/guest-tickets",
    ]
    targets += ["/api/me/password", "/api/reauth", "/api/sign-in/passkey", "/api/live/x/join"]
    targets += ["/api/live/" + "0" * 32 + "/join", "/api/admin/people", "/api/admin/policy", "/api/me/tokens"]
    async with ground.relay.signed_in() as browser:
        for target in targets:
            for body in _BODIES:
                answer = await browser.post(target, content=body, headers=_JSON)
                fits = 400 <= answer.status_code < 500
                must(fits, f"{target} {body[:40]!r}: {answer.status_code}")
        large = await browser.post("/api/sign-in", content=b" " * 2**20, headers=_JSON)
        must(large.status_code in {400, 413}, f"a body of 1 MiB: {large.status_code}")
        must((await browser.get("/api/me")).status_code == 200, "the server is out of step")


@attack("H8", "one answer, then the connection is closed", rules="X2 X7")
async def smuggling(ground: Ground) -> None:
    """A second request is hidden in the first one's body, by lengths that contradict each other."""
    hidden = f"GET /api/config HTTP/1.1\r\nHost: {ground.host}\r\n\r\n"
    start = f"POST /api/sign-in HTTP/1.1\r\nHost: {ground.host}\r\nContent-Type: application/json\r\n"
    lengths = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: +0\r\n\r\n",
        "Content-Length: 0x0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n00000000000000000\n\r\n",
        "Content-Length: 0\rX: y\r\n\r\n",
        "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\n",
    ]
    for length in lengths:
        for before in ("", hidden):
            answer = await ground.say((before + start + length + hidden).encode())
            got = re.findall(rb"HTTP/1\.1 (\d{3})", answer)
            must(len(got) <= (2 if before else 1), f"{length[:50]!r} gives {len(got)} answers")
            must(all(status < b"500" for status in got), f"{length[:50]!r}: {got}")


@attack("H9", "bounded, and without a word of the server's insides", rules="X2 X6")
async def odd_requests(ground: Ground) -> None:
    """Methods, versions, headers and targets that no browser sends."""
    host = f"Host: {ground.host}\r\n"
    requests = [
        f"TRACE / HTTP/1.1\r\n{host}\r\n",
        f"CONNECT evil.example:443 HTTP/1.1\r\n{host}\r\n",
        f"GET http://evil.example/ HTTP/1.1\r\n{host}Connection: close\r\n\r\n",
        f"PROPFIND /api/me HTTP/1.1\r\n{host}Connection: close\r\n\r\n",
        f"DELETE /api/me HTTP/1.1\r\n{host}Connection: close\r\n\r\n",
        f"GET /api/me HTTP/9.9\r\n{host}\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\n{host}X: {'a' * 200_000}\r\n\r\n",
        "GET / HTTP/1.1\r\n" + "".join(f"X{n}: y\r\n" for n in range(5_000)) + "\r\n",
        f"GET /{'a' * 100_000} HTTP/1.1\r\n{host}\r\n",
        f"GET /api/me HTTP/1.1\r\n{host}Cookie: {'a=b; ' * 3_000}\r\nConnection: close\r\n\r\n",
        f"GET /api/me HTTP/1.1\r\n{host}Cookie: __Host-relevo=\u00ff\u00fe\r\nConnection: close\r\n\r\n",
        f"GET /api/admin/audit?before=%00&limit={9**30} HTTP/1.1\r\n{host}Connection: close\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    for request in requests:
        answer = await ground.say(request.encode("latin-1"))
        must(status_of(answer) < 500, f"{request[:40]!r}: {status_of(answer)}")
        told = [mark for mark in (b"Traceback", b"relevo_server", b"site-packages", b".py") if mark in answer]
        must(not told or b"<!doctype" in answer[:2000].lower(), f"{request[:40]!r} tells {told}")


@attack("H10", "each with its policy, none cached, none readable by others", rules="Q2 X6")
async def answers(ground: Ground) -> None:
    """An answer, of whatever kind, is framed, sniffed or read by another site's page."""
    async with ground.relay.browser() as browser:
        for path in ("/", "/api/me", "/api/config", "/api/none", "/none", "/healthz", "/assets/none.js"):
            answer = await browser.get(path, headers={"origin": FOREIGN})
            missing = [name for name in _HEADERS if name not in answer.headers]
            must(not missing, f"{path} lacks {missing}")
            must("access-control-allow-origin" not in answer.headers, f"{path} is readable by others")
            policy = answer.headers["content-security-policy"]
            must("default-src 'none'" in policy, f"{path}: {policy[:60]}")
            must("unsafe-eval'" not in policy.replace("wasm-unsafe-eval'", ""), f"{path} evaluates text")
            if path.startswith("/api/"):
                must(answer.headers.get("cache-control") == "no-store", f"{path} is cached")
                must(answer.headers["content-type"].startswith("application/json"), f"{path} is no JSON")


@attack("H11", "as if they did not exist", rules="Q14 C29", needs=Needs.OWN)
async def other_organisation(ground: Ground) -> None:
    """The administrator of one organisation asks for another's people, record and reports."""
    assert ground.folder is not None
    relay = ground.relay
    await _found(ground)
    victim = await relay.add_account("victor")
    async with relay.signed_in("mallory") as browser, relay.signed_in("victor") as theirs:
        people = await browser.get("/api/admin/people")
        must(people.status_code == 200, f"the attack did not begin: {people.status_code}")
        must("victor" not in people.text, "people of another organisation are listed")
        audit = await browser.get("/api/admin/audit")
        must(victim.id not in audit.text, "the record of another organisation is shown")
        export = await browser.get("/api/admin/audit/export?format=jsonl")
        must(victim.id not in export.text, "the record of another organisation is exported")
        for act in ("disable", "enable", "link", "reset-factors", "sign-out", ""):
            path = f"/api/admin/people/{victim.id}/{act}".rstrip("/")
            body: dict[str, str] = {} if act else {"display_name": "Owned"}
            answer = await browser.post(path, json=body)
            unknown = await browser.post(path.replace(victim.id, "f" * 32), json=body)
            must(answer.status_code == unknown.status_code, f"{path}: {answer.status_code}")
            must(400 <= answer.status_code < 500, f"{path}: {answer.status_code}")
        me = await theirs.get("/api/me")
        must(me.status_code == 200 and "Owned" not in me.text, "the victim was changed")


@attack("H12", "403 for each of them, 401 without a sign-in", rules="Q14", needs=Needs.OWN)
async def every_route(ground: Ground) -> None:
    """Somebody without an office, or without a sign-in, calls each route of administration there is."""
    relay = ground.relay
    assert relay.app is not None
    await relay.add_account("tom")
    await relay.add_account("sue", standing=Standing.EXPERT, admin_tools=True)
    asked = [one for one in routes(relay.app) if one[1].startswith("/api/admin/")]
    must(len(asked) > 10, f"only {len(asked)} routes were found")
    async with relay.signed_in("tom") as tom, relay.signed_in("sue") as sue, relay.browser() as nobody:
        for method, path in asked:
            url = re.sub(r"\{[^}]*\}", "0" * 32, path)
            for browser, due in ((tom, 403), (sue, 403), (nobody, 401)):
                body: dict[str, str] | None = {} if method == "POST" else None
                answer = await browser.request(method, url, json=body)
                fits = {due, 422} if method == "POST" else {due, 405}
                must(answer.status_code in fits, f"{method} {path}: {answer.status_code}, {due} was due")


@attack("H13", "refused: a program's token is no person, and a person's cookie no program's", rules="Q9")
async def mixed_proofs(ground: Ground) -> None:
    """A bearer token beside a cookie, a cookie's token as a bearer, a token on a person's route."""
    async with ground.relay.signed_in() as browser:
        cookie = browser.cookies[_COOKIE]
        for bearer in ("relevo_" + "A" * 43, cookie, ".", "x" * 5_000, "relevo_" + cookie):
            for path in ("/api/me", "/api/admin/people", "/api/me/sign-ins"):
                answer = await browser.get(path, headers={"authorization": f"Bearer {bearer}"})
                must(answer.status_code in {401, 429}, f"{path} with {bearer[:12]!r}: {answer.status_code}")
    async with httpx.AsyncClient(
        base_url=ground.relay.origin, verify=ground.relay.tls, timeout=30
    ) as program:
        answer = await program.post("/api/sign-out", json={}, headers={"authorization": f"Bearer {cookie}"})
        must(answer.status_code in {401, 403, 204}, f"a token for a person's act: {answer.status_code}")
        told = await program.get("/api/me", headers={"cookie": f"{_COOKIE}={cookie}"})
        must(told.status_code == 200, "a cookie's token ended a sign-in as a bearer")


@attack("H14", "the same answer, and no account is named", rules="Q11", apart=True)
async def names(ground: Ground) -> None:
    """Is there an account of this name? A wrong password is tried for it, and for one that is none."""
    async with ground.relay.browser() as browser:
        told: list[tuple[int, str]] = []
        for one in (ground.name, "nobody-of-this-name"):
            answer = await browser.post("/api/sign-in", json={"name": one, "password": "wrong wrong wrong"})
            told.append((answer.status_code, answer.text))
        must(told[0] == told[1], f"they are answered differently: {told}")


@attack("H15", "taken once", rules="Q8 Q16", needs=Needs.OWN)
async def race_of_links(ground: Ground) -> None:
    """A one-time link is opened by two browsers at the same moment."""
    async with ground.relay.signed_in() as boss:
        people = (await boss.get("/api/admin/people")).json()["people"]
        victim = await ground.relay.add_account("nina")
        made = await boss.post(f"/api/admin/people/{victim.id}/link", json={})
        must(made.status_code in {200, 201}, f"no link: {made.status_code} {made.text[:80]} {len(people)}")
        token = re.search(r"[A-Za-z0-9_-]{43}", made.text)
        must(token is not None, f"no token in {made.text[:80]}")
        assert token is not None
        async with ground.relay.browser() as one, ground.relay.browser() as two:
            body = {"token": token.group()}
            both = await asyncio.gather(*(b.post("/api/sign-in/link", json=body) for b in (one, two)))
        good = [answer.status_code for answer in both].count(200)
        must(good == 1, f"a one-time link was good {good} times: {[a.status_code for a in both]}")


async def _found(ground: Ground) -> None:
    """Another organisation, with Mallory as its administrator."""
    assert ground.folder is not None
    database = Database(f"sqlite:///{ground.folder / 'relevo.db'}")
    try:
        event = AuditEvent(Clock().wall_s(), "command line", "organisation.created")
        await OrganisationStore(database, "Prueba").create("other", "Otra", event)
        password = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(ground.password)
        new = NewAccount("mallory", "Mallory", "en", True, password, organisation_id="other")
        await AccountStore(database, Clock(), "Otra").create(new, "test")
    finally:
        await database.close()
