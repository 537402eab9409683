"""A window with a noisy photograph in it, the hardest thing to send exactly.

python photo.py WIDTHxHEIGHT+X+Y
"""

import random
import sys
import tkinter as tk


def main(geometry: str) -> None:
    """Show the window until it is closed; writes ``{"event": "ready"}`` when it is drawn."""
    root = tk.Tk()
    root.title("Photo")
    root.geometry(geometry)
    width, height = (int(part) for part in geometry.partition("+")[0].split("x"))
    noise = random.Random(7).randbytes(width * height * 3)
    picture = tk.PhotoImage(data=b"P6 %d %d 255\n" % (width, height) + noise, format="PPM")
    tk.Label(root, image=picture, borderwidth=0).pack()
    root.update()
    sys.stdout.write('{"event": "ready"}\n')
    sys.stdout.flush()
    root.mainloop()


if __name__ == "__main__":
    main(sys.argv[1])
