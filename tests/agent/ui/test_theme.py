"""The window says nothing that no longer matters."""

import tkinter as tk

from relevo_agent.session.actions import Phase, Snapshot
from relevo_agent.ui import theme
from relevo_agent.ui.panel import Panel
from tests.agent.ui.stage import LIVE, SPANISH, Commanded, press, words

CONNECTING = Snapshot(Phase.CONNECTING)


def test_after_the_end_no_line_is_said_to_be_tried_again(root: tk.Tk) -> None:
    panel = Panel(root, SPANISH, theme.set_up(root), Commanded().commands)
    panel.render(LIVE)
    panel.trouble("se vuelve a intentar")
    assert "se vuelve a intentar" in words(root)
    panel.render(Snapshot(Phase.ENDED))
    assert "se vuelve a intentar" not in words(root)


def test_who_was_never_connected_is_not_told_of_the_end_of_a_session(root: tk.Tk) -> None:
    commanded = Commanded()
    panel = Panel(root, SPANISH, theme.set_up(root), commanded.commands)
    for before, key in ((CONNECTING, "ended.never"), (LIVE, "phase.ended"), (CONNECTING, "ended.never")):
        panel.render(before)
        panel.render(Snapshot(Phase.ENDED))
        said = set(words(root)) & {SPANISH("ended.never"), SPANISH("phase.ended")}
        assert said == {SPANISH(key)}
    panel.render(CONNECTING)
    press(root, SPANISH("close"))
    assert commanded.done == [("quit",)]
