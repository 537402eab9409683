"""``make advisories``: what is asked, what is told, and a service that is not there (SECURITY Y5)."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tools import advisories
from tools.licences import Package, Use

_SHIPPED = Package("pypi", "example", "1.0", Use.SHIPPED, "MIT", ())
_BUILDS = Package("npm", "@scope/other", "2.0.0", Use.DEVELOPMENT, "MIT", ())


@contextmanager
def _service(answer: object) -> Generator[tuple[str, list[Any]]]:
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_Y5_what_is_known_is_told_with_its_package() -> None:
    answer = {"results": [{}, {"vulns": [{"id": "B-2", "modified": ""}, {"id": "A-1"}]}]}
    with _service(answer) as (address, asked):
        (found,) = advisories.known_of([_SHIPPED, _BUILDS], address)
    assert str(found) == f"@scope/other 2.0.0 ({Use.DEVELOPMENT.value}): A-1, B-2"
    ((path, question),) = asked
    assert path == "/v1/querybatch"
    assert question["queries"] == [
        {"package": {"ecosystem": "PyPI", "name": "example"}, "version": "1.0"},
        {"package": {"ecosystem": "npm", "name": "@scope/other"}, "version": "2.0.0"},
    ]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"results": []},
        {"results": [3]},
        {"results": [{"vulns": 7}]},
        {"results": [{"next_page_token": "more"}]},
    ],
)
def test_Y5_an_answer_that_is_none_is_not_taken_for_nothing_known(answer: object) -> None:
    with _service(answer) as (address, _), pytest.raises(advisories.NotAvailable):
        advisories.known_of([_SHIPPED], address)


def test_Y5_a_service_that_is_not_there_is_told_and_fails_by_its_own_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(advisories, "every_package", lambda: [_SHIPPED])
    with _service({}) as (address, _):
        pass
    assert advisories.main(["--service", address]) == 2
    assert "not available here" in capsys.readouterr().err
    assert advisories.main(["--service", "http://elsewhere.example"]) == 2


def test_Y5_the_exit_status_says_whether_something_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "every_package", lambda: [_SHIPPED])
    for result, status in (({}, 0), ({"vulns": [{"id": "A-1"}]}, 1)):
        with _service({"results": [result]}) as (address, _):
            assert advisories.main(["--service", address]) == status
