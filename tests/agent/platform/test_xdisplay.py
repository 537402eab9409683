"""An X display that is not there is told as such, whatever its name."""

import pytest

from relevo_agent.platform.base import (
    InjectorFailed,
    LocalInputEvents,
    LocalInputUnavailable,
    OverlayUnavailable,
)
from relevo_agent.platform.x11 import X11Injector
from relevo_agent.platform.x11_local import X11LocalInput
from relevo_agent.platform.x11_overlay import X11Overlay
from relevo_agent.portal.choice import shows_by_portal

TOO_HIGH = ":59999"
"""As a TCP port it would be 65999, which is none."""


@pytest.mark.parametrize("name", [TOO_HIGH, ":99999999999", ":-1", "no display", ""])
def test_a_display_that_cannot_be_is_told_as_one_that_is_not_there(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InjectorFailed, match="no X display"):
        X11Injector(name, lambda: False)
    with pytest.raises(LocalInputUnavailable, match="no X display"):
        X11LocalInput(name, LocalInputEvents(lambda: None, lambda: None))
    with pytest.raises(OverlayUnavailable, match="no X display"):
        X11Overlay(name)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-of-a-test")
    assert shows_by_portal(name)
