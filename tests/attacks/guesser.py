"""Attacks by trying: passwords, codes, tickets, tokens, second steps."""

import asyncio
import base64
import secrets

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.messages.relay import ViewerHello, ViewerJoining
from relevo_server.accounts.totp import code_at
from relevo_server.clock import Clock
from tests.attacks.client import Ground, answer_to, knock
from tests.attacks.table import Needs, attack, must
from tests.support.peers import agent_at

_STEP_S = 30


@attack("G1", "429 after a few; the right password waits as well", rules="Q11 C7", apart=True)
async def passwords(ground: Ground) -> None:
    """A list of passwords is tried for one name."""
    async with ground.relay.browser() as browser:
        codes: list[int] = []
        for number in range(20):
            body = {"name": ground.name, "password": f"guessed guessed {number}"}
            codes.append((await browser.post("/api/sign-in", json=body)).status_code)
    must(200 not in codes, "a guessed password was right")
    must(codes.count(401) <= 10 and 429 in codes, f"{codes.count(401)} passwords were looked at in a row")


@attack(
    "G2",
    "three reach the customer's PC; then the number answers alike, and leads nowhere",
    rules="P7 C6 C7",
    apart=True,
)
async def code_secrets(ground: Ground) -> None:
    """The six secret digits are tried for a number that is on somebody's screen."""
    async with agent_at(ground.relay) as agent, ground.relay.signed_in() as browser:
        right = agent.code
        ends: list[str] = []
        for number in range(30):
            if "throttled" in ends:
                break
            answer = await browser.post("/api/tickets", json={"routing": right[:6]})
            if answer.status_code == 429:
                ends.append("throttled")
                break
            guess = f"{right[:6]}{(int(right[6:]) + 1 + number) % 10**6:06d}"
            ends.append((await knock(ground.relay, guess, answer.json()["ticket"])).value)
        joined = sum(isinstance(one, ViewerJoining) for one in agent.inbox.messages)
        must(joined <= 3, f"{joined} guesses reached the customer's PC")
        must("throttled" in ends, f"nobody stopped the guesses: {ends}")
        must(set(ends) <= {"code_wrong", "throttled"}, f"the answers tell apart: {ends}")


@attack("G3", "none is good; each is refused alike", rules="C3 C4", apart=True)
async def tickets(ground: Ground) -> None:
    """Forty tickets and resume tokens are made up."""
    told: set[str] = set()
    for number in range(40):
        made_up = secrets.token_urlsafe(32)
        hello = ViewerHello(
            version=PROTOCOL_VERSION,
            ticket=made_up if number % 2 else None,
            resume=None if number % 2 else made_up,
        )
        code = await answer_to(ground.relay, hello)
        must(code is not None, "a made-up ticket was good")
        told.add(str(code))
    must(told == {"ticket_invalid", "resume_invalid"}, f"{told}")


@attack("G4", "429 after a few, and none is good", rules="Q9", apart=True)
async def tokens(ground: Ground) -> None:
    """Tokens of programs are made up."""
    async with ground.relay.browser() as browser:
        codes: list[int] = []
        for _ in range(60):
            headers = {"authorization": f"Bearer relevo_{secrets.token_urlsafe(32)}"}
            codes.append((await browser.get("/api/admin/people", headers=headers)).status_code)
    must(set(codes) <= {401, 429}, f"{set(codes)}")
    must(429 in codes, "sixty made-up tokens in a row were looked up")


@attack(
    "G5",
    "five tries for one sign-in; a replayed code and a used recovery code are refused",
    rules="Q4 Q5",
    needs=Needs.OWN,
    apart=True,
)
async def second_steps(ground: Ground) -> None:
    """Who has the password tries the six digits, the code seen over a shoulder, and a used recovery code."""
    relay = ground.relay
    await relay.add_account("vera")
    async with relay.signed_in("vera") as victim:
        begun = await victim.post("/api/me/totp", json={})
        must(begun.status_code == 200, f"no app: {begun.status_code} {begun.text[:100]}")
        secret = base64.b32decode(begun.json()["secret"])
        seen = code_at(secret, int(Clock().wall_s() // _STEP_S))
        confirmed = await victim.post("/api/me/totp/confirm", json={"code": seen})
        must(confirmed.status_code == 200, f"not confirmed: {confirmed.text[:100]}")
        recovery = confirmed.json()["recovery"][0]
    first = {"name": "vera", "password": ground.password}
    async with relay.browser() as thief:
        begun = await thief.post("/api/sign-in", json=first)
        challenge = begun.json()["challenge"]
        replayed = await thief.post("/api/sign-in/second", json={"challenge": challenge, "totp": seen})
        must(replayed.status_code == 401, f"the code was good twice: {replayed.status_code}")
        statuses: list[int] = []
        for number in range(12):
            guess = f"{number:06d}"
            body = {"challenge": challenge, "totp": guess}
            statuses.append((await thief.post("/api/sign-in/second", json=body)).status_code)
        must(200 not in statuses, "a guess was right")
        late = await thief.post("/api/sign-in/second", json={"challenge": challenge, "recovery": recovery})
        must(late.status_code != 200, "after twelve wrong steps the challenge still lives")
        must((await thief.get("/api/me")).status_code == 401, "signed in with half of it")


@attack(
    "G6", "alike: an unknown number, an expired one and a living one", rules="C6", needs=Needs.OWN, apart=True
)
async def numbers(ground: Ground) -> None:
    """Which numbers are alive? A hundred are asked for."""
    async with agent_at(ground.relay) as agent, ground.relay.signed_in() as browser:
        told: set[tuple[int, tuple[str, ...]]] = set()
        for routing in (agent.routing, "000000", "999999"):
            answer = await browser.post("/api/tickets", json={"routing": routing})
            told.add((answer.status_code, tuple(sorted(answer.json()))))
        must(len(told) == 1, f"tickets tell a living number apart: {told}")
        many = await asyncio.gather(
            *(browser.post("/api/tickets", json={"routing": f"{n:06d}"}) for n in range(100))
        )
        given = sum(answer.status_code == 200 for answer in many)
        must(given <= 25, f"{given} tickets at once for one account")
