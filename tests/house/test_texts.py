"""What may stand in no file of the repository, whoever wrote it."""

import ast
import re
from pathlib import Path

LONGEST_FILE_LINES = 400
LONGEST_FUNCTION_LINES = 60
_BINARY = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".ico", ".woff2", ".bin", ".zst"}

# Written in pieces, so that this file passes its own test.
_PLACES = {
    "a path of one machine": "|".join(
        rf"(?<![\w.$~*-]){root}"
        for root in ("/wo" + r"rk/\w", "/ro" + r"ot\b", "/ho" + r"me/\w+/", "/Us" + r"ers/\w+/")
    ),
    "a package registry": "|".join(
        re.escape(host)
        for host in (
            "files.python" + "hosted.org",
            "pypi.org/" + "simple",
            "registry." + "npmjs",
            "arti" + "factory",
        )
    ),
}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _is_text(path: Path) -> bool:
    return path.suffix not in _BINARY


def _is_generated(path: Path) -> bool:
    return "generated" in path.name or "generated" in path.parts


def test_every_text_is_utf8_with_unix_line_ends(house_files: list[Path]):
    offenders: list[str] = []
    for path in filter(_is_text, house_files):
        raw = path.read_bytes()
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            offenders.append(f"{path}: {error}")
        if b"\r\n" in raw:
            offenders.append(f"{path}: Windows line ends")
    assert not offenders


def test_no_file_names_a_machine_or_a_registry(house_files: list[Path]):
    offenders = [
        f"{path}:{number}: {what}: {line.strip()[:100]}"
        for path in filter(_is_text, house_files)
        for number, line in enumerate(_text(path).splitlines(), 1)
        for what, pattern in _PLACES.items()
        if re.search(pattern, line, re.IGNORECASE)
    ]
    assert not offenders


def test_no_handwritten_source_is_too_long(house_files: list[Path]):
    sources = [
        path for path in house_files if path.suffix in {".py", ".ts", ".tsx"} and not _is_generated(path)
    ]
    lengths = {str(path): len(_text(path).splitlines()) for path in sources}
    assert sources
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE_LINES}


def test_no_function_is_too_long(house_files: list[Path]):
    offenders = [
        f"{path}:{function.lineno}: {function.name}: {lines} lines"
        for path in house_files
        if path.suffix == ".py" and not _is_generated(path)
        for function in ast.walk(ast.parse(_text(path)))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION_LINES
    ]
    assert not offenders
