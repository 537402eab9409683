"""One message of every kind that a viewer may send."""

import json
from pathlib import Path

from relevo_protocol.codec import viewer_to_host
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.input import (
    KeyPress,
    PointerButton,
    PointerMove,
    PointerWheel,
    ReleaseAll,
    SpecialCombo,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.screen import FrameAck
from relevo_protocol.messages.session import ModeRequest
from relevo_protocol.modes import Mode

_VECTORS = Path(__file__).parents[3] / "protocol" / "vectors" / "wire" / "messages.json"


def _from_vectors() -> dict[type[Message], ViewerToHost]:
    cases = json.loads(_VECTORS.read_text())
    ok = [c for c in cases if c["direction"] == "ViewerToHost" and c["expect"] == "ok"]
    messages = [viewer_to_host.decode(bytes.fromhex(case["hex"])) for case in ok]
    return {type(message): message for message in messages}


INPUT: dict[type[Message], ViewerToHost] = {
    PointerMove: PointerMove(monitor=0, x=0.5, y=0.5, seen=1),
    PointerButton: PointerButton(monitor=0, x=0.5, y=0.5, button=0, down=True, seen=1),
    PointerWheel: PointerWheel(monitor=0, x=0.5, y=0.5, dx=0, dy=1, seen=1),
    KeyPress: KeyPress(code="Enter", key="Enter", down=True),
    TextInput: TextInput(text="ñ"),
    SpecialKeys: SpecialKeys(combo=SpecialCombo.SUPER),
    ReleaseAll: ReleaseAll(),
}
"""Input that belongs to the first frame."""

SAMPLES: dict[type[Message], ViewerToHost] = {
    **_from_vectors(),
    **INPUT,
    FrameAck: FrameAck(frame_id=1),
    ModeRequest: ModeRequest(mode=Mode.OBSERVER),
}
