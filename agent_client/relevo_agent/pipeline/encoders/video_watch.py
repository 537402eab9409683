"""Calls into a graphics driver, which may never come back: the picture goes on without it."""

import threading
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from relevo_agent.pipeline.encoders.video_codecs import EncoderFailed

HANG_S: Final = 2.0
"""Opening an encoder takes a second where a graphics processor sleeps; a picture takes milliseconds."""

_Result = TypeVar("_Result")
_Answers = SimpleQueue[tuple[Any, BaseException | None]]
_Jobs = SimpleQueue[tuple[Callable[[], Any], _Answers] | None]


class Watched:
    """One thread that makes the calls, one after the other, and ends when this object is gone.

    A call that hangs keeps its thread, for there is no way to end it; it is left behind, and keeps nobody
    from ending the program.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: _Jobs = SimpleQueue()
        threading.Thread(target=_serve, args=(self._jobs,), name=f"video {name}", daemon=True).start()
        weakref.finalize(self, self._jobs.put, None)

    def call(self, work: Callable[[], _Result]) -> _Result:
        """What ``work`` gives, or raises.

        Raises:
            EncoderFailed: it has not come back for ``HANG_S``; this object is of no more use.
        """
        answers: _Answers = SimpleQueue()
        self._jobs.put((work, answers))
        try:
            result, error = answers.get(timeout=HANG_S)
        except Empty:
            raise EncoderFailed(f"{self._name} hangs: no answer for {HANG_S:g} s") from None
        if error is not None:
            raise error
        found: _Result = result
        return found


def _serve(jobs: _Jobs) -> None:
    while (job := jobs.get()) is not None:
        work, answers = job
        try:
            answers.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            answers.put((None, error))
        del job, work, answers  # the encoder is to be gone with the stream, not with the next call
