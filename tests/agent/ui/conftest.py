"""A small screen for windows of this very process."""

import atexit
import contextlib

import pytest

from tests.agent.desktop import xvfb


@pytest.fixture(scope="session")
def small_screen() -> str:
    """A display of 800 by 600 pixels that lasts as long as the process.

    Tk never gives a display back, and a program whose display goes away is ended by Xlib.
    """
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(xvfb("800x600x24"))
