"""The table of attacks: what is tried, and the end that it must come to.

An attack is a coroutine over a :class:`~tests.attacks.client.Ground`. It returns when the defence has held
and raises :class:`Broken` when it has not; whatever else it raises says that it could not be carried out.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.attacks.client import Ground


class Needs(StrEnum):
    """What an attack is carried out against."""

    SERVER = "server"
    """A running server, wherever it is: only what its operator's account may do."""
    OWN = "own"
    """A server that the kit started itself: further accounts and its insides are needed."""
    HOST = "host"
    """The customer's side alone: its session core, with a dishonest relay or viewer around it."""


class Broken(AssertionError):
    """The attack got what it wanted."""


Run = Callable[["Ground"], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to do harm. `expects` is the end it must come to, `rules` those of SPEC.md and SECURITY.md."""

    id: str
    name: str
    expects: str
    rules: str
    needs: Needs
    run: Run
    apart: bool = False
    """It spends what is rationed for an address, and so has a server for itself."""


ATTACKS: Final[dict[str, Attack]] = {}


def attack(
    number: str, expects: str, *, rules: str, needs: Needs = Needs.SERVER, apart: bool = False
) -> Callable[[Run], Run]:
    """Put a coroutine into the table; its docstring's first line is the attack's name."""

    def enter(run: Run) -> Run:
        if number in ATTACKS:
            raise ValueError(f"two attacks are called {number}")
        name = (run.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        ATTACKS[number] = Attack(number, name, expects, rules, needs, run, apart)
        return run

    return enter


def must(held: object, what: str) -> None:
    """Nothing where the defence held.

    Raises:
        Broken: it did not; `what` says what the attacker has got.
    """
    if not held:
        raise Broken(what)
