"""``relevo-agent doctor``: the truth about this PC, in both languages and for programs."""

import json

import pytest

from relevo_agent import cli, doctor
from relevo_agent.doctor import EXIT_NO_PICTURE, EXIT_OK
from relevo_agent.examination import Findings, examine
from relevo_agent.pipeline import kernel
from relevo_agent.pipeline.sources.chooser import Rejected, SourceName, Why
from relevo_agent.pipeline.sources.screen_x11 import Lack
from relevo_agent.ui.texts import Language, Texts
from relevo_protocol.messages.screen import CaptureCondition
from tests.agent.desktop import xvfb

NOWHERE = ":59999"


@pytest.fixture(autouse=True)
def _display_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--display`` is for this process and those that it starts; here they are of other tests as well."""
    monkeypatch.setenv("DISPLAY", NOWHERE)  # so that it is put back, even where there was none
    monkeypatch.delenv("DISPLAY")


def test_a_display_is_told_with_source_costs_and_ways(capsys: pytest.CaptureFixture[str]) -> None:
    with xvfb("640x480x24") as display:
        assert cli.main(["doctor", "--display", display, "--json"]) == EXIT_OK
        told = json.loads(capsys.readouterr().out)
        assert cli.main(["doctor", "--display", display, "--lang", "es"]) == EXIT_OK
        text = capsys.readouterr().out
    assert (told["picture"], told["condition"], told["source"]) == (True, "ok", "x11")
    assert told["tells_changes"]
    assert told["lacks"] == []
    assert {one["name"]: one["why"] for one in told["rejected"]} == {
        "portal": "other_desktop",
        "mss": "not_needed",
    }
    assert told["screen"] == {"width": 640, "height": 480}
    assert [(area["width"], area["height"]) for area in told["monitors"]] == [(640, 480)]
    assert told["costs"]["full_ms"] > 0
    assert told["costs"]["small_ms"] > 0
    assert told["cursor"] == {"works": True, "by": "events", "why": ""}
    assert told["input"]["works"]
    assert told["local_input"]["works"]
    assert {"zstd", "deflate", "jpeg"} <= {one["name"] for one in told["encoders"] if one["usable"]}
    assert told["kernel"] == {"works": True, "by": kernel.FILE_NAME, "why": ""}
    assert "Imagen: se puede mostrar" in text
    assert "con la parte compilada" in text
    assert "640x480" in text


def test_no_display_is_told_with_its_remedy_and_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--display", NOWHERE, "--lang", "en"]) == EXIT_NO_PICTURE
    text = capsys.readouterr().out
    assert "Run this in a window of the desktop" in text
    assert "DISPLAY" in text
    assert cli.main(["doctor", "--display", NOWHERE, "--json"]) == EXIT_NO_PICTURE
    told = json.loads(capsys.readouterr().out)
    assert (told["picture"], told["condition"], told["source"]) == (False, "no_display", None)
    assert told["costs"] is None
    assert not told["input"]["works"]
    assert {"name": "x11", "why": "failed"}.items() <= told["rejected"][-1].items()


def test_a_missing_kernel_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "state", kernel.State(None, "no kernel.so"))
    lines = list(doctor.report(examine(NOWHERE), Texts(Language.EN)))
    assert any("without the compiled part (no kernel.so)" in line for line in lines)


@pytest.mark.parametrize("language", list(Language))
def test_every_state_and_reason_has_its_words(language: Language) -> None:
    texts = Texts(language)
    rejected = tuple(Rejected(name, why, "this is why") for name in SourceName for why in Why)
    for condition in CaptureCondition:
        for source in (*SourceName, None):
            found = Findings(condition=condition, detail="this is why", source=source, rejected=rejected)
            found.lacks = tuple(Lack)
            lines = list(doctor.report(found, texts))
            assert all(line == "" or line.strip() for line in lines)
            json.dumps(doctor.as_json(found))
