"""The customer's language, and the words of ``words`` in it."""

import hashlib
import locale
import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from relevo_agent.ui.words import TABLE, capabilities, consent
from relevo_protocol.modes import Capability, Mode, Role

_VERSION_DIGITS: Final = 12
HAS_PANIC_KEY: Final = sys.platform.startswith("linux")
"""Elsewhere real and injected keys are not told apart yet."""


class Language(StrEnum):
    """Languages of the interface."""

    ES = "es"
    EN = "en"


class Texts:
    """The table in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = 0 if language is Language.ES else 1

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with its values filled in.

        Raises:
            KeyError: there is no such text: a mistake of ours.
        """
        text = TABLE[key][self._column]
        return text.format(**values) if values else text

    @property
    def can_stop(self) -> str:
        """How the customer stops everything; a key is promised only where it is watched (SPEC N7)."""
        return self("consent.can_stop" if HAS_PANIC_KEY else "consent.can_stop_by_button")

    def mode(self, mode: Mode) -> str:
        """One sentence on what a mode allows."""
        return self(f"mode.{mode.value}")

    def mode_name(self, mode: Mode) -> str:
        """A mode's name."""
        return self(f"mode_name.{mode.value}")

    def capability(self, capability: Capability) -> str:
        """What a capability lets somebody do."""
        return self(f"can.{capability.value}")

    def capabilities(self, several: Iterable[Capability]) -> str:
        """Several of them in one line, to stand within a sentence."""
        return "; ".join(_lowered(self.capability(capability)) for capability in several)

    def may(self, mode: Mode) -> str:
        """What whoever is in the session may do in a mode."""
        return self("people.may", what=_lowered(self.mode(mode)))

    def role(self, role: Role) -> str:
        """What somebody is in the session."""
        return self(f"role.{role.value}")

    def left(self, left_ms: float) -> str:
        """How long something still lasts, never less than nothing."""
        seconds = max(0, round(left_ms / 1000))
        if seconds < 60:
            return self("left.seconds", seconds=seconds)
        hours, minutes = divmod(seconds // 60, 60)
        return (
            self("left.hours", hours=hours, minutes=minutes)
            if hours
            else self("left.minutes", minutes=minutes)
        )

    def person(self, name: str, organisation: str) -> str:
        """A person as windows and terminals name them."""
        return self("people.of", name=name, organisation=organisation) if organisation else name

    def names(self, names: list[str]) -> str:
        """Several names in one line."""
        if len(names) <= 1:
            return "".join(names)
        return ", ".join(names[:-1]) + self("banner.and") + names[-1]


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def text_version() -> str:
    """Which wording the customer consents to: a digest, other for other words (SPEC N5)."""
    wording = repr(sorted({**consent.TABLE, **capabilities.TABLE}.items()))
    return hashlib.sha256(wording.encode()).hexdigest()[:_VERSION_DIGITS]


def choose_language(wanted: str | None) -> Language:
    """The language asked for, else the desktop's, else English."""
    if wanted:
        return Language(wanted)
    spoken = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    spoken = spoken or locale.getlocale()[0] or ""
    return Language.ES if spoken.lower().startswith(("es", "spanish")) else Language.EN
