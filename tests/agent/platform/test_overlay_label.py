"""The viewer lays a laser's name over the one in the picture: both reckon with the same figures."""

import re
from pathlib import Path

from relevo_agent.platform import x11_overlay

LABEL = Path(__file__).parents[3] / "viewer" / "src" / "features" / "marks" / "label.ts"


def test_A2_the_viewer_knows_where_and_how_large_the_agent_writes_a_name() -> None:
    text = LABEL.read_text(encoding="utf-8")
    known = {name: int(value) for name, value in re.findall(r"^const (\w+) = (\d+);$", text, re.MULTILINE)}
    agent = vars(x11_overlay)
    assert known["FROM_DOT_PX"] == agent["DOT_PX"] // 2 + agent["_LABEL_GAP_PX"]
    assert known["FONT_PX"] == agent["_LABEL_FONT_PX"]
    assert known["LONGEST_CHARS"] == agent["_LABEL_CHARS"]
