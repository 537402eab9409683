"""What the customer types on the terminal: words of both languages, as commands and answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from relevo_agent.session.actions import Question
from relevo_agent.ui.front import Commands
from relevo_agent.ui.offered import by_all
from relevo_agent.ui.typed import chat_text, fits_chat
from relevo_protocol.limits import MAX_CHAT_CHARS
from relevo_protocol.modes import Capability

YES: Final = frozenset({"s", "si", "sí", "y", "yes"})
ALL: Final = frozenset({"todo", "all"})
AWAY: Final = frozenset({"fuera", "away"})
HELP: Final = frozenset({"ayuda", "help", "?"})
_PLAIN: Final[dict[str, Callable[[Commands], None]]] = {
    "stop": lambda commands: commands.stop(),
    "parar": lambda commands: commands.stop(),
    "control": lambda commands: commands.take_control(),
    "give": lambda commands: commands.give_control(),
    "devolver": lambda commands: commands.give_control(),
    "watch": lambda commands: commands.step_down(),
    "mirar": lambda commands: commands.step_down(),
    "new": lambda commands: commands.new_code(),
    "nuevo": lambda commands: commands.new_code(),
    "cancel": lambda commands: commands.cancel_restart(),
    "cancelar": lambda commands: commands.cancel_restart(),
    "revoke": lambda commands: commands.revoke_grant(),
    "retirar": lambda commands: commands.revoke_grant(),
    "clear": lambda commands: commands.clear_marks(),
    "borrar": lambda commands: commands.clear_marks(),
    "report": lambda commands: commands.report(),
    "avisar": lambda commands: commands.report(),
    "quit": lambda commands: commands.quit(),
    "salir": lambda commands: commands.quit(),
}
_NUMBERED: Final[dict[str, Callable[[Commands, int], None]]] = {
    "remove": lambda commands, slot: commands.dismiss(slot),
    "quitar": lambda commands, slot: commands.dismiss(slot),
    "draw": lambda commands, slot: commands.allow_marks(slot, True),
    "dibujar": lambda commands, slot: commands.allow_marks(slot, True),
    "nodraw": lambda commands, slot: commands.allow_marks(slot, False),
    "nodibujar": lambda commands, slot: commands.allow_marks(slot, False),
}
_SAY: Final = frozenset({"say", "decir"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """A command that could not be carried out: key of a text and its values."""

    key: str
    values: dict[str, object]


def carry_out(line: str, slots: frozenset[int], commands: Commands) -> bool | Complaint:
    """Do what a line commands; false if it is no command."""
    word, _, rest = line.strip().partition(" ")
    word = word.lower()
    if word in _SAY and rest:
        return _chat(rest, commands)
    if word in _PLAIN and not rest.strip():
        _PLAIN[word](commands)
        return True
    if word in _NUMBERED:
        number = rest.strip()
        if not (number.isascii() and number.isdigit() and int(number) in slots):
            return Complaint("term.no_such", {"number": number})
        _NUMBERED[word](commands, int(number))
        return True
    return False


def _chat(typed: str, commands: Commands) -> bool | Complaint:
    text = chat_text(typed)
    if not fits_chat(text):
        return Complaint("chat.too_long", {"limit": MAX_CHAT_CHARS})
    if text:
        commands.say(text)
    return True


def answer(line: str, question: Question) -> tuple[bool, frozenset[Capability]]:
    """Yes or No, and what was ticked: ``y``, ``y 1 3``, ``y all``. Everything else is No."""
    words = re.split(r"[\s,;]+", line.strip().lower())
    if words[0] not in YES:
        return False, frozenset()
    rest = frozenset(words[1:])
    if rest & ALL:
        return True, by_all(question)
    numbered = {str(number): capability for number, capability in enumerate(question.offers, 1)}
    if not rest <= numbered.keys():
        return False, frozenset()
    return True, frozenset(numbered[word] for word in rest)
