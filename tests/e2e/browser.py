"""The technician's browser: real Chromium that trusts the relay's authority through its own store."""

import os
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from relevo_server.accounts.totp import STEP_S, code_at
from tests.support.processes import wait_until
from tools.system import find_chromium

PATIENCE_MS = 60_000
"""So long a page is waited for where nothing else is said: much else may run on the machine."""
expect.set_options(timeout=PATIENCE_MS)
_TRIES = 5
_INTERRUPTED = ("ERR_NETWORK_CHANGED", "chrome-error://")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def trust(home: Path, ca_file: Path) -> None:
    """Put an authority into the certificate store that Chromium reads under this home."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True, exist_ok=True)
    database = f"sql:{store}"
    subprocess.run(["certutil", "-N", "-d", database, "--empty-password"], check=True, capture_output=True)
    add = ["certutil", "-A", "-d", database, "-n", "relevo", "-t", "C,,", "-i", str(ca_file)]
    subprocess.run(add, check=True, capture_output=True)


@contextmanager
def chromium(home: Path, ca_file: Path) -> Generator[Browser]:
    """A headless Chromium that trusts the relay as ``relevo-server trust install`` teaches it."""
    trust(home, ca_file)
    program = find_chromium()
    assert program, "no Chromium on this machine"
    environment: dict[str, str | float | bool] = {**os.environ, "HOME": str(home)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS), env=environment)
        try:
            yield browser
        finally:
            browser.close()


def spare_code(secret: bytes) -> str:
    """The code of the step before, which is good as well, and leaves this step's for later: each works once.

    Returned only while it stays good for half a step, however long it takes to be typed and checked.
    """
    wait_until(lambda: time.time() % STEP_S < STEP_S / 2, "a step that has begun")
    return code_at(secret, int(time.time() // STEP_S) - 1)


SCREEN = '[data-testid="screen"]'

_PIXEL = """([x, y]) => {
  const screen = document.querySelector('[data-testid="screen"]');
  const copy = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  copy.drawImage(screen, x, y, 1, 1, 0, 0, 1, 1);
  return Array.from(copy.getImageData(0, 0, 1, 1).data.slice(0, 3));
}"""
_PIXELS = """() => {
  const screen = document.querySelector('[data-testid="screen"]');
  const copy = new OffscreenCanvas(screen.width, screen.height).getContext('2d', {willReadFrequently: true});
  copy.drawImage(screen, 0, 0);
  const data = copy.getImageData(0, 0, screen.width, screen.height).data;
  let text = '';
  for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
  return {width: screen.width, height: screen.height, rgba: btoa(text)};
}"""


_SETTLED = """async () => {
  const screen = document.querySelector('[data-testid="screen"]');
  const place = () => JSON.stringify(screen.getBoundingClientRect());
  for (let same = 0, last = place(); same < 5; ) {
    await new Promise(requestAnimationFrame);
    const now = place();
    same = now === last ? same + 1 : 0;
    last = now;
  }
}"""


NOTE_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) => {
  window.violations = [...(window.violations ?? []), `${event.effectiveDirective} ${event.sample}`];
});
"""
"""For a context's pages: they then remember what their policy has refused, Trusted Types among it."""


def violations(page: Page) -> list[str]:
    """What the page's policy has refused since it was loaded."""
    found: list[str] = page.evaluate("window.violations ?? []")
    return found


def go(page: Page, address: str) -> None:
    """Open an address, again where Chromium gave up as an interface came or went meanwhile.

    Its page that says so may still be on the way, and interrupts the next try too.
    """
    page.context.set_default_timeout(PATIENCE_MS)
    for tries_left in reversed(range(_TRIES)):
        try:
            page.goto(address)
        except Error as error:
            if not tries_left or not any(why in error.message for why in _INTERRUPTED):
                raise
        else:
            return


def settle(page: Page) -> None:
    """Return when the canvas has found its place in the window."""
    page.evaluate(_SETTLED)


def resize(page: Page, width: int, height: int) -> None:
    """Give the browser's window another size, and return when the canvas has found its place in it."""
    page.set_viewport_size({"width": width, "height": height})
    settle(page)


def pixel(page: Page, x: int, y: int) -> list[int]:
    """Red, green, blue of one pixel of the remote screen as the canvas shows it."""
    colour: list[int] = page.evaluate(_PIXEL, [x, y])
    return colour


def pixels(page: Page) -> dict[str, object]:
    """The whole canvas: width, height, base64 of RGBA rows."""
    picture: dict[str, object] = page.evaluate(_PIXELS)
    return picture


def click_remote(page: Page, x: int, y: int) -> None:
    """Click the middle of a remote pixel, wherever the canvas has come to rest and however it is scaled."""
    settle(page)
    box = page.locator(SCREEN).bounding_box()
    size = page.locator(SCREEN).evaluate("c => [c.width, c.height]")
    assert box is not None
    page.mouse.click(
        box["x"] + (x + 0.5) * box["width"] / size[0],
        box["y"] + (y + 0.5) * box["height"] / size[1],
    )
