"""What the demo may be asked for on the command line."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from relevo_protocol.modes import Mode

USUAL_PORT = 8443
_MODES = tuple(mode.value for mode in Mode)
_DESCRIPTION = "Start a relay and an agent on this desktop, or on a virtual one, ready to be joined."


@dataclass(frozen=True)
class Options:
    """The settings; ``port`` and ``display`` are None where the demo chooses, ``size`` is in pixels."""

    json: bool
    display: str | None
    virtual: bool
    size: str
    mode: str
    consent: str
    window: bool
    port: int | None
    lang: str
    browser: bool

    @property
    def administers(self) -> bool:
        """Whether administrator mode is shown, which needs the service."""
        return self.mode == Mode.ADMINISTRATOR.value

    @property
    def presents(self) -> bool:
        """Whether the technician shows this desktop, instead of seeing a customer's."""
        return self.mode == Mode.DEMO.value


def parse(arguments: Sequence[str]) -> Options:
    """The options of a command line; exits with a text where one is wrong."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.display and given.virtual:
        parser.error("--display names a desktop and --virtual asks for a new one: choose one of them")
    has_desktop = sys.platform == "darwin" or given.display or os.environ.get("DISPLAY")
    virtual = given.virtual or not has_desktop
    # On a virtual display nobody sees the question that the customer is asked.
    consent: str = given.consent or ("auto" if given.json or virtual else "ask")
    return Options(
        json=given.json,
        display=given.display or os.environ.get("DISPLAY"),
        virtual=virtual,
        size=given.size,
        mode=given.mode,
        consent=consent,
        window=consent == "ask" if given.window is None else given.window,
        port=given.port,
        lang=given.lang,
        browser=given.browser and not given.json,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo", description=_DESCRIPTION)
    add = parser.add_argument
    add("--json", action="store_true", help="print one JSON line once ready, and nothing else on stdout")
    add("--display", metavar=":N", help="show this X display (default: the one of this desktop)")
    add("--virtual", action="store_true", help="start a virtual display even if this desktop has one")
    add("--size", default="1280x800", metavar="WxH", type=_size, help="of the virtual display, in pixels")
    add("--mode", default="full", choices=_MODES, help="what the technician asks for")
    add(
        "--consent",
        choices=["ask", "auto"],
        help="whether the customer is asked (default: ask, where somebody sees the question)",
    )
    add("--window", action=argparse.BooleanOptionalAction, help="show the agent's own windows")
    add("--port", type=int, help=f"of the relay (default or 0: {USUAL_PORT}, or a free one)")
    add("--lang", default="en", choices=["en", "es"], help="the customer's language")
    add("--browser", action=argparse.BooleanOptionalAction, default=True, help="open a browser")
    return parser


def _size(text: str) -> str:
    width, separator, height = text.partition("x")
    if not (separator and width.isdecimal() and height.isdecimal() and 320 <= int(width) <= 8192):
        raise argparse.ArgumentTypeError(f"{text!r} is no size in pixels such as 1280x800")
    if not 240 <= int(height) <= 8192:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 240 and 8192 pixels high")
    return text
