"""SECURITY.md: every requirement has its line, and every line names what exists."""

import re
from collections import Counter
from pathlib import Path

import pytest

STATES = {"met", "partly met", "not met", "not applicable"}
# The requirements of each section of OWASP ASVS 5.0 at levels 1 and 2; those of level 3 stand after them.
SECTIONS: dict[str, range] = {
    "1.1": range(1, 3), "1.2": range(1, 10), "1.3": range(1, 12), "1.4": range(1, 4), "1.5": range(1, 3),
    "2.1": range(1, 4), "2.2": range(1, 4), "2.3": range(1, 5), "2.4": range(1, 2),
    "3.2": range(1, 3), "3.3": range(1, 5), "3.4": range(1, 7), "3.5": range(1, 6), "3.7": range(1, 3),
    "4.1": range(1, 4), "4.2": range(1, 2), "4.3": range(1, 3), "4.4": range(1, 5),
    "5.1": range(1, 2), "5.2": range(1, 4), "5.3": range(1, 3), "5.4": range(1, 4),
    "6.1": range(1, 4), "6.2": range(1, 13), "6.3": range(1, 5), "6.4": range(1, 5), "6.5": range(1, 6),
    "6.6": range(1, 4), "6.8": range(1, 5),
    "7.1": range(1, 4), "7.2": range(1, 5), "7.3": range(1, 3), "7.4": range(1, 6), "7.5": range(1, 3),
    "7.6": range(1, 3),
    "8.1": range(1, 3), "8.2": range(1, 4), "8.3": range(1, 2), "8.4": range(1, 2),
    "9.1": range(1, 4), "9.2": range(1, 5),
    "10.1": range(1, 3), "10.2": range(1, 3), "10.3": range(1, 5), "10.4": range(1, 12), "10.5": range(1, 6),
    "10.6": range(1, 3), "10.7": range(1, 4),
    "11.1": range(1, 3), "11.2": range(1, 4), "11.3": range(1, 4), "11.4": range(1, 5), "11.5": range(1, 2),
    "11.6": range(1, 2),
    "12.1": range(1, 4), "12.2": range(1, 3), "12.3": range(1, 5),
    "13.1": range(1, 2), "13.2": range(1, 6), "13.3": range(1, 3), "13.4": range(1, 6),
    "14.1": range(1, 3), "14.2": range(1, 5), "14.3": range(1, 4),
    "15.1": range(1, 4), "15.2": range(1, 4), "15.3": range(1, 8),
    "16.1": range(1, 2), "16.2": range(1, 6), "16.3": range(1, 5), "16.4": range(1, 4), "16.5": range(1, 4),
    "17.1": range(1, 2), "17.2": range(1, 5), "17.3": range(1, 3),
}  # fmt: skip
WANTED = [f"{section}.{number}" for section, numbers in SECTIONS.items() for number in numbers]


@pytest.fixture(scope="module")
def text(checkout: Path) -> str:
    return (checkout / "SECURITY.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lines(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| \d+\.\d+\.\d+ \|", line)
    ]


def test_every_requirement_of_the_two_levels_has_one_line_with_a_state_and_a_reason(lines: list[list[str]]):
    assert len(WANTED) == 253
    assert [line[0] for line in lines] == WANTED
    for line in lines:
        assert len(line) == 4, line
        assert line[2] in STATES, line
        assert line[1], line
        assert line[3], line


def test_the_sum_that_is_told_is_right(text: str, lines: list[list[str]]):
    count = Counter(line[2] for line in lines)
    told = re.search(r"Of (\d+): (\d+) met, (\d+) partly, (\d+) not, (\d+) not\s+applicable", text)
    assert told is not None
    assert [int(number) for number in told.groups()] == [
        len(lines), count["met"], count["partly met"], count["not met"], count["not applicable"],
    ]  # fmt: skip


def test_every_test_that_is_named_exists(text: str, house_files: list[Path]):
    there = {
        name
        for path in house_files
        if path.suffix == ".py" and path.name.startswith("test_")
        for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))
    }
    named = set(re.findall(r"`(test_\w+)`", text))
    assert named
    assert named <= there, sorted(named - there)


def test_every_rule_that_is_named_is_defined(text: str, checkout: Path, lines: list[list[str]]):
    spec = (checkout / "protocol" / "SPEC.md").read_text(encoding="utf-8")
    defined = set(re.findall(r"^- \*\*([A-Z]\d{1,2})\*\* ", spec + "\n" + text, re.MULTILINE))
    cells = re.sub(r"`[^`]*`|ruff S\d+(?: to S\d+)?", "", " ".join(line[3] for line in lines))
    named = set(re.findall(r"\b[CGLMNQTUVXY]\d{1,2}\b", cells))
    assert named <= defined, sorted(named - defined)
