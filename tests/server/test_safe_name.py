import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relevo_server.safe_name import MAX_SAFE_NAME_CHARS, BadName, SafeName, attachment


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        ".hidden",
        "../up",
        "a/b",
        "a\\b",
        "C:evil",
        "a b",
        "a\nb",
        "a\u202egpj.exe",
        "niño",
        "con",
        "CON.txt",
        "com1.log.gz",
        "LPT9",
        "aux.",
        "a.",
        'a"b',
        "a;b",
        "a%2fb",
        "x" * (MAX_SAFE_NAME_CHARS + 1),
        "a\0",
    ],
)
def test_X1_what_is_no_safe_name_is_refused(text: str):
    with pytest.raises(BadName):
        SafeName(text)


@pytest.mark.parametrize(
    "text", ["a", "relevo-audit-2026-11-22.jsonl", "console.log", "x" * MAX_SAFE_NAME_CHARS]
)
def test_X1_what_is_one_is_taken_as_it_is(text: str):
    assert SafeName(text) == text
    assert attachment(SafeName(text)) == f'attachment; filename="{text}"'


@given(st.text(max_size=130))
@example("a\u212a")
def test_X1_whatever_is_taken_is_plain_ascii_and_names_no_folder(text: str):
    try:
        name = SafeName(text)
    except BadName:
        return
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}", name)
    assert not name.endswith(".")
