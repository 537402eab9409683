"""The documents name what exists: rules of the wire, files, targets of make."""

import re
from pathlib import Path

_RULE = r"[A-Z]\d{1,2}"


def _defined(checkout: Path) -> set[str]:
    documents = (checkout / "protocol" / "SPEC.md", checkout / "SECURITY.md")
    texts = "\n".join(document.read_text(encoding="utf-8") for document in documents)
    found = re.findall(rf"^- \*\*({_RULE})\*\* ", texts, re.MULTILINE)
    assert len(found) == len(set(found)), "a rule has two texts"
    return set(found)


def _sources(house_files: list[Path]) -> list[Path]:
    return [path for path in house_files if path.suffix in {".py", ".ts", ".tsx"}]


def test_every_rule_that_a_test_names_is_defined(checkout: Path, house_files: list[Path]):
    named = {
        rule
        for path in _sources(house_files)
        if path.name.startswith("test_")
        for name in re.findall(rf"def test((?:_{_RULE})+)_", path.read_text(encoding="utf-8"))
        for rule in re.findall(_RULE, name)
    }
    assert named
    assert named <= _defined(checkout)


def test_every_rule_that_a_source_names_is_in_the_spec(checkout: Path, house_files: list[Path]):
    rules = _defined(checkout)
    offenders = [
        f"{path}: {rule}"
        for path in _sources(house_files)
        for reference in re.findall(r"\(SPEC ([^)]*)\)", path.read_text(encoding="utf-8"))
        for rule in re.findall(rf"\b{_RULE}\b", reference)
        if rule not in rules
    ]
    assert not offenders


def test_every_file_that_a_document_links_to_exists(house_files: list[Path]):
    offenders = [
        f"{path}: {target}"
        for path in house_files
        if path.suffix == ".md"
        for target in re.findall(r'(?:\]\(|src=")([^)"#:]+)[)"]', path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert not offenders


def test_every_make_target_that_the_readme_names_exists(checkout: Path):
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", (checkout / "README.md").read_text(encoding="utf-8")))
    assert named
    assert named <= targets
