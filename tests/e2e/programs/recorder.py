"""A real program on the shared display: writes every click, key and text that reaches it as JSON lines.

    python recorder.py WIDTHxHEIGHT+X+Y

Lines: {"event": "ready"}, {"event": "press", "x", "y", "button"} in root pixels, {"event": "release", ...},
{"event": "text", "text"} with the whole entry after each change, {"event": "key", "keysym", "down"}.
The window turns its patch from black to white and back at every key.
"""

import json
import sys
import time
import tkinter as tk


def report(**event: object) -> None:
    """Write one line at once."""
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def main(geometry: str) -> None:
    """Show the window until it is closed."""
    root = tk.Tk()
    root.title("Recorder")
    root.geometry(geometry)
    root.configure(background="#d8e4ec")
    text = tk.StringVar()
    entry = tk.Entry(root, textvariable=text, font=("DejaVu Sans", 14), width=60)
    entry.pack(fill="x", padx=10, pady=10)
    patch = tk.Frame(root, width=120, height=120, background="#000000")
    patch.pack(pady=5)

    def flip(event: "tk.Event[tk.Misc]") -> None:
        report(event="key", keysym=event.keysym, down=True)
        patch.configure(background="#ffffff" if patch["background"] == "#000000" else "#000000")

    def pointer(kind: str) -> None:
        def handle(event: "tk.Event[tk.Misc]") -> None:
            report(event=kind, x=event.x_root, y=event.y_root, button=event.num)

        root.bind_all(f"<Button{'Press' if kind == 'press' else 'Release'}>", handle)

    pointer("press")
    pointer("release")

    def typed(*_: str) -> None:
        report(event="text", text=text.get())

    text.trace_add("write", typed)
    root.bind_all("<KeyPress>", flip)
    root.bind_all("<KeyRelease>", lambda event: report(event="key", keysym=event.keysym, down=False))
    root.bind_all("<MouseWheel>", lambda event: report(event="wheel", delta=event.delta))
    entry.focus_force()
    while entry.focus_displayof() is not entry:  # a window manager puts a window where it likes before that
        root.update()
        time.sleep(0.01)
    root.update()
    report(
        event="ready",
        patch=[patch.winfo_rootx() + 60, patch.winfo_rooty() + 60],
        entry=[entry.winfo_rootx() + 30, entry.winfo_rooty() + 10],
    )
    root.mainloop()


if __name__ == "__main__":
    main(sys.argv[1])
