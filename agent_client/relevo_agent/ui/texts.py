"""The customer's language, and the words of ``words`` in it."""

import locale
import os
from enum import StrEnum

from relevo_agent.ui.words import TABLE
from relevo_protocol.modes import Mode


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

    def mode(self, mode: Mode) -> str:
        """One sentence on what a mode allows."""
        return self(f"mode.{mode.value}")

    def person(self, name: str, organisation: str) -> str:
        """A person as windows and terminals name them."""
        return self("people.of", name=name, organisation=organisation) if organisation else name

    def names(self, names: list[str]) -> str:
        """Several names in one line."""
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + self("banner.and") + names[-1]


def choose_language(wanted: str | None) -> Language:
    """The language asked for, else the desktop's, else English."""
    if wanted:
        return Language(wanted)
    spoken = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    spoken = spoken or locale.getlocale()[0] or ""
    return Language.ES if spoken.lower().startswith(("es", "spanish")) else Language.EN
