"""Input to photon: a key in the viewer until the canvas shows what it did, with every real part between.

The demo's relay and agent, a program on a real X display that turns a patch black or white at each key, and a
Chromium that reads the patch back from the canvas at every animation frame. Nothing is simulated; the browser
draws by software where there is no GPU.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from benchmarks.measure import Table, spread
from benchmarks.scenes import HEIGHT, WIDTH
from tools.system import find_chromium

_ROOT: Final = Path(__file__).parents[1]
_FLIPPER: Final = Path(__file__).parent / "programs" / "flipper.py"
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)
_SCREEN: Final = '[data-testid="screen"]'
_PRESS_AND_WATCH: Final = """async ([x, y, times]) => {
  const canvas = document.querySelector('[data-testid="screen"]');
  const context = canvas.getContext('2d');
  const shade = () => context.getImageData(x, y, 1, 1).data[0];
  const frame = () => new Promise(requestAnimationFrame);
  const key = (type) => canvas.dispatchEvent(
    new KeyboardEvent(type, {key: 'F8', code: 'F8', bubbles: true, cancelable: true}));
  const samples = [];
  for (let i = 0; i < times; i++) {
    await new Promise((done) => setTimeout(done, 120 + Math.random() * 80));
    const before = shade(), begin = performance.now();
    key('keydown');
    while (shade() === before) {
      if (performance.now() - begin > 5000) throw new Error('the key was never seen');
      await frame();
    }
    samples.push(performance.now() - begin);
    key('keyup');
  }
  return samples;
}"""


@contextlib.contextmanager
def _demo() -> Generator[dict[str, Any]]:
    command = [sys.executable, "-m", "tools.demo", "--json", "--virtual", "--size", f"{WIDTH}x{HEIGHT}"]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            yield json.loads(demo.stdout.readline())
        finally:
            demo.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def _flipper(display: str) -> Generator[tuple[int, int]]:
    environment = os.environ | {"DISPLAY": display}
    command = [sys.executable, str(_FLIPPER)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            x, y = program.stdout.readline().split()
            yield int(x), int(y)
        finally:
            program.terminate()


def _samples(page: Page, viewer_url: str, patch: tuple[int, int], times: int) -> list[float]:
    page.goto(viewer_url)
    page.wait_for_selector(_SCREEN, timeout=30_000)
    page.wait_for_function(f"document.querySelector('{_SCREEN}').width === {WIDTH}", timeout=30_000)
    box = page.locator(_SCREEN).bounding_box()
    assert box is not None
    scale = box["width"] / WIDTH
    page.mouse.click(box["x"] + patch[0] * scale, box["y"] + patch[1] * scale)
    samples: list[float] = page.evaluate(_PRESS_AND_WATCH, [*patch, times])
    return samples


def measured(times: int) -> list[Table]:
    """One row: ms from the key event in the page to the animation frame in which the canvas has changed."""
    program = find_chromium()
    if program is None or shutil.which("Xvfb") is None:
        return []
    with (
        TemporaryDirectory() as home,
        _demo() as facts,
        _flipper(str(facts["display"])) as patch,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=program, args=list(_FLAGS), env={**os.environ, "HOME": home}
        )
        context = browser.new_context(ignore_https_errors=True, viewport={"width": 1600, "height": 1000})
        times_ms = _samples(context.new_page(), str(facts["viewer_url"]), patch, times)
        browser.close()
    cost = spread(times_ms)
    row = (len(times_ms), round(min(times_ms), 1), round(cost.median, 1), round(cost.p95, 1))
    return [
        Table(
            "Input to photon",
            f"Key in Chromium to changed canvas, screen {WIDTH}x{HEIGHT}, all parts on this machine.",
            ("keys", "ms least", "ms median", "ms p95"),
            [row],
        )
    ]
