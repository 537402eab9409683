"""A window whose patch turns from black to white and back at F8; prints where the patch is, in pixels."""

import tkinter as tk


def main() -> None:
    """Show the window until it is closed."""
    root = tk.Tk()
    root.title("Flipper")
    root.geometry("500x300+1100+700")
    patch = tk.Frame(root, width=300, height=200, background="#000000")
    patch.pack(padx=20, pady=20)

    def flip(_: "tk.Event[tk.Misc]") -> None:
        patch.configure(background="#ffffff" if patch["background"] == "#000000" else "#000000")

    root.bind_all("<KeyPress-F8>", flip)
    root.update()
    root.focus_force()
    print(patch.winfo_rootx() + 150, patch.winfo_rooty() + 100, flush=True)
    root.mainloop()


if __name__ == "__main__":
    main()
