"""The input's thread: a release comes through whatever is being done."""

import threading

from relevo_agent.features.base import FeatureMessage
from relevo_agent.features.worker import FeatureWorker, Halts, Task
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.screen import ScreenLayout

TASK = Task(1, TextInput(text="a long text"), ScreenLayout(width=1, height=1, monitors=[]))


class Typist:
    """Types until interrupted, as the injector does."""

    def __init__(self, halts: Halts) -> None:
        self.halts = halts
        self.begun, self.released, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.left = threading.Event()
        self.performed: list[int] = []
        self.forgotten: list[int | None] = []

    def perform(self, link: int, message: FeatureMessage, layout: ScreenLayout | None) -> None:
        self.performed.append(link)
        self.begun.set()
        self.halts.interrupted.wait(120)

    def forget(self, link: int | None) -> None:
        self.forgotten.append(link)
        self.left.set()

    def release(self) -> None:
        self.released.set()

    def close(self) -> None:
        self.closed.set()


def working() -> tuple[FeatureWorker, Typist]:
    halts = Halts()
    typist = Typist(halts)
    worker = FeatureWorker(typist, halts, lambda _link, _refusal: None, lambda: None)
    worker.start()
    return worker, typist


def test_S4_a_release_interrupts_a_long_text() -> None:
    worker, typist = working()
    worker.put(TASK)
    assert typist.begun.wait(60)
    worker.release()
    assert typist.released.wait(60)
    assert not typist.halts.interrupted.is_set(), "what comes later is carried out again"
    worker.close(60)


def test_the_end_lets_go_and_gives_the_keyboard_back_in_its_own_thread() -> None:
    worker, typist = working()
    worker.put(TASK)
    assert typist.begun.wait(60)
    worker.close(60)
    assert typist.released.is_set()
    assert typist.closed.is_set()


def test_who_is_gone_gets_nothing_more_done() -> None:
    worker, typist = working()
    worker.put(TASK)
    assert typist.begun.wait(60)
    worker.put(Task(2, TASK.message, TASK.layout))
    worker.forget(2)
    typist.halts.interrupted.set()
    assert typist.left.wait(60)
    worker.close(60)
    assert typist.forgotten == [2]
    assert typist.performed == [1]
