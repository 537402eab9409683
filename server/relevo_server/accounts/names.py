"""Account names: one spelling for each, whoever types it."""

import re
import unicodedata

from relevo_protocol.inert import INERT
from relevo_protocol.limits import MAX_NAME_CHARS
from relevo_server.store.organisations import HOME

MAX_ACCOUNT_NAME_CHARS = 64
MAX_GUEST_NAME_CHARS = 60
MAX_TEAM_NAME_CHARS = 64
MAX_LABEL_CHARS = 60
# Vietnamese has two, Hebrew and Arabic with every vowel three or four.
_MAX_MARKS = 4
# Unicode's formatting, private, surrogate and unassigned signs: zero-width ones among them.
_UNSEEN = frozenset({"Cf", "Co", "Cs", "Cn"})
# Letters and signs by their category, blanks to the eye: Hangul fillers and the empty Braille cell.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
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


def guest_name(typed: str) -> str:
    """The name that a guest chose for one visit: one short line that hides nothing. Raises BadName."""
    name = unicodedata.normalize("NFC", typed).strip()
    if not 1 <= len(name) <= MAX_GUEST_NAME_CHARS:
        raise BadName(f"a guest's name has 1 to {MAX_GUEST_NAME_CHARS} characters")
    hidden = any(unicodedata.category(sign) in _UNSEEN or sign in _BLANKS for sign in name)
    if hidden or not re.fullmatch(INERT, name):
        raise BadName("a guest's name has no control, direction or invisible characters")
    if not any(sign.isalnum() for sign in name):
        raise BadName("a guest's name has at least one letter or digit")
    marks = "".join(
        "m" if unicodedata.combining(sign) else " " for sign in unicodedata.normalize("NFD", name)
    )
    if "m" * (_MAX_MARKS + 1) in marks:
        raise BadName("a guest's name has no towers of accents")
    return name


def team_name(typed: str) -> str:
    """The name of a team, empty for none. Raises BadName."""
    name = unicodedata.normalize("NFC", typed).strip()
    if len(name) > MAX_TEAM_NAME_CHARS or not re.fullmatch(INERT, name):
        raise BadName(f"a team's name is one line of at most {MAX_TEAM_NAME_CHARS} characters")
    return name


def label(typed: str) -> str:
    """What somebody calls a key or a token of theirs: one line of at most 60 characters. Raises BadName."""
    name = unicodedata.normalize("NFC", typed).strip()
    if not 1 <= len(name) <= MAX_LABEL_CHARS or not re.fullmatch(INERT, name):
        raise BadName(f"a label is one line of 1 to {MAX_LABEL_CHARS} characters")
    return name


def normal_name(typed: str) -> str:
    """The stored spelling of a typed name: compatibility form, folded case, no blanks around."""
    return unicodedata.normalize("NFKC", typed.strip()).casefold()


def name_in(organisation: str, name: str) -> str:
    """The name of a new account, from a normalised one: no other organisation has such. Raises BadName.

    All but the home organisation's end in `@` and its id, which is added where it was not typed. What follows
    the `@` of a home name is a domain and has a dot, which no id has. So nobody takes a name that could be
    somebody's elsewhere, or learns that it is.
    """
    local, at, place = name.rpartition("@")
    if organisation == HOME:
        if at and "." not in place:
            raise BadName("what follows the @ of an account name is a domain, as in ana@empresa.example")
        return name
    if at and (place != organisation or not local):
        raise BadName(f"an account name of this organisation has no @, or ends in @{organisation}")
    whole = name if at else f"{name}@{organisation}"
    if len(whole) > MAX_ACCOUNT_NAME_CHARS:
        raise BadName(f"an account name has at most {MAX_ACCOUNT_NAME_CHARS} characters: {whole}")
    return whole


def new_name(typed: str) -> str:
    """The normalised name for a new account. Raises BadName."""
    name = normal_name(typed)
    if not 1 <= len(name) <= MAX_ACCOUNT_NAME_CHARS:
        raise BadName(f"an account name has 1 to {MAX_ACCOUNT_NAME_CHARS} characters")
    if not _ALLOWED.fullmatch(name):
        raise BadName("an account name has letters, digits and . @ + - _ only")
    return name
