"""``make bench-peers``: the same scenes with Relevo and with other programs, in one run, on one machine.

For each peer a fresh X display of 1920x1080 (or of what ``RELEVO_BENCH_SCREEN`` says, as 3840x2160) and a
fresh Chromium; every scene is drawn by the same program and looked at by the same probe in the page. Prints a
comparison and, with ``--write``, keeps it under ``benchmarks/results/peers-*``.
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Final

from benchmarks import network, report
from benchmarks.end_to_end import material, tables
from benchmarks.end_to_end.browser import ScriptError
from benchmarks.end_to_end.layout import HEIGHT, WIDTH
from benchmarks.end_to_end.peers.base import Serve
from benchmarks.end_to_end.peers.registry import PEERS, USUAL
from benchmarks.end_to_end.processes import NotRunning
from benchmarks.end_to_end.scenes import LINES, SCENES, Scene, played_on
from benchmarks.end_to_end.session import ENDLESS_LINE, Session, session
from benchmarks.end_to_end.values import Played, values_of
from benchmarks.measure import Block, Unavailable
from benchmarks.report import Measured, as_text, circumstances, load
from tools import debian, node, system, viewer

_LONGEST_S: Final = 120.0
"""At 30 frames a second, the numbers that a stamp holds last a little longer."""
_UNREACHED: Final = (NotRunning, ScriptError, Unavailable, OSError)


def main(arguments: Sequence[str]) -> int:
    """Play, print, keep; 1 if a peer that was asked for could not be measured."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _unwind)
    if not system.ensure(system.TEST_NEEDS):
        return 1
    if "relevo" in options.peers and not options.as_built:
        try:
            viewer.build()
        except (viewer.ViewerError, node.NodeError) as error:
            print(f"bench-peers: {error}", file=sys.stderr)
            return 1
    _fetch_photographs()
    load_before = load()
    played: list[Played] = []
    skipped: dict[str, str] = {}
    for line in options.lines:
        for peer in options.peers:
            scenes = played_on(line, options.scenes)
            reason = _play(PEERS[peer], (peer, line), scenes, options.seconds, played) if scenes else ""
            if reason:
                skipped[f"{peer} on {line}"] = reason
                print(f"bench-peers: {peer} on {line}: {reason}", file=sys.stderr, flush=True)
    _tell(arguments, played, skipped, options.write, load_before)
    return 1 if skipped else 0


def _unwind(_number: int, _frame: FrameType | None) -> None:
    """A SIGTERM ends as Ctrl+C does, so that nothing that was started outlives the measurement."""
    sys.exit(1)


def _fetch_photographs() -> None:
    """Real ones, where they may be installed; else the video is made of noise, and the report says so."""
    if material.PHOTOGRAPHS.is_dir() or not debian.can_install():
        return
    try:
        debian.install(["mate-backgrounds"])
    except debian.AptError as error:
        print(f"bench-peers: {error}", file=sys.stderr)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    names = [scene.name for scene in SCENES]
    parser.add_argument("--peers", type=_one_of(PEERS), default=list(USUAL), help=f"of {', '.join(PEERS)}")
    parser.add_argument("--scenes", type=_one_of(names), default=names, help=f"of {', '.join(names)}")
    parser.add_argument("--lines", type=_one_of(LINES), default=list(LINES), help=f"of {', '.join(LINES)}")
    parser.add_argument(
        "--seconds", type=_seconds, default=6.0, help="that each scene is played (default: 6)"
    )
    parser.add_argument("--write", action="store_true", help="keep the figures under benchmarks/results/")
    parser.add_argument("--as-built", action="store_true", help="take the viewer as it was built last")
    return parser.parse_args(arguments)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 1 and {_LONGEST_S:g} seconds")
    return seconds


class _one_of:  # noqa: N801 - argparse prints the name of a type
    """A list of known names, separated by commas."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(known)

    def __call__(self, text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        unknown = [name for name in names if name not in self._known]
        if unknown or not names:
            raise argparse.ArgumentTypeError(
                f"{', '.join(unknown) or 'nothing'} is none of {', '.join(self._known)}"
            )
        return names


def _play(
    serve: Serve, who: tuple[str, str], scenes: Sequence[Scene], seconds: float, played: list[Played]
) -> str:
    """All scenes with one peer on one line; why not, where it could not be done."""
    peer, line = who
    if LINES[line] != ENDLESS_LINE and (missing := network.available()):
        return missing
    with tempfile.TemporaryDirectory(prefix=f"relevo-{peer}-", ignore_cleanup_errors=True) as folder:
        try:
            with session(serve, Path(folder), LINES[line]) as open_session:
                print(f"{peer} on {line}: {open_session.served.version}", flush=True)
                return _scenes(open_session, who, scenes, seconds, played)
        except _UNREACHED as error:
            return str(error) or type(error).__name__


def _scenes(
    open_session: Session, who: tuple[str, str], scenes: Sequence[Scene], seconds: float, played: list[Played]
) -> str:
    failed: list[str] = []
    for scene in scenes:
        try:
            values = values_of(open_session.play(scene.wanted(seconds)))
        except _UNREACHED as error:
            failed.append(f"{scene.name}: {error}")
            with suppress(*_UNREACHED):
                open_session.browser.probe("stop")
            continue
        played.append(Played(*who, scene.name, values))
        print(f"  {scene.name}: {json.dumps(values)}", flush=True)
    return "; ".join(failed)


def _tell(
    arguments: Sequence[str],
    played: Sequence[Played],
    skipped: dict[str, str],
    write: bool,
    load_before: float,
) -> None:
    about = circumstances(" ".join(["python -m benchmarks.end_to_end", *arguments]), load_before)
    moving = f"the video is made of {material.describe()}"
    note = f"Xvfb {WIDTH}x{HEIGHT} and Chromium on this machine, load before {load_before:.1f}; {moving}."
    blocks: list[Block] = [*tables.judged(played, note), *tables.everything(played, note)]
    for block in blocks:
        print(as_text(block), flush=True)
    print(f"\n{about.processor}, {about.cores} cores, commit {about.commit}")
    if not write:
        return
    measured = [Measured("peers", block) for block in blocks]
    everything = json.loads(report.as_json(about, measured))
    everything |= {"played": [asdict(one) for one in played], "skipped": skipped}
    report.RESULTS.mkdir(exist_ok=True)
    path = report.RESULTS / f"peers-{about.date}-{about.commit}.json"
    path.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(report.as_markdown(about, measured), encoding="utf-8")
    print(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
