"""A hundred thousand guesses at join codes, or a million, with a clock by hand (SPEC C5-C7, P7).

The registry, numbers and throttles are the server's own; the customers' agents are played, and the digits of
their codes and of the guesses come from one seed. The million:
``RELEVO_GUESSES=1000000 pytest tests/server/test_guesses.py``.
"""

import os
import random
from dataclasses import dataclass, field, replace
from pathlib import Path

from relevo_protocol.codec import relay_message, relay_to_agent
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_HOST, Header, MessageType, body_of, parse_header
from relevo_protocol.limits import CODE_TRIES
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    CodeRequest,
    CodeSpent,
    RemoveViewer,
    ViewerJoining,
)
from relevo_server.access.destination import Destination
from relevo_server.access.throttle import account_key, address_keys
from relevo_server.app import create_app
from relevo_server.edge.desk import Desk
from relevo_server.metrics import Metrics
from relevo_server.relay.line import Line
from relevo_server.relay.party import Party, deliver
from relevo_server.relay.policies import Side
from relevo_server.relay.registry import Opening
from relevo_server.relay.seat import Identity
from tests.server.hands import Hands, settings

GUESSES = int(os.environ.get("RELEVO_GUESSES", "100000"))
_ACCOUNTS = 40
_CUSTOMERS = 10
_EACH_S = 0.02
_NEW_CODE_S = 60.0


@dataclass
class Customer:
    """A played agent: it counts the tries at its code, kills it after the third, and shows another later."""

    desk: Desk
    digits: random.Random
    line: Line = field(init=False)
    party: Party = field(init=False)
    routing: str = ""
    secret: str = ""
    tries: int = 0
    most_tries: int = 0
    codes: int = 0
    due_s: float = float("inf")

    def __post_init__(self) -> None:
        self.line = Line(Side.AGENT, self.desk.policies)
        hello = AgentHello(version=1, agent_version="1")
        party = self.desk.registry.open_agent(self.line, hello, Opening())
        assert party is not None
        self.party = party
        self.hear()

    def say(self, message: Message) -> None:
        deliver(self.party, self.line, relay_message(message))

    def hear(self) -> list[ViewerJoining]:
        """Take what the relay says; who is announced."""
        joining: list[ViewerJoining] = []
        while (message := self.line.outbox.pop()) is not None:
            if parse_header(message).type is not MessageType.RELAY:
                continue
            match relay_to_agent.decode(body_of(message)):
                case AgentWelcome(routing=str(routing)) | CodeIssued(routing=routing):
                    self.routing, self.secret = routing, f"{self.digits.randrange(10**6):06d}"
                    self.tries, self.codes, self.due_s = 0, self.codes + 1, float("inf")
                case ViewerJoining() as one:
                    joining.append(one)
                case _:
                    pass
        return joining

    def refuse(self, link: int, now_s: float) -> None:
        self.tries += 1
        self.most_tries = max(self.most_tries, self.tries)
        dead = self.tries >= CODE_TRIES
        self.say(RemoveViewer(link=link, code=ErrorCode.CODE_DEAD if dead else ErrorCode.CODE_WRONG))
        if dead:
            self.say(CodeSpent())
            self.due_s = now_s + _NEW_CODE_S


class Guesser:
    """Somebody with forty accounts and as many addresses."""

    def __init__(self, desk: Desk, hands: Hands, seed: int) -> None:
        self.desk, self.hands = desk, hands
        self.digits = random.Random(seed)
        self.customers = [Customer(desk, self.digits) for _ in range(_CUSTOMERS)]
        self.who = [Identity(f"a{n}", f"A {n}", "Prueba") for n in range(_ACCOUNTS)]
        self.admitted = 0
        self.reached = 0
        self.joined = 0

    def guess(self, number: int) -> None:
        """One guess: of a number that is on a screen, which they can see, or of any."""
        who = self.who[number % _ACCOUNTS]
        if not self._may(who, f"192.0.2.{number % _ACCOUNTS}"):
            return
        self.admitted += 1
        known = self.digits.random() < 0.5
        seen = self.digits.choice(self.customers).routing
        routing = seen if known else f"{self.digits.randrange(10**6):06d}"
        line = Line(Side.VIEWER, self.desk.policies)
        party = self.desk.registry.join(line, Destination(routing=routing), who)
        for customer in self.customers:
            for joining in customer.hear():
                self._try(customer, joining, party, line)
        party.gone(ErrorCode.CODE_WRONG)

    def _may(self, who: Identity, address: str) -> bool:
        """As the routes and the socket ask their throttles, one after the other."""
        desk, throttles = self.desk, self.desk.services.throttles
        account, addresses = account_key(who.account_id), address_keys(address)
        return (
            throttles.ticket_account.charge(account) <= 0.0
            and throttles.ticket_address.charge(*addresses) <= 0.0
            and throttles.connect_address.charge(*addresses) <= 0.0
            and desk.wrong_by_account.charge(account) <= 0.0
            and desk.wrong_by_address.charge(*addresses) <= 0.0
        )

    def _try(self, customer: Customer, joining: ViewerJoining, party: Party, line: Line) -> None:
        self.reached += 1
        flight = Header(MessageType.HANDSHAKE, dst=DST_HOST, key_id=joining.link).pack() + b"flight"
        deliver(party, line, flight)
        if f"{self.digits.randrange(10**6):06d}" == customer.secret and customer.due_s == float("inf"):
            self.joined += 1
        customer.refuse(joining.link, self.hands.now_s())

    def wait(self) -> None:
        """Time passes; whose code is dead shows a new one after a minute."""
        self.hands.turn(_EACH_S)
        for customer in self.customers:
            if self.hands.now_s() >= customer.due_s:
                customer.due_s = float("inf")
                customer.say(CodeRequest())
                customer.hear()


def test_C7_P7_of_all_guesses_none_joins_and_three_reach_a_code(tmp_path: Path) -> None:
    hands = Hands()
    app = create_app(settings(data=tmp_path), clock=hands.clock)
    services = replace(app.state.services, metrics=Metrics())
    desk = Desk(services)
    draws = random.Random(5)
    services.routing_numbers._draw = draws.randrange
    guesser = Guesser(desk, hands, seed=3)
    for number in range(GUESSES):
        guesser.guess(number)
        guesser.wait()
        desk.around.records.clear()
        if number % 500 == 0:
            desk.registry.tick()
    lasted_s = GUESSES * _EACH_S
    assert guesser.joined == 0
    assert max(one.most_tries for one in guesser.customers) <= CODE_TRIES
    assert guesser.reached <= CODE_TRIES * sum(one.codes for one in guesser.customers)
    # Twelve wrong codes of an account at once, then one in a minute: the throttles let no more through.
    assert guesser.admitted <= _ACCOUNTS * (12 + lasted_s / 60 + 1)
    assert guesser.reached > 3, "the guesses did not get as far as a customer"
    assert len(services.throttles.ticket_account) <= 65_536
