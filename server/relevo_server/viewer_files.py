"""The viewer's built files: hashed assets for ever, the rest asked for anew, client routes by the page."""

import asyncio
import gzip
import mimetypes
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"
_IMMUTABLE = "public, max-age=31536000, immutable"
_RESERVED = ("api", "ws", "assets")
_PACKABLE = frozenset({".html", ".js", ".css", ".svg", ".json", ".wasm", ".webmanifest"})
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Relevo</title>
<h1>Relevo</h1>
<p>The relay is running, but the viewer has not been built: run <code>make viewer</code> in the checkout, or
install the server from its wheel, which brings it along.</p>
<p lang="es">El relé está en marcha, pero el visor no se ha compilado: ejecute <code>make viewer</code> en el
repositorio o instale el servidor desde su wheel, que lo incluye.</p>
</html>
"""
# The machine's own table may lack them or, on Windows, have them wrong.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/wasm", ".wasm")


def build_router(folder: Path = STATIC) -> APIRouter:
    """Serves `folder`; has to be included last, for it answers every GET that is left."""
    router = APIRouter()
    files = StaticFiles(directory=folder, check_dir=False)
    packer = _Packer()

    @router.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def file(path: str, request: Request) -> Response:
        found = await _file(files, path, request)
        if found is not None:
            found.headers["cache-control"] = _IMMUTABLE if path.startswith("assets/") else "no-cache"
            return await packer.packed(found, request)
        if not _is_client_route(path):
            raise HTTPException(404)
        page = await _file(files, "index.html", request)
        if page is None:
            return HTMLResponse(_NOT_BUILT, status_code=503)
        page.headers["cache-control"] = "no-cache"
        return await packer.packed(page, request)

    _ = file
    return router


class _Packer:
    """Compresses public files, each once; never an answer of the API, whose length would tell (BREACH)."""

    def __init__(self) -> None:
        self._packed: dict[tuple[str, str], bytes] = {}

    async def packed(self, found: Response, request: Request) -> Response:
        """The file as gzip where the browser takes it and it is text or code, else as it is."""
        takes = "gzip" in request.headers.get("accept-encoding", "").replace(" ", "").split(",")
        if not isinstance(found, FileResponse) or found.status_code != HTTPStatus.OK:
            return found
        if Path(found.path).suffix not in _PACKABLE:
            return found
        found.headers["vary"] = "accept-encoding"
        if not takes or "range" in request.headers or request.method != "GET":
            return found
        key = str(found.path), found.headers["etag"]
        if key not in self._packed:
            self._packed[key] = await asyncio.to_thread(_pack, Path(found.path))
        kept = ("content-type", "cache-control", "last-modified", "vary")
        headers = {name: found.headers[name] for name in kept}
        # Another sequence of octets, hence a weak tag (RFC 9110, 8.8.1); it still revalidates.
        return Response(
            self._packed[key], headers=headers | {"content-encoding": "gzip", "etag": f"W/{key[1]}"}
        )


def _pack(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 6, mtime=0)


async def _file(files: StaticFiles, path: str, request: Request) -> Response | None:
    if not path or "\0" in path:
        return None
    try:
        return await files.get_response(path, request.scope)
    except HTTPException:
        return None


def _is_client_route(path: str) -> bool:
    """`/`, `/go` and the like; a missing file (with a suffix) or API address is an error instead."""
    first, last = path.partition("/")[0], path.rpartition("/")[2]
    return first not in _RESERVED and "." not in last
