"""The customer's own record and receipt: chained, mended, private, and nothing in them acts (N5, N6)."""

import json
import os
import queue
import stat
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from relevo_agent.clock import now_ms
from relevo_agent.ledger import GENESIS, Flaw, FlawKind, Ledger, files
from relevo_agent.records import RECEIPTS_KEPT, RECORD_FOLDER, Records, verify
from relevo_agent.session.entries import DecidedBy, Entry, EntryKind
from relevo_agent.ui.texts import Language, Texts, text_version
from relevo_protocol.modes import Capability, Mode, Role

WAIT_S = 60.0
K = EntryKind
SCRIPT = "<script>alert(1)</script>"


class Desk:
    """Records in a folder, and the receipts that were told."""

    def __init__(self, folder: Path, language: Language = Language.EN, *, restored: bool = False) -> None:
        self.folder = folder
        self.receipts: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self.records = Records(folder, Texts(language), "0.1.0", self.receipts.put, restored=restored)

    def keep(self, kind: EntryKind, **more: object) -> None:
        self.records.keep(replace(Entry(kind, now_ms()), **more))  # type: ignore[arg-type]

    def session(self, who: str = "Marta Ruiz") -> None:
        self.keep(K.SESSION_STARTED)
        self.keep(K.JOINED, who=who, organisation="Ayuda", role=Role.LEAD)
        self.keep(K.SESSION_ENDED, detail="session_ended")

    def lines(self) -> list[dict[str, object]]:
        assert self.records.flush(WAIT_S)
        return [json.loads(line) for path in self.paths for line in path.read_text("utf-8").splitlines()]

    @property
    def paths(self) -> list[Path]:
        return files(self.folder / RECORD_FOLDER)

    def page(self) -> str:
        return self.receipts.get(timeout=WAIT_S).read_text("utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


class Page(HTMLParser):
    """The tags of a page, and what stands in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_N5_each_line_has_its_number_time_language_wording_version_and_the_hash_before(desk: Desk) -> None:
    desk.session()
    first, second, third = desk.lines()
    assert [line["number"] for line in (first, second, third)] == [1, 2, 3]
    assert first["previous"] == GENESIS
    assert len({str(line["previous"]) for line in (first, second, third)}) == 3
    assert (first["language"], first["agent"], first["text"]) == ("en", "0.1.0", text_version())
    assert str(first["time"]).endswith("+00:00")
    assert first["session"] == third["session"]
    assert verify(desk.folder / RECORD_FOLDER) == []


def test_N5_a_changed_line_shows(desk: Desk) -> None:
    desk.session()
    desk.lines()
    (path,) = desk.paths
    path.write_text(path.read_text("utf-8").replace("Marta Ruiz", "Nobody"), "utf-8")
    assert verify(path) == [Flaw(path, 3, FlawKind.CHAIN)]


@pytest.mark.parametrize(("cut", "line"), [(0, 2), (1, 2)])
def test_N5_a_missing_line_shows(desk: Desk, cut: int, line: int) -> None:
    desk.session()
    desk.keep(K.SESSION_STARTED)
    desk.lines()
    (path,) = desk.paths
    kept = path.read_bytes().splitlines(keepends=True)
    del kept[1 : 2 + cut]
    path.write_bytes(b"".join(kept))
    assert {(flaw.line, flaw.kind) for flaw in verify(path)} == {
        (line, FlawKind.CHAIN),
        (line, FlawKind.NUMBER),
    }


def test_N5_a_line_that_is_no_line_shows_and_the_chain_goes_on(desk: Desk) -> None:
    desk.session()
    desk.lines()
    (path,) = desk.paths
    with path.open("ab") as file:
        file.write(b"\xff{}\n")
    desk.session()
    assert len(desk.paths) == 1
    assert desk.records.flush(WAIT_S)
    assert verify(path) == [Flaw(path, 4, FlawKind.UNREADABLE)]


def test_N5_a_torn_last_line_is_taken_away_and_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.session()
    desk.lines()
    (path,) = desk.paths
    with path.open("ab") as file:
        file.write(b'{"number":4,"ti')
    assert [flaw.kind for flaw in verify(path)] == [FlawKind.TORN]
    again = Desk(tmp_path)
    again.session()
    assert again.lines()[3]["mended_bytes"] == 15
    assert verify(path) == []


def test_N5_two_agents_write_one_chain(tmp_path: Path) -> None:
    desks = [Desk(tmp_path), Desk(tmp_path)]
    for _ in range(10):
        for desk in desks:
            desk.session()
    for desk in desks:
        assert desk.records.flush(WAIT_S)
    assert len(desks[0].lines()) == 60
    assert verify(tmp_path / RECORD_FOLDER) == []


def test_N5_the_chain_goes_from_file_to_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relevo_agent.ledger.ROLL_BYTES", 300)
    desk = Desk(tmp_path)
    desk.session()
    assert len(desk.lines()) == 3
    assert len(desk.paths) == 3
    assert verify(tmp_path / RECORD_FOLDER) == []
    desk.paths[1].unlink()
    assert verify(tmp_path / RECORD_FOLDER) != []


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_N5_record_and_receipt_are_for_this_user_alone(desk: Desk) -> None:
    desk.session()
    receipt = desk.receipts.get(timeout=WAIT_S)
    for path in (*desk.paths, receipt):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_V6_a_session_goes_on_after_a_restart_in_one_receipt(tmp_path: Path) -> None:
    before = Desk(tmp_path)
    before.keep(K.SESSION_STARTED)
    before.keep(K.JOINED, who="Marta Ruiz", organisation="Ayuda", role=Role.LEAD)
    before.keep(K.ACT, who="Marta Ruiz", detail="restart")
    assert before.records.flush(WAIT_S)
    after = Desk(tmp_path, restored=True)
    after.keep(K.ACT, who="Marta Ruiz", detail="terminal opened administrator")
    after.keep(K.SESSION_ENDED)
    page = after.page()
    assert "asked to restart this PC" in page
    assert "opened a terminal as administrator" in page
    assert len({line["session"] for line in after.lines()}) == 1


def test_N5_a_session_that_was_cut_off_is_not_mixed_with_the_next(tmp_path: Path) -> None:
    before = Desk(tmp_path)
    before.keep(K.SESSION_STARTED)
    before.keep(K.JOINED, who="Marta Ruiz")
    assert before.records.flush(WAIT_S)
    after = Desk(tmp_path)
    after.session("Leo")
    page = after.page()
    assert "Leo" in page
    assert "Marta" not in page


def test_N6_what_was_refused_before_anybody_came_in_is_in_the_receipt(desk: Desk) -> None:
    desk.keep(K.CONSENT, who="Eve", mode=Mode.FULL, granted=False, by=DecidedBy.CLICK, detail="entry")
    desk.session()
    page = desk.page()
    assert "Eve asked for: Mode: full control" in page
    assert "decided by you" in page


@pytest.mark.parametrize(("sent", "words"), [(True, "was sent"), (False, "could not be sent")])
def test_N8_a_report_is_in_the_receipt_with_whether_it_was_sent(desk: Desk, sent: bool, words: str) -> None:
    desk.keep(K.SESSION_STARTED)
    desk.keep(K.REPORTED, who="Eva & Co", organisation="Ayuda", granted=sent)
    desk.keep(K.SESSION_ENDED, detail="session_ended")
    page = desk.page()
    assert "You reported Eva &amp; Co of Ayuda and ended the session." in page
    assert words in page


def test_N6_a_session_in_which_nothing_happened_has_no_receipt(desk: Desk) -> None:
    desk.keep(K.SESSION_STARTED)
    desk.keep(K.SESSION_ENDED)
    assert desk.records.flush(WAIT_S)
    assert desk.receipts.empty()


def everything(desk: Desk, who: str) -> None:
    common = {"who": who, "organisation": who, "role": Role.LEAD, "mode": Mode.ADMINISTRATOR, "detail": who}
    desk.keep(K.SESSION_STARTED)
    for kind in K:
        if kind not in {K.SESSION_STARTED, K.SESSION_ENDED}:
            for granted in (True, False):
                capabilities = (Capability.RECORD, Capability.POWER_REBOOT)
                desk.keep(kind, granted=granted, by=DecidedBy.CLOCK, capabilities=capabilities, **common)
    desk.keep(K.SESSION_ENDED)


def test_N6_nothing_in_the_receipt_acts_or_calls_out(desk: Desk) -> None:
    everything(desk, f'{SCRIPT}"><img src=x onerror=alert(1)>&amp;')
    text = desk.page()
    page = Page(text)
    assert page.tags.isdisjoint({"script", "img", "a", "iframe", "link", "form", "object"})
    assert not any(name.startswith("on") or name in {"src", "href"} for name in page.attributes)
    assert any(SCRIPT in words for words in page.words)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("language", list(Language))
def test_N6_the_receipt_tells_everything_in_the_language_of_the_session(
    tmp_path: Path, language: Language
) -> None:
    desk, t = Desk(tmp_path, language), Texts(language)
    everything(desk, "Marta")
    page = Page(desk.page())
    words = "\n".join(page.words)
    for key in ("who", "seen", "allowed", "refused", "done"):
        assert t(f"receipt.{key}") in page.words
    assert t.capability(Capability.RECORD) in words
    assert t("receipt.lead", who="Marta, de Marta" if language is Language.ES else "Marta of Marta") in words
    assert t("receipt.by_clock") in words


def test_N6_the_newest_receipts_are_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for _ in range(RECEIPTS_KEPT + 3):
        desk.session()
    assert desk.records.flush(WAIT_S)
    last = [desk.receipts.get(timeout=WAIT_S) for _ in range(RECEIPTS_KEPT + 3)][-1]
    kept = set(last.parent.glob("*.html"))
    assert len(kept) == RECEIPTS_KEPT
    assert last in kept


def test_a_disk_that_takes_nothing_ends_no_session_and_the_receipt_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Ledger, "append", full)
    desk.session()
    assert Texts(Language.EN)("receipt.damaged") in Page(desk.page()).words


def test_the_version_of_the_wording_changes_with_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    before = text_version()
    monkeypatch.setitem(
        __import__("relevo_agent.ui.words.consent", fromlist=["TABLE"]).TABLE, "x", ("a", "b")
    )
    assert text_version() != before
