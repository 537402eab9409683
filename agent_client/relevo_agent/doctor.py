"""The command ``relevo-agent doctor``: what this PC can show and do, why, what it costs, and what helps."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from relevo_agent import __version__
from relevo_agent.examination import IDLE_S, SMALL_PX, Costs, Findings, Way, examine
from relevo_agent.pipeline.sources.chooser import Rejected, Why
from relevo_agent.pipeline.types import MonitorArea
from relevo_agent.ui.texts import Texts, choose_language
from relevo_protocol.messages.screen import CaptureCondition

EXIT_OK: Final = 0
EXIT_NO_PICTURE: Final = 1
_INDENT: Final = "  "
_ASKED_EACH_TIME: Final = "Portal"
"""The way to pointer and keys that the person at the PC must give in each session."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="relevo-agent doctor",
        description="Tells what Relevo can show and do on this PC. Nothing leaves it, nothing is pressed.",
    )
    add = parser.add_argument
    add("--display", metavar=":N", help="the X display to look at (default: DISPLAY)")
    add("--lang", choices=("es", "en"), help="language (default: the desktop's)")
    add("--json", action="store_true", help="the report as JSON on stdout, for programs")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Examine and tell; the status is 0 if a picture can be had, else 1."""
    given = arguments(argv)
    if given.display:
        os.environ["DISPLAY"] = given.display
    texts = Texts(choose_language(given.lang))
    if _will_ask(given.display):
        sys.stderr.write(texts("doctor.asks") + "\n")
        sys.stderr.flush()
    found = examine(os.environ.get("DISPLAY"))
    lines = [json.dumps(as_json(found), indent=2)] if given.json else report(found, texts)
    sys.stdout.write("\n".join(lines) + "\n")
    return EXIT_OK if found.has_picture else EXIT_NO_PICTURE


def _will_ask(display: str | None) -> bool:
    """Whether the desktop asks the person at the PC before it shows anything."""
    if not sys.platform.startswith("linux"):
        return False
    from relevo_agent.portal.choice import shows_by_portal

    return shows_by_portal(display or os.environ.get("DISPLAY"))


# --- as text ---


def report(found: Findings, texts: Texts) -> Iterator[str]:
    """The lines of the report."""
    yield texts("doctor.title", version=__version__)
    yield ""
    yield _row(texts, "picture", texts(f"doctor.state.{found.condition}"))
    if found.detail:
        yield _INDENT + texts("doctor.detail", detail=found.detail)
    if found.source is not None:
        name = texts(f"doctor.name.{found.source}")
        why = texts(f"doctor.chosen.{found.source}")
        yield _row(texts, "source", texts("doctor.because", what=name, why=why))
        yield from (_INDENT + texts(f"doctor.lack.{lack}") for lack in found.lacks)
    yield _row(texts, "others", "")
    yield from (_INDENT + _rejected(texts, one, found.detail) for one in found.rejected)
    yield from _costs(found.costs, texts)
    yield from _monitors(found, texts)
    cursor, control, watch = (
        _once(way, found.detail, texts) for way in (found.cursor, found.input, found.local_input)
    )
    yield _row(texts, "cursor", _way(texts, cursor))
    yield from _input(control, watch, texts)
    why = found.kernel.why
    told = texts("doctor.kernel.compiled") if found.kernel.works else texts("doctor.kernel.missing", why=why)
    yield _row(texts, "kernel", told)
    yield _row(texts, "encoders", "")
    for encoder in found.encoders:
        state = texts("doctor.yes") if encoder.usable else _no(texts, encoder.reason)
        yield _INDENT + texts("doctor.row", name=encoder.name, value=state)


def _row(texts: Texts, key: str, value: str) -> str:
    return texts("doctor.row", name=texts(f"doctor.{key}"), value=value).rstrip()


def _no(texts: Texts, why: str) -> str:
    return texts("doctor.because", what=texts("doctor.no"), why=why) if why else texts("doctor.no")


def _once(way: Way, told: str, texts: Texts) -> Way:
    """The same, but what the report has told already is not told again."""
    return replace(way, why=texts("doctor.above")) if way.why and way.why == told else way


def _rejected(texts: Texts, one: Rejected, told_before: str) -> str:
    detail = texts("doctor.above") if one.detail == told_before else one.detail
    told = {"detail": detail} if one.why is Why.FAILED else {}
    why = texts(f"doctor.why.{one.why}", **told)
    return texts("doctor.row", name=texts(f"doctor.name.{one.name}"), value=why)


def _costs(costs: Costs | None, texts: Texts) -> Iterator[str]:
    if costs is None:
        return
    yield _row(texts, "cost", "")
    yield _INDENT + texts("doctor.cost.full", ms=costs.full_ms)
    if costs.small_ms is not None:
        yield _INDENT + texts("doctor.cost.small", side=SMALL_PX, ms=costs.small_ms)
    idle_ms, looks = costs.idle_cpu_ms_per_s, costs.idle_looks
    yield _INDENT + texts("doctor.cost.idle", ms=idle_ms, looks=looks, seconds=IDLE_S)


def _monitors(found: Findings, texts: Texts) -> Iterator[str]:
    if found.layout is None:
        return
    yield _row(texts, "monitors", f"{found.layout.width}x{found.layout.height}")
    for number, area in enumerate(found.layout.monitors, 1):
        place = texts("doctor.monitor", width=area.width, height=area.height, x=area.x, y=area.y)
        yield _INDENT + texts("doctor.row", name=area.name or str(number), value=place)


def _way(texts: Texts, way: Way) -> str:
    if not way.works:
        return _no(texts, way.why)
    how = texts("doctor.events" if way.by == "events" else "doctor.polled")
    return texts("doctor.because", what=texts("doctor.yes"), why=how)


def _input(way: Way, watch: Way, texts: Texts) -> Iterator[str]:
    asks = way.by == _ASKED_EACH_TIME
    how = texts("doctor.input.portal") if asks else texts("doctor.input.ways", way=way.by)
    yield _row(texts, "input", how if way.works else _no(texts, way.why))
    yield _INDENT + (texts("doctor.watched") if watch.works else texts("doctor.unwatched", why=watch.why))


# --- as JSON ---


def as_json(found: Findings) -> dict[str, object]:
    """The report for programs; names and values are in no language."""
    layout, costs = found.layout, found.costs
    return {
        "version": __version__,
        "picture": found.has_picture,
        "condition": found.condition.value,
        "detail": found.detail,
        "source": found.source.value if found.source else None,
        "tells_changes": found.tells_changes,
        "lacks": list(found.lacks),
        "rejected": [_rejected_json(one) for one in found.rejected],
        "costs": None
        if costs is None
        else {
            "full_ms": round(costs.full_ms, 3),
            "small_ms": None if costs.small_ms is None else round(costs.small_ms, 3),
            "idle_cpu_ms_per_s": round(costs.idle_cpu_ms_per_s, 3),
            "idle_looks": costs.idle_looks,
        },
        "screen": None if layout is None else {"width": layout.width, "height": layout.height},
        "monitors": [] if layout is None else [_area_json(area) for area in layout.monitors],
        "cursor": _way_json(found.cursor),
        "input": _way_json(found.input),
        "local_input": _way_json(found.local_input),
        "kernel": _way_json(found.kernel),
        "encoders": [
            {"name": one.name, "codec": one.codec.name.lower(), "usable": one.usable, "reason": one.reason}
            for one in found.encoders
        ],
    }


def _rejected_json(one: Rejected) -> dict[str, object]:
    condition: CaptureCondition | None = one.condition
    return {
        "name": one.name.value,
        "why": one.why.value,
        "detail": one.detail,
        "condition": condition.value if condition else None,
    }


def _area_json(area: MonitorArea) -> dict[str, object]:
    return {
        "x": area.x,
        "y": area.y,
        "width": area.width,
        "height": area.height,
        "primary": area.primary,
        "name": area.name,
    }


def _way_json(way: Way) -> dict[str, object]:
    return {"works": way.works, "by": way.by, "why": way.why}
