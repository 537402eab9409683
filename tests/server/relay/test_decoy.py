"""The decoy without sockets (SPEC C6)."""

from dataclasses import replace

import msgspec

import relevo_agent
from relevo_protocol.crypto import ChannelContext, Credential, ViewerHandshake, ViewerIdentity
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import MessageType, parse_header
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages.relay import RelayError, ViewerWelcome
from relevo_protocol.modes import Mode
from relevo_server.access.destination import Destination
from relevo_server.relay.policies import Policies
from tests.server.relay.hands import ANA, Bench, Peer, to_host


def _flight_1(bench: Bench, viewer: Peer, guess: bytes) -> tuple[ViewerHandshake, int]:
    welcome = viewer.only(ViewerWelcome)
    context = ChannelContext(welcome.origin, welcome.session_id)
    me = ViewerIdentity(ANA.account_id, ANA.display_name, ANA.organisation, "observer")
    handshake = ViewerHandshake(context, Credential("code", guess), me)
    viewer.say(to_host(MessageType.HANDSHAKE, welcome.link, handshake.hello()))
    return handshake, welcome.link


def _wait(bench: Bench, viewer: Peer) -> None:
    assert viewer.party is not None
    due_s = viewer.party.due_in_s()
    assert due_s is not None
    assert 0.020 <= due_s <= 0.120
    bench.at_s += due_s
    viewer.party.act()


def test_C6_an_unknown_number_is_answered_by_a_handshake_that_fails() -> None:
    bench = Bench()
    viewer = bench.viewer("999999")
    handshake, link = _flight_1(bench, viewer, b"123456")
    assert viewer.raw() == []
    _wait(bench, viewer)
    (flight_2,) = viewer.raw()
    viewer.say(to_host(MessageType.HANDSHAKE, link, handshake.prove(flight_2[HEADER_BYTES:])))
    assert viewer.raw() == []
    _wait(bench, viewer)
    assert viewer.only(RelayError).code is ErrorCode.CODE_WRONG
    assert viewer.line.ending is not None
    assert viewer.party is not None
    assert viewer.party.due_in_s() is None


def test_C6_a_decoy_says_of_itself_what_a_common_agent_says_whatever_agents_are_connected() -> None:
    bench = Bench()
    bench.agent().raw()  # of another version
    viewer = bench.viewer("999999")
    _flight_1(bench, viewer, b"123456")
    _wait(bench, viewer)
    (message,) = viewer.raw()
    flight = msgspec.msgpack.decode(message[HEADER_BYTES:])
    identity = msgspec.msgpack.decode(flight["host_identity"])
    assert identity["agent_version"] == relevo_agent.__version__
    assert identity["modes"] == [mode.value for mode in Mode if mode is not Mode.ADMINISTRATOR]
    assert identity["recording"] == "off"


def test_C6_nothing_of_a_decoy_is_stored_or_found() -> None:
    bench = Bench()
    viewer = bench.viewer("999999")
    welcome = viewer.only(ViewerWelcome)
    assert not bench.records
    assert bench.registry.find(welcome.session_id) is None
    assert bench.back(welcome.resume).only(RelayError).code is ErrorCode.RESUME_INVALID
    assert bench.registry.census().sessions == 0


def test_C6_no_resume_secret_opens_a_decoy() -> None:
    bench = Bench()
    viewer = bench.viewer("999999")
    welcome = viewer.only(ViewerWelcome)
    me = ViewerIdentity(ANA.account_id, ANA.display_name, ANA.organisation, "observer")
    context = ChannelContext(welcome.origin, welcome.session_id)
    credential = Credential("resume", bytes(32), bytes(8))
    hello = ViewerHandshake(context, credential, me).hello()
    viewer.say(to_host(MessageType.HANDSHAKE, welcome.link, hello))
    _wait(bench, viewer)
    assert viewer.only(RelayError).code is ErrorCode.RESUME_INVALID


def test_decoys_are_bounded_and_die_in_time() -> None:
    bench = Bench(Policies(max_decoys=3))
    peers = [bench.viewer(f"{n:06d}") for n in range(10)]
    decoys = bench.registry._decoys
    assert len(decoys) == 3
    bench.turn(21)  # no flight came: each viewer is told so, as by a real session
    assert peers[-1].heard()[-1] == RelayError(
        code=ErrorCode.DEADLINE, detail="the handshake or its consent took too long"
    )
    bench.turn(601)
    assert len(decoys) == 0


def test_C6_a_number_of_a_session_whose_host_is_away_is_a_decoy_too() -> None:
    bench = Bench()
    agent = bench.agent()
    (routing,) = bench.numbers.led
    assert agent.party is not None
    agent.party.gone(ErrorCode.DEADLINE)
    viewer = bench.viewer(routing)
    welcome = viewer.only(ViewerWelcome)
    assert welcome.host_present
    assert welcome.session_id != bench.numbers.led[routing]


def test_C6_who_sits_at_a_decoy_that_gave_way_is_looked_after_until_they_are_gone() -> None:
    bench = Bench(Policies(max_decoys=1))
    evicted = bench.viewer("111111")
    bench.viewer("222222")
    decoys = bench.registry._decoys
    assert len(decoys) == 1
    assert len(decoys._old) == 1
    evicted.heard()
    bench.turn(21)  # the handshake's deadline
    assert isinstance(evicted.heard()[-1], RelayError)
    assert decoys._old == []


def test_C25_who_is_withdrawn_leaves_a_decoy_that_gave_way() -> None:
    bench = Bench(Policies(max_decoys=1))
    evicted = bench.enter(Destination(routing="111111"), ANA)
    bench.enter(Destination(routing="222222"), replace(ANA, account_id="b"))
    decoys = bench.registry._decoys
    assert ANA in decoys.seated()
    decoys.withdraw(lambda who: who == ANA)
    assert ANA not in decoys.seated()
    assert evicted.line.ending is not None


def test_C6_who_sits_at_a_decoy_whose_code_died_is_not_forgotten_for_the_next() -> None:
    bench = Bench()
    bench.viewer("999999")
    decoys = bench.registry._decoys
    (first,) = decoys._hosts.values()
    first.dies_s = bench.at_s
    bench.enter(Destination(routing="999999"), replace(ANA, account_id="b"))
    assert {who.account_id for who in decoys.seated()} == {ANA.account_id, "b"}
    assert decoys._old == [first]


def test_C6_who_leaves_before_the_answer_takes_it_along_and_others_are_answered() -> None:
    bench = Bench()
    for _ in range(100):
        viewer = bench.viewer("999999")
        welcome = viewer.only(ViewerWelcome)
        viewer.say(to_host(MessageType.HANDSHAKE, welcome.link, b"no flight"))
        assert viewer.party is not None
        viewer.party.gone(ErrorCode.DEADLINE)
    last = bench.enter(Destination(routing="999999"), replace(ANA, account_id="b"))
    _, link = _flight_1(bench, last, b"123456")
    bench.turn(1.0)
    (flight_2,) = last.raw()
    assert parse_header(flight_2).key_id == link
