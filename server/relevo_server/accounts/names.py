"""Account names: one spelling for each, whoever types it."""

import re
import unicodedata

from relevo_protocol.inert import INERT
from relevo_protocol.limits import MAX_NAME_CHARS

MAX_ACCOUNT_NAME_CHARS = 64
_ALLOWED = re.compile(r"[\w.@+-]+")


class BadName(ValueError):
    """A name that no account may have; the text says why."""


def display_name(typed: str) -> str:
    """The name that customers read: one line that hides and reorders nothing. Raises BadName."""
    name = typed.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise BadName(f"a displayed name has 1 to {MAX_NAME_CHARS} characters")
    if not re.fullmatch(INERT, name):
        raise BadName("a displayed name has no control or direction characters")
    return name


def normal_name(typed: str) -> str:
    """The stored spelling of a typed name: compatibility form, folded case, no blanks around."""
    return unicodedata.normalize("NFKC", typed.strip()).casefold()


def new_name(typed: str) -> str:
    """The normalised name for a new account. Raises BadName."""
    name = normal_name(typed)
    if not 1 <= len(name) <= MAX_ACCOUNT_NAME_CHARS:
        raise BadName(f"an account name has 1 to {MAX_ACCOUNT_NAME_CHARS} characters")
    if not _ALLOWED.fullmatch(name):
        raise BadName("an account name has letters, digits and . @ + - _ only")
    return name
