"""One session's thread: what ends it, and that its end is seen."""

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent.app import Agent
from relevo_agent.config import AgentConfig
from relevo_agent.features.worker import Halts
from relevo_agent.hands import Hands
from relevo_agent.life import Life
from relevo_agent.link.address import relay_address
from relevo_agent.link.failures import FailureKind, LinkFailure
from relevo_agent.pipeline.types import Outgoing, Stats
from relevo_agent.platform.base import Key
from relevo_agent.session.actions import (
    Action,
    CloseLink,
    Ended,
    Notice,
    Phase,
    Question,
    SetDecoders,
    Snapshot,
)
from relevo_agent.session.core import Session
from relevo_protocol.errors import ErrorCode
from relevo_protocol.frame import CodecId, UpdateKind
from relevo_protocol.messages.input import SpecialCombo


@dataclass
class Witness:
    """A front that remembers."""

    snapshots: list[Snapshot] = field(default_factory=list[Snapshot])
    over: threading.Event = field(default_factory=threading.Event)
    code: ErrorCode | None = None
    final: bool | None = None

    def show(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def ask(self, question: Question) -> None: ...

    def withdraw(self, question_id: int) -> None: ...

    def tell(self, notice: Notice, who: str, why: str = "") -> None: ...

    def receipt(self, path: Path) -> None: ...

    def failed(self, kind: FailureKind, *, final: bool) -> None:
        self.final = final

    def ended(self, code: ErrorCode) -> None:
        self.code = code
        self.over.set()


class Keyboard:
    """An injector that counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def move(self, x_px: int, y_px: int) -> None: ...

    def button(self, button: int, *, down: bool) -> None: ...

    def wheel(self, right: int, down: int) -> None: ...

    def key(self, key: Key, *, down: bool) -> None: ...

    def type_text(self, text: str) -> None: ...

    def can_combo(self, combo: SpecialCombo) -> bool:
        return True

    def close(self) -> None:
        self.closed += 1


def config(keyboard: Keyboard | None = None) -> AgentConfig:
    return AgentConfig(
        address=relay_address("http://127.0.0.1:9", None),
        device_key=Ed25519PrivateKey.generate(),
        display=None,
        injector=keyboard,
        halts=Halts(),
    )


@pytest.mark.parametrize("where", ["tick", "answered"])
def test_a_session_that_breaks_is_said_to_be_over_and_lets_go(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def broken(*_: object) -> list[Action]:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(Session, where, broken)
    witness, keyboard = Witness(), Keyboard()
    agent = Agent(config(keyboard), [witness], lambda _entry: None)
    agent.start()
    agent.commands.answer(1, True, frozenset())
    assert witness.over.wait(60)
    assert witness.code is ErrorCode.INTERNAL
    assert witness.snapshots[-1].phase is Phase.ENDED
    agent.close()
    assert agent.failed
    assert keyboard.closed == 1


@pytest.mark.parametrize(
    ("act", "due"),
    [
        ("stop", ["cancel_restart", "stop"]),
        ("report", ["cancel_restart", "stop"]),
        ("leave", ["cancel_restart", "stop"]),
        ("quit", ["stop"]),
    ],
)
def test_V6_only_the_customers_own_stop_takes_back_what_a_pc_that_goes_down_has_kept(
    monkeypatch: pytest.MonkeyPatch, act: str, due: list[str]
) -> None:
    done: list[str] = []
    for name in ("cancel_restart", "stop"):

        def noted(*_: object, name: str = name, **__: object) -> list[Action]:
            done.append(name)
            if name != "stop":
                return []
            return [Ended(ErrorCode.SESSION_ENDED), CloseLink(ErrorCode.SESSION_ENDED, fatal=True)]

        monkeypatch.setattr(Session, name, noted)
    witness = Witness()
    agent = Agent(config(), [witness], lambda _entry: None)
    agent.start()
    assert agent.commands.quit == agent.leave, "to close the window is to stop"
    getattr(agent, act)()
    assert witness.over.wait(60)
    agent.close()
    assert list(dict.fromkeys(done)) == due, "a second stop may come after the end, and goes nowhere"


def test_S4_a_stop_that_comes_before_the_network_thread_runs_is_heard() -> None:
    witness = Witness()
    agent = Agent(config(), [witness], lambda _entry: None)
    agent.stop()
    agent.start()
    assert witness.over.wait(60)
    agent.close()
    assert witness.code is ErrorCode.SESSION_ENDED


def test_a_wrong_certificate_is_final_only_before_the_first_connection() -> None:
    witness = Witness()
    life = Life(config(), Hands(None, []), [witness], lambda _entry: None)
    failure = LinkFailure(FailureKind.CERT_UNKNOWN, "a captive portal in the middle of a session")
    assert life._failed(failure)
    life._opened()
    assert not life._failed(failure)
    assert witness.final is False
    assert not life.failed
    life._loop.close()


def test_D5_a_frame_that_was_made_before_somebody_came_who_cannot_decode_it_goes_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed: list[int] = []

    def seal(_session: Session, run: int, *_: object) -> list[Action]:
        sealed.append(run)
        return []

    monkeypatch.setattr(Session, "frame", seal)
    life = Life(config(), Hands(None, []), [], lambda _entry: None)
    parts = ((UpdateKind.LOSSLESS, CodecId.ZSTD_STREAM_BGRX), (UpdateKind.LOSSY, CodecId.JPEG))
    keyframe = Outgoing(1, True, b"", 16, 16, parts, Stats(0.0, 0.0, 0.0, 0, 0, 0, 0))
    life._carry([SetDecoders(frozenset({CodecId.ZSTD_STREAM_BGRX}))])
    life._sealed(life._session, 1, keyframe)
    life._carry([SetDecoders(frozenset())])
    life._sealed(life._session, 2, keyframe)
    life._sealed(life._session, 3, replace(keyframe, parts=parts[1:]))
    life._loop.close()
    assert sealed == [1, 3]
