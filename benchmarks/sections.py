"""The sections of the suite: what ``python -m benchmarks`` can measure, in the order of the report.

A section is a name, one sentence, and ``run(quick) -> blocks``. To add one: write a module with such a
function, and a line in ``SECTIONS``. A section that cannot run here raises
:class:`~benchmarks.measure.Unavailable` with the remedy; one that breaks costs the others nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import codecs, core, corpus, display, encoders, photon, relay, sealing, sockets
from benchmarks.measure import Block
from benchmarks.scenes import SCENES

Run = Callable[[bool], Sequence[Block]]
"""Measures and gives blocks; the flag asks for few samples."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the suite.

    ``asked_only`` keeps a long one, or one that installs programs, out of a run that names no sections.
    """

    name: str
    what: str
    run: Run
    asked_only: bool = False


SECTIONS: Final[tuple[Section, ...]] = (
    Section("core", "the capture loop on drawn scenes", lambda q: core.scenes(SCENES, 1.0 if q else 5.0)),
    Section("recorded", "the capture loop on recorded programs", lambda q: core.recordings(quick=q)),
    Section("classify", "text told from photographs, on recordings", lambda q: corpus.measured(quick=q)),
    Section("codecs", "recorded changes beside JPEG, PNG, WebP, Tight", lambda q: codecs.measured(quick=q)),
    Section("encoders", "encoders on a whole screen", lambda q: encoders.measured(1 if q else 7)),
    Section(
        "display",
        "a real X display: looking and idling",
        lambda q: display.measured(10 if q else 200, 1.0 if q else 10.0),
    ),
    Section("sealing", "sealing of frames", lambda q: sealing.measured(20 if q else 400)),
    Section("relay", "the relay's core", lambda q: relay.measured(50 if q else 1000)),
    Section("sockets", "the relay as a process", lambda q: sockets.measured(20 if q else 300)),
    Section("photon", "a key press to its pixel", lambda q: photon.measured(5 if q else 60)),
)


def named(names: Sequence[str]) -> list[Section]:
    """These sections, or without names all but those that must be asked for."""
    if not names:
        return [section for section in SECTIONS if not section.asked_only]
    return [section for section in SECTIONS if section.name in names]
