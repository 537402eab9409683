"""`relevo verify-viewer URL`: tells whether a server hands out the published viewer (SECURITY.md, Y1).

Standard library only and one file, so that anybody can read it and run it without the rest:

    python verify_viewer.py verify-viewer https://help.example.org --manifest manifest.json

What is published is the manifest of this installation, or the file given: each file of the viewer with its
SHA-256. Every file is fetched as a browser would fetch it and compared, and so is every page there is.
"""

import argparse
import gzip
import hashlib
import http.client
import io
import ipaddress
import json
import re
import secrets
import ssl
import sys
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, Self, cast
from urllib.parse import urlsplit

MANIFEST: Final = Path(__file__).parent / "static" / "manifest.json"
PAGES: Final = ("/", "/account", "/admin", "/go", "/live", "/policy", "/present", "/share")
"""Every address at which the viewer has a page, all of them the one file (`viewer/src/features/route.ts`)."""
_PAGE: Final = "index.html"
_MAX_FILE_BYTES: Final = 32 * 1024 * 1024
_MAX_FILES: Final = 2000
_ANSWER_S: Final = 10.0
_FILE_S: Final = 60.0
_NAME: Final = re.compile(r"(?!.*\.\.)[\w@-][\w@.-]*(?:/[\w@-][\w@.-]*)*", re.ASCII)
_TEXT_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_SCRIPTS: Final = frozenset({"'self'", "'wasm-unsafe-eval'"})
_DIFFERS, _UNUSABLE = 1, 2


class Unusable(Exception):
    """Nothing can be compared: a wrong address, no answer, no manifest; the text says which."""


@dataclass(frozen=True)
class Manifest:
    """What was published: the viewer's version, the SHA-256 of each file, and that of the manifest itself."""

    version: str
    files: Mapping[str, str]
    digest: str


@dataclass(frozen=True)
class Answer:
    """One answer of the server; `headers` by their small names, several of one name in their order."""

    status: int
    headers: Mapping[str, tuple[str, ...]]
    body: bytes


