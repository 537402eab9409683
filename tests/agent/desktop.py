"""A real X display with real programs, for tests: an Xvfb of one's own, a Tk entry, an xterm."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

WAIT_S = 60.0

ENTRY = r"""
import sys, tkinter
root = tkinter.Tk()
root.geometry("900x500+20+20")
text = tkinter.Text(root, undo=False, wrap="char")
text.pack(fill="both", expand=True)
text.focus_force()
def save(_=None):
    with open(sys.argv[1] + ".part", "w", encoding="utf-8", newline="") as f:
        f.write(text.get("1.0", "end-1c"))
    import os
    os.replace(sys.argv[1] + ".part", sys.argv[1])
    root.after(30, save)
def begin():
    save() if text.focus_displayof() is text else root.after(20, begin)
root.after(20, begin)
root.mainloop()
"""

POINTER = r"""
import sys, tkinter
root = tkinter.Tk()
root.overrideredirect(True)
root.geometry("600x400+0+0")
log = open(sys.argv[1], "a", buffering=1)
def on(kind):
    return lambda e: log.write(f"{kind} {getattr(e, 'num', 0)} {e.x_root} {e.y_root}\n")
for name in ("ButtonPress", "ButtonRelease"):
    root.bind(f"<{name}>", on(name))
root.bind("<KeyPress>", lambda e: log.write(f"KeyPress {e.keysym} {e.state & 0x4d}\n"))
root.bind("<KeyRelease>", lambda e: log.write(f"KeyRelease {e.keysym} {e.state & 0x4d}\n"))
def begin():
    if root.winfo_viewable() and root.focus_displayof() is root:
        log.write("ready\n")
        return
    root.focus_force()
    root.after(20, begin)
root.after(20, begin)
root.mainloop()
"""


def wait_for(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, what()
        time.sleep(0.02)


@contextlib.contextmanager
def xvfb_process(size: str) -> Generator[tuple[str, subprocess.Popen[bytes]]]:
    """A display of one's own and its server; it ends with the block."""
    read, write = os.pipe()
    command = ["Xvfb", "-noreset", "-nolisten", "tcp", "-displayfd", str(write), "-screen", "0", size]
    with subprocess.Popen(
        command, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        os.close(write)
        try:
            with os.fdopen(read, "rb") as numbers:
                yield f":{int(numbers.readline())}", server
        finally:
            server.terminate()
            server.wait(60)


@contextlib.contextmanager
def xvfb(size: str = "1280x800x24") -> Generator[str]:
    """A display of one's own; it ends with the block."""
    with xvfb_process(size) as (name, _):
        yield name


@contextlib.contextmanager
def program(display: str, command: list[str]) -> Generator[subprocess.Popen[bytes]]:
    """A program on that display, surely ended."""
    environment = os.environ | {"DISPLAY": display, "LC_ALL": "C.UTF-8", "XMODIFIERS": "@im=none"}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


def set_layout(display: str, layout: str) -> None:
    """The keyboard layout, as a customer would have it."""
    subprocess.run(["setxkbmap", "-display", display, *layout.split()], check=True, timeout=60)


@contextlib.contextmanager
def text_field(display: str) -> Generator[Callable[[], str]]:
    """A focused Tk text field; call the value for what stands in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text"

        def content() -> str:
            return path.read_text(encoding="utf-8") if path.exists() else ""

        with program(display, [sys.executable, "-c", ENTRY, str(path)]):
            wait_for(path.exists, lambda: "the text field did not start")
            yield content


@contextlib.contextmanager
def terminal(display: str) -> Generator[Callable[[], str]]:
    """An xterm whose ``cat`` writes lines to a file; call the value for what has arrived."""
    with tempfile.TemporaryDirectory() as folder:
        ready, path = Path(folder) / "ready", Path(folder) / "text"
        script = f"stty -echo; : > {ready}; exec cat > {path}"
        command = ["xterm", "-u8", "-geometry", "100x30+0+0", "-e", "sh", "-c", script]

        def content() -> str:
            return path.read_text(encoding="utf-8") if path.exists() else ""

        with program(display, command):
            wait_for(ready.exists, lambda: "xterm did not start")
            yield content


@contextlib.contextmanager
def event_log(display: str) -> Generator[Callable[[], list[str]]]:
    """A window that logs real button and key events; call the value for the lines so far."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        path.touch()

        def lines() -> list[str]:
            return path.read_text(encoding="utf-8").splitlines()

        with program(display, [sys.executable, "-c", POINTER, str(path)]):
            wait_for(lambda: "ready" in lines(), lambda: "the window did not start")
            yield lambda: [line for line in lines() if line != "ready"]
