"""`relevo verify-viewer` against a server on loopback that can be made to lie."""

import gzip
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from relevo_server import guards, verify_viewer
from relevo_server.verify_viewer import PAGES, policy_flaws

_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
_HELD = 'integrity="sha384-' + "A" * 64 + '"'
_PAGE = (
    '<!doctype html><html><head><link rel="icon" href="/favicon.svg">'
    f'<script type="module" src="/assets/index.js" {_HELD}></script>'
    f'<link rel="stylesheet" href="/assets/index.css" {_HELD}></head></html>'
)
_FILES = {
    "index.html": _PAGE.encode(),
    "browser-check.js": b"check();",
    "favicon.svg": b"<svg/>",
    "assets/index.js": b"go();",
    "assets/index.css": b"a{}",
    "assets/screen.wasm": b"\0asm",
}


@dataclass
class Lies:
    """What the server hands out otherwise than published."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    pages: dict[str, bytes] = field(default_factory=dict[str, bytes])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    missing: set[str] = field(default_factory=set[str])
    packed: bool = False


@dataclass
class Served:
    """A running server: its address, the manifest that was published, and its lies."""

    url: str
    manifest: Path
    lies: Lies

    def verify(self, *options: str) -> int:
        return verify_viewer.main(["verify-viewer", self.url, "--manifest", str(self.manifest), *options])


def _manifest() -> bytes:
    files = {name: hashlib.sha256(data).hexdigest() for name, data in _FILES.items()}
    return json.dumps({"product": "relevo-viewer", "version": "1.2.3", "files": files}).encode()


def _handler(lies: Lies) -> type[BaseHTTPRequestHandler]:
    truth = _FILES | {"manifest.json": _manifest()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: in two, each answer waits for an acknowledgement.
        wbufsize = 65536

        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            data = lies.files.get(name, truth.get(name))
            if "." not in name:
                name, data = (
                    "index.html",
                    lies.pages.get(self.path, lies.files.get("index.html", truth["index.html"])),
                )
            gone = data is None or name in lies.missing
            headers = {
                "content-type": _TYPES.get(Path(name).suffix, "application/octet-stream"),
                "content-security-policy": guards.PAGE_POLICY,
            } | lies.headers
            body = b"" if data is None else data
            if lies.packed:
                headers["content-encoding"], body = "gzip", gzip.compress(body)
            self.send_response(404 if gone else 200)
            for key, value in (headers | {"content-length": str(len(body))}).items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    return Handler


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    lies = Lies()
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(_manifest())
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(lies)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Served(f"http://127.0.0.1:{server.server_port}", manifest, lies)
        finally:
            server.shutdown()
            thread.join()


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("packed", [False, True])
def test_Y1_the_published_viewer_passes(served: Served, capsys: pytest.CaptureFixture[str], packed: bool):
    served.lies.packed = packed
    assert served.verify() == 0
    told = capsys.readouterr().out
    assert "1.2.3" in told
    assert hashlib.sha256(_manifest()).hexdigest() in told


@pytest.mark.parametrize("name", _FILES)
def test_Y1_one_flipped_bit_in_any_file_is_found(
    served: Served, capsys: pytest.CaptureFixture[str], name: str
):
    for at in (0, len(_FILES[name]) - 1):
        served.lies.files = {name: _flipped(_FILES[name], at)}
        assert served.verify() == 1
        assert f"{name}: other bytes" in capsys.readouterr().out.replace("index.html has", "index.html:")


@pytest.mark.parametrize("path", PAGES)
def test_Y1_one_page_that_differs_is_found(served: Served, capsys: pytest.CaptureFixture[str], path: str):
    served.lies.pages[path] = _PAGE.encode() + b"\n"
    assert served.verify() == 1
    assert f"\n{path}: " in capsys.readouterr().out


@pytest.mark.parametrize("script", [f'<script src="/evil.js" {_HELD}></script>', "<script>go()</script>"])
def test_Y1_a_script_more_is_found_and_named(served: Served, capsys: pytest.CaptureFixture[str], script: str):
    served.lies.files["index.html"] = (_PAGE + script).encode()
    assert served.verify() == 1
    told = capsys.readouterr().out
    assert ("/evil.js, which was not published" in told) or ("a script in the page itself" in told)


def test_Y1_a_page_without_its_hashes_is_found(served: Served, capsys: pytest.CaptureFixture[str]):
    served.lies.files["index.html"] = _PAGE.replace(_HELD, "").encode()
    assert served.verify() == 1
    assert "/assets/index.js without its hash" in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in [*_FILES, "manifest.json"] if name != "index.html"])
def test_Y1_a_missing_file_is_found(served: Served, capsys: pytest.CaptureFixture[str], name: str):
    served.lies.missing.add(name)
    assert served.verify() == 1
    assert f"\n{name}: " in capsys.readouterr().out


def test_Y1_another_manifest_is_found(served: Served, capsys: pytest.CaptureFixture[str]):
    served.lies.files["manifest.json"] = _manifest() + b"\n"
    assert served.verify() == 1
    assert "another manifest" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("header", "value", "told"),
    [
        ("content-type", "text/plain", "served as text/plain"),
        ("link", "</x.js>; rel=modulepreload", "the header link"),
        ("refresh", "0; url=https://elsewhere.example", "the header refresh"),
        ("content-security-policy", "default-src 'self'", "does not begin with nothing"),
    ],
)
def test_Y1_headers_that_change_what_a_browser_does_are_found(
    served: Served, capsys: pytest.CaptureFixture[str], header: str, value: str, told: str
):
    served.lies.headers[header] = value
    assert served.verify() == 1
    assert told in capsys.readouterr().out


_OURS = guards.PAGE_POLICY


@pytest.mark.parametrize(
    ("policies", "flaws"),
    [
        ((_OURS,), 0),
        ((_OURS.partition("; require-trusted-types-for")[0],), 0),
        ((_OURS, "upgrade-insecure-requests"), 0),
        ((_OURS.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'"),), 1),
        ((_OURS.replace("script-src 'self'", "script-src 'self' https://elsewhere.example"),), 1),
        (("script-src *; " + _OURS,), 1),
        ((_OURS + "; script-src-elem 'self' https://elsewhere.example",), 1),
        ((_OURS + "; script-src-attr 'unsafe-inline'; script-src-elem 'none'",), 1),
        ((_OURS.replace("worker-src 'self'", "worker-src blob:"),), 1),
        ((_OURS.replace("base-uri 'none'", "base-uri *"),), 1),
        ((_OURS.replace("frame-ancestors 'none'", "frame-ancestors *"),), 1),
        ((), 1),
    ],
)
def test_Y1_the_pages_policy_is_read_as_a_browser_does(policies: tuple[str, ...], flaws: int):
    assert len(list(policy_flaws({"content-security-policy": policies} if policies else {}))) == flaws


def test_Y1_what_a_lying_server_says_does_nothing_to_a_terminal(
    served: Served, capsys: pytest.CaptureFixture[str]
):
    hostile = "\x1b]0;owned\x07\u202e" + "x" * 5000
    served.lies.files["index.html"] = f'<script src="/{hostile}"></script>'.encode()
    served.verify()
    told = capsys.readouterr().out
    assert told.isascii()
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) < 300


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://help.example.org", "without TLS"),
        ("ftp://127.0.0.1", "no server's address"),
        ("https://127.0.0.1/live", "no server's address"),
        ("https://127.0.0.1:99999", "no address"),
        ("http://127.0.0.1:1", "does not answer"),
    ],
)
def test_Y1_what_cannot_be_compared_is_neither_good_nor_bad(
    served: Served, capsys: pytest.CaptureFixture[str], url: str, told: str
):
    served.url = url
    assert served.verify() == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"product": "relevo-viewer", "version": "1", "files": {}}',
        json.dumps({"product": "relevo-viewer", "version": "1", "files": {"index.html": "0" * 63}}).encode(),
        json.dumps(
            {"product": "relevo-viewer", "version": "1", "files": {"index.html": "0" * 64, "../x": "0" * 64}}
        ).encode(),
    ],
)
def test_Y1_a_manifest_that_is_none_is_refused(
    served: Served, capsys: pytest.CaptureFixture[str], content: bytes
):
    served.manifest.write_bytes(content)
    assert served.verify() == 2
    assert "no manifest" in capsys.readouterr().err


def test_Y1_every_page_of_the_viewer_is_asked_for(checkout: Path):
    route = (checkout / "viewer" / "src" / "features" / "route.ts").read_text(encoding="utf-8")
    pages = set(re.findall(r'^  "(/\w*)": "\w+",$', route, re.MULTILINE))
    assert pages
    # One-time links are opened at /go, which is the first page.
    assert set(PAGES) == pages | {"/go"}