@dataclass(frozen=True)
class Flaw:
    """What is not as published: the file or page, and in what."""

    name: str
    what: str


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 if the viewer is the published one, 1 if not, 2 if that cannot be told."""
    parser = argparse.ArgumentParser(prog="relevo", description="Tools for those who use a Relevo server.")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify-viewer", help="compare a server's viewer with the published one")
    verify.add_argument("url", help="the server's address, as technicians open it: https://...")
    verify.add_argument("--manifest", type=Path, default=MANIFEST, help="the published manifest.json")
    verify.add_argument(
        "--ca", type=Path, help="trust this authority (PEM), for a server with one of its own"
    )
    options = parser.parse_args(arguments)
    try:
        manifest = read_manifest(options.manifest)
        with Site(options.url, options.ca) as site:
            flaws = list(compare(site, manifest))
    except Unusable as error:
        print(f"relevo: {error}", file=sys.stderr)  # noqa: T201 - a command line prints
        return _UNUSABLE
    print(_verdict(manifest, flaws))  # noqa: T201 - as above
    return _DIFFERS if flaws else 0


def _verdict(manifest: Manifest, flaws: list[Flaw]) -> str:
    told = f"viewer {manifest.version}, manifest {manifest.digest}"
    if not flaws:
        return f"the published viewer: {len(manifest.files)} files and {len(PAGES)} pages are {told}"
    lines = [f"{flaw.name}: {flaw.what}" for flaw in flaws]
    return "\n".join([f"NOT the published viewer ({told}):", *lines])


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file; raises Unusable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        hint = "; give the published one with --manifest, or run `make viewer`" if path == MANIFEST else ""
        raise Unusable(f"no manifest at {path} ({error.strerror}){hint}") from error
    try:
        content: object = json.loads(data)
    except ValueError as error:
        raise Unusable(f"{path} is no manifest: no JSON") from error
    fields = cast("dict[str, object]", content) if isinstance(content, dict) else {}
    version, given = fields.get("version"), fields.get("files")
    if (
        fields.get("product") != "relevo-viewer"
        or not isinstance(version, str)
        or not isinstance(given, dict)
    ):
        raise Unusable(f"{path} is no manifest of Relevo's viewer")
    files = cast("dict[str, object]", given)
    hashes = {name: value for name, value in files.items() if isinstance(value, str)}
    good = all(_NAME.fullmatch(name) and re.fullmatch("[0-9a-f]{64}", one) for name, one in hashes.items())
    if not good or len(hashes) != len(files) or len(files) > _MAX_FILES or _PAGE not in hashes:
        raise Unusable(f"{path} is no manifest: its files are not as they should be")
    return Manifest(_shown(version), hashes, hashlib.sha256(data).hexdigest())


def _shown(text: str) -> str:
    """Words of others, safe for a terminal and short."""
    return ascii(text[:100])[1:-1]


class Site:
    """One server, over one connection; follows nobody elsewhere."""

    def __init__(self, url: str, authority: Path | None = None) -> None:
        self._connection = _connection(url, authority)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str) -> Answer:
        """What the server answers to a browser that asks for this; raises Unusable."""
        try:
            self._connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept": "*/*"})
            answer = self._connection.getresponse()
            body = _bounded(answer)
        except (OSError, http.client.HTTPException) as error:
            raise Unusable(f"the server does not answer {path}: {_shown(str(error))}") from error
        names = {name.lower() for name in answer.headers}
        headers = {name: tuple(answer.headers.get_all(name, [])) for name in names}
        if headers.get("content-encoding") == ("gzip",):
            body = _unpacked(body)
        return Answer(answer.status, headers, body)


def _connection(url: str, authority: Path | None) -> http.client.HTTPConnection:
    try:
        address = urlsplit(url)
        host, port = address.hostname or "", address.port
    except ValueError as error:
        raise Unusable(f"{url} is no address") from error
    if address.scheme not in {"http", "https"} or not host or address.path not in {"", "/"} or address.query:
        raise Unusable(
            f"{url} is no server's address; it begins with https:// and ends with the name or port"
        )
    if address.scheme == "http":
        if not _is_here(host):
            raise Unusable("without TLS nothing can be said: anybody on the way could answer; use https://")
        return http.client.HTTPConnection(host, port, timeout=_ANSWER_S)
    try:
        trust = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise Unusable(f"{authority} holds no certificate authority: {error}") from error
    return http.client.HTTPSConnection(host, port, timeout=_ANSWER_S, context=trust)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bounded(answer: http.client.HTTPResponse) -> bytes:
    """The body, up to what a file of the viewer may have and in the time that it may take."""
    pieces: list[bytes] = []
    size, end_s = 0, time.monotonic() + _FILE_S
    while piece := answer.read1(64 * 1024):
        size += len(piece)
        if size > _MAX_FILE_BYTES or time.monotonic() > end_s:
            raise http.client.HTTPException("the answer does not end")
        pieces.append(piece)
    # Read to its end, whose being reached `read1` does not tell the connection.
    answer.close()
    return b"".join(pieces)


def _unpacked(body: bytes) -> bytes:
    """The file in a gzip, bounded; what is none stays as it came and so will not match."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            return packed.read(_MAX_FILE_BYTES)
    except (OSError, EOFError, zlib.error):
        return body


def compare(site: Site, manifest: Manifest) -> Iterator[Flaw]:
    """Everything in which the server differs from what was published; raises Unusable."""
    yield from _compared_pages(site, manifest)
    for name in sorted(manifest.files):
        if name != _PAGE:
            yield from _compared_file(site, name, manifest.files[name])
    told = site.get("/manifest.json")
    if told.status != http.HTTPStatus.OK or hashlib.sha256(told.body).hexdigest() != manifest.digest:
        yield Flaw("manifest.json", "the server has another manifest, or none: this may be another version")


