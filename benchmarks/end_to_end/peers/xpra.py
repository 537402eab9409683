"""xpra, which shadows the display and brings an HTML5 client of its own; from Debian's package."""

from benchmarks.end_to_end.peers.base import Place, Served, answers, free_port, need, version_of

_OFF = ("daemon", "mdns", "notifications", "pulseaudio", "printing", "file-transfer", "webcam", "bell")
"""What has nothing to do with the screen and asks for services that a bare display lacks."""


def xpra(place: Place) -> Served:
    """``xpra shadow`` with its HTML5 client."""
    need(["xpra", "/usr/share/xpra/www/index.html"], ["xpra"])
    port = free_port()
    command = ["xpra", "shadow", place.display, f"--bind-tcp=0.0.0.0:{port}", "--html=on"]
    # Without Debian's own settings, which start an X session on the display that is shadowed.
    folder = str(place.folder)
    home = {"HOME": folder, "XDG_RUNTIME_DIR": folder, "XPRA_SYSTEM_CONF_DIRS": folder}
    server = place.programs.start("xpra", [*command, *(f"--{word}=no" for word in _OFF)], **home)
    place.programs.wait_for(lambda: answers(port), "xpra listens", 60)
    return Served(
        address=f"http://localhost:{port}/index.html?sound=0&floating_menu=0",
        port=port,
        pids=[server],
        canvas=".window canvas",
        ready="document.querySelector('.window canvas')?.width >= 640",
        version=version_of("xpra"),
    )
