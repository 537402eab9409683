"""A Chromium with one page, spoken to over a bare DevTools pipe.

No test driver: those ask for every network event, and so get a copy of every WebSocket message, which slows
what is measured. Here nothing is asked for but what is said.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.end_to_end.layout import HEIGHT, WIDTH
from benchmarks.end_to_end.processes import NotRunning, wait_for
from tools.system import find_chromium

PROBE: Final = Path(__file__).with_name("probe.js")
VIEWPORT: Final = (WIDTH, HEIGHT)
FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--test-type",  # no bar above the page that warns of the flags
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--mute-audio",
    "--ignore-certificate-errors",
    "--remote-debugging-pipe",
    f"--window-size={VIEWPORT[0]},{VIEWPORT[1]}",
)
_PATIENCE_S: Final = 60.0


class Browser:
    """A running Chromium; a context that ends it. ``line`` is put in front of its command."""

    def __init__(self, home: Path, line: Sequence[str] = (), flags: Sequence[str] = ()) -> None:
        program = find_chromium()
        if program is None:
            raise NotRunning("no Chromium on this machine; install it, or name one in RELEVO_CHROMIUM")
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        command = [program, *FLAGS, *flags, f"--user-data-dir={home / 'chromium'}", "about:blank"]
        # Chromium reads from descriptor 3 and writes to 4; bash puts ours there.
        wrapped = ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", *command]
        with (home / "chromium.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*line, *wrapped],
                pass_fds=(to_read, to_write),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": str(home)},
                start_new_session=True,
            )
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._last_id = 0
        self._session = ""
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self._fit(page)

    def _fit(self, page: str) -> None:
        """Make the window so much larger than the page that the page has its size."""
        window = self.call("Browser.getWindowForTarget", targetId=page)["windowId"]
        whole: list[int] = [*VIEWPORT]

        def fits() -> bool:
            inner: list[int] = self.evaluate("[innerWidth, innerHeight]")
            for side in (0, 1):
                whole[side] += VIEWPORT[side] - inner[side]
            bounds = {"width": whole[0], "height": whole[1]}
            self.call("Browser.setWindowBounds", windowId=window, bounds=bounds)
            return inner == [*VIEWPORT]

        wait_for(fits, f"a page of {VIEWPORT[0]}x{VIEWPORT[1]} pixels")

    @property
    def pid(self) -> int:
        """Of its first process."""
        return self._process.pid

    def open(self, address: str, ready: str, steps: Sequence[tuple[str, str]] = ()) -> None:
        """Go to an address, take the steps, wait until ``ready`` holds, and put the probe into the page.

        A step is an expression to wait for, and one to evaluate once it holds.
        """
        self.call("Page.navigate", url=address)
        for wanted, action in steps:
            self.wait_for(wanted)
            self.evaluate(action)
        self.wait_for(ready)
        self.evaluate(PROBE.read_text(encoding="utf-8"))

    def wait_for(self, expression: str, patience_s: float = _PATIENCE_S) -> None:
        """Until a JavaScript expression is true.

        Raises:
            NotRunning: it does not become true; the text has what the page says.
        """
        end = time.monotonic() + patience_s
        while True:
            with suppress(ScriptError):
                if self.evaluate(f"Boolean({expression})"):
                    return
            if time.monotonic() > end:
                page = self.evaluate("`${location.href}: ${document.body.innerText.slice(0, 600)}`")
                raise NotRunning(f"the page does not come to {expression!r}: {page}")
            time.sleep(0.1)

    def evaluate(self, expression: str, **more: object) -> Any:
        """The value of a JavaScript expression, awaited; raises ScriptError."""
        given: dict[str, object] = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", **given, **more)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise ScriptError(str(details.get("exception", {}).get("description", details)))
        return answer["result"].get("value")

    def probe(self, method: str, *arguments: object) -> Any:
        """Call the probe."""
        return self.evaluate(f"relevoProbe.{method}({', '.join(map(json.dumps, arguments))})")

    def clock_offset_s(self) -> float:
        """What must be added to the page's clock, in s, to have the monotonic clock of this machine."""
        best = (1e9, 0.0)
        for _ in range(12):
            before = time.monotonic()
            now_ms = self.evaluate("performance.now()")
            after = time.monotonic()
            best = min(best, (after - before, (before + after) / 2 - now_ms / 1000))
        return best[1]

    def press(self, key: str, code: str, virtual: int) -> None:
        """Press and let go a key as a keyboard does."""
        named = {"key": key, "code": code, "windowsVirtualKeyCode": virtual}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=key, unmodifiedText=key, **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def click(self, x: float, y: float) -> None:
        """Click with the left button at a place of the page."""
        for kind, buttons in (("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)):
            button = "none" if kind == "mouseMoved" else "left"
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=buttons, clickCount=1
            )

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One DevTools command; what is said meanwhile is not for us."""
        self._last_id += 1
        message: dict[str, object] = {"id": self._last_id, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self._to, rest) :]
        end = time.monotonic() + _PATIENCE_S
        while True:
            answer = json.loads(self._line(end, method))
            if answer.get("id") == self._last_id:
                break
        if "error" in answer:
            raise NotRunning(f"Chromium refuses {method}: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    def _line(self, end: float, method: str) -> bytes:
        parts = [self._buffer]
        while b"\0" not in parts[-1]:
            if not select.select([self._from], [], [], max(0.0, end - time.monotonic()))[0]:
                raise NotRunning(f"Chromium does not answer {method}")
            part = os.read(self._from, 1 << 20)
            if not part:
                raise NotRunning("Chromium has ended")
            parts.append(part)
        line, _, self._buffer = b"".join(parts).partition(b"\0")
        return line

    def close(self) -> None:
        """End it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        for descriptor in (self._to, self._from):
            with suppress(OSError):
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ScriptError(Exception):
    """What a script threw in the page."""