def _compared_pages(site: Site, manifest: Manifest) -> Iterator[Flaw]:
    """Every page is the one file; also one that nobody has asked for yet."""
    seen: set[str] = set()
    for path in (*PAGES, f"/{secrets.token_hex(8)}"):
        answer = site.get(path)
        name = path if path in PAGES else "/ and anything"
        yield from (Flaw(name, what) for what in _flaws_of(answer, ".html"))
        yield from (Flaw(name, what) for what in policy_flaws(answer.headers))
        digest = hashlib.sha256(answer.body).hexdigest()
        if digest != manifest.files[_PAGE]:
            yield Flaw(name, f"index.html has other bytes: SHA-256 {digest}")
        if digest not in seen:
            seen.add(digest)
            yield from (Flaw(name, what) for what in page_flaws(answer.body, manifest))


def _compared_file(site: Site, name: str, wanted: str) -> Iterator[Flaw]:
    answer = site.get(f"/{name}")
    yield from (Flaw(name, what) for what in _flaws_of(answer, Path(name).suffix))
    digest = hashlib.sha256(answer.body).hexdigest()
    if answer.status == http.HTTPStatus.OK and digest != wanted:
        yield Flaw(name, f"other bytes: SHA-256 {digest}")


def _flaws_of(answer: Answer, suffix: str) -> Iterator[str]:
    if answer.status != http.HTTPStatus.OK:
        yield f"missing: the server answers {answer.status}"
        return
    kind = answer.headers.get("content-type", ("",))[0].partition(";")[0].strip().lower()
    if kind != _TEXT_TYPES.get(suffix, kind):
        yield f"served as {_shown(kind) or 'nothing'}, not as {_TEXT_TYPES[suffix]}"
    for header in ("link", "refresh"):
        if header in answer.headers:
            yield f"the header {header} sends the browser elsewhere"


def policy_flaws(headers: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What the page's content security policy leaves open; several policies only close more (CSP 3, 8.1)."""
    given = [one for line in headers.get("content-security-policy", ()) for one in line.split(",")]
    flaws = [list(_open(one)) for one in given] or [["there is no content security policy"]]
    yield from min(flaws, key=len)


def _open(policy: str) -> Iterator[str]:
    told: dict[str, frozenset[str]] = {}
    for directive in policy.split(";"):
        name, *values = directive.split() or [""]
        # The first of a name counts (CSP 3, 2.2.1).
        told.setdefault(name.lower(), frozenset(value.lower() for value in values))
    none = frozenset({"'none'"})
    if told.get("default-src") != none:
        yield "the content policy does not begin with nothing (default-src 'none')"
    # The finer two hold instead of the first where they are given (CSP 3, 6.8.4).
    scripts = {"script-src": frozenset({"*"}), "script-src-elem": none, "script-src-attr": none}
    for name, otherwise in scripts.items():
        if not told.get(name, otherwise) <= _SCRIPTS | none:
            yield f"the content policy lets scripts in that are no files of this server ({name})"
    if not told.get("worker-src", frozenset({"*"})) <= {"'self'", "'none'"}:
        yield "the content policy lets workers in that are no files of this server (worker-src)"
    if told.get("base-uri") != none:
        yield "the content policy lets the page's addresses be moved (base-uri)"
    if told.get("frame-ancestors") != none:
        yield "the content policy lets other pages show this one (frame-ancestors)"


class _Loads(HTMLParser):
    """What a page makes the browser run or style with: address (None: in the page itself) and integrity."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str | None, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script":
            self.found.append((given.get("src"), given.get("integrity") or ""))
        elif tag == "link" and {"modulepreload", "stylesheet"} & set(
            (given.get("rel") or "").lower().split()
        ):
            self.found.append((given.get("href") or "", given.get("integrity") or ""))


def page_flaws(page: bytes, manifest: Manifest) -> Iterator[str]:
    """Scripts and styles of a page that were not published, or that the browser is not told to check."""
    loads = _Loads()
    loads.feed(page.decode("utf-8", "replace"))
    for address, integrity in loads.found:
        if address is None:
            yield "there is a script in the page itself"
        elif address.removeprefix("/") not in manifest.files or not address.startswith("/"):
            yield f"it loads {_shown(address)}, which was not published"
        elif not re.fullmatch(r"sha384-[A-Za-z0-9+/]{64}", integrity):
            yield f"it loads {_shown(address)} without its hash (integrity)"


if __name__ == "__main__":
    sys.exit(main())
