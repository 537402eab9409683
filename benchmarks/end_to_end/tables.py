"""The comparison: one row for each value that is judged, with Relevo's bound and the peers beside it."""

from collections.abc import Sequence
from typing import Final

from benchmarks.end_to_end.scenes import LINES, SCENES, named, targets_on
from benchmarks.end_to_end.values import UNITS, Played
from benchmarks.measure import NOTHING, Cell, Figure, Figures, Table, significant

OURS: Final = "relevo"
_UNJUDGED: Final = ("X cpu %", "browser cpu %", "keys", "exact %", "quiet dB")
"""Left out of the comparison where they have no bound."""


def judged(played: Sequence[Played], note: str) -> list[Figures]:
    """Relevo's values beside bounds and peers, a block for each line; none without Relevo."""
    blocks: list[Figures] = []
    for line in LINES:
        rows = [row for scene in SCENES for row in _rows(played, line, scene.name)]
        if rows:
            blocks.append(Figures(f"Relevo beside its peers, {line}", note, rows))
    return blocks


def _rows(played: Sequence[Played], line: str, scene: str) -> list[Figure]:
    by_peer = {one.peer: one.values for one in played if (one.line, one.scene) == (line, scene)}
    ours = by_peer.pop(OURS, {})
    targets = targets_on(line, named(scene))
    told = [name for name in UNITS if name in ours and (name in targets or name not in _UNJUDGED)]
    return [
        Figure(
            what=f"{scene}: {name}",
            value=ours[name],
            unit=UNITS[name],
            target=targets.get(name),
            peers={peer: values[name] for peer, values in by_peer.items() if name in values},
        )
        for name in told
    ]


def everything(played: Sequence[Played], note: str) -> list[Table]:
    """All values of all peers, a table for each line."""
    tables: list[Table] = []
    for line in LINES:
        of_line = [one for one in played if one.line == line]
        names = [name for name in UNITS if any(name in one.values for one in of_line)]
        rows: list[tuple[Cell, ...]] = [
            (one.scene, one.peer, *(_cell(one.values.get(name)) for name in names))
            for one in _in_order(of_line)
        ]
        if rows:
            tables.append(Table(f"Every value, {line}", note, ("scene", "peer", *names), rows))
    return tables


def _in_order(played: Sequence[Played]) -> list[Played]:
    order = [scene.name for scene in SCENES]
    return sorted(played, key=lambda one: order.index(one.scene))


def _cell(value: float | None) -> Cell:
    return NOTHING if value is None else significant(value)
