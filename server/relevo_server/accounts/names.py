"""Account names: one spelling for each, whoever types it."""

import re
import unicodedata

MAX_NAME_CHARS = 64
_ALLOWED = re.compile(r"[\w.@+-]+")


class BadName(ValueError):
    """A name that no account may have; the text says why."""


def normal_name(typed: str) -> str:
    """The stored spelling of a typed name: compatibility form, folded case, no blanks around."""
    return unicodedata.normalize("NFKC", typed.strip()).casefold()


def new_name(typed: str) -> str:
    """The normalised name for a new account. Raises BadName."""
    name = normal_name(typed)
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise BadName(f"an account name has 1 to {MAX_NAME_CHARS} characters")
    if not _ALLOWED.fullmatch(name):
        raise BadName("an account name has letters, digits and . @ + - _ only")
    return name
