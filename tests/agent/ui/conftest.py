"""A small screen for windows of this very process."""

import atexit
import contextlib
import tkinter as tk
from collections.abc import Iterator

import pytest

from relevo_agent.ui import theme
from tests.agent.desktop import xvfb
from tests.agent.ui.stage import Commanded


@pytest.fixture(scope="session")
def small_screen() -> str:
    """A display of 800 by 600 pixels that lasts as long as the process.

    Tk never gives a display back, and a program whose display goes away is ended by Xlib.
    """
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(xvfb("800x600x24"))


@pytest.fixture
def small_root(small_screen: str) -> Iterator[tk.Tk]:
    """A window on it that does not outlive its test: another one's main loop would wait for its end."""
    window = tk.Tk(screenName=small_screen)
    yield window
    theme.end(window)


@pytest.fixture
def root(small_root: tk.Tk) -> tk.Tk:
    """Where a test does not say on which screen."""
    return small_root


@pytest.fixture
def commanded() -> Commanded:
    """What the test's windows command."""
    return Commanded()
