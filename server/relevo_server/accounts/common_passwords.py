"""Which passwords of ten characters and more are tried first, as zxcvbn estimates (ASVS 5.0, 6.2.4, 6.2.12).

It counts the guesses of whoever knows the 30,000 commonest passwords of published breaches, the commonest
words and names of English, keyboards, dates and repetitions (Wheeler, "zxcvbn", USENIX Security 2016).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, cast

from zxcvbn import matching, scoring

_FEWEST_GUESSES: Final = 1e9
"""A word, a year and a sign take fewer; four words, or ten signs without a pattern, more."""
_LOOKED_AT_CHARS: Final = 40
"""What comes after them only makes it harder, and the time grows faster than the length."""
# What its lists lack: Spanish words that passwords are made of, and the years from 2018 on.
_SPANISH: Final = """
    contraseña contrasena contraseñas contrasenas clave claves secreto acceso entrada
    administrador administradora usuario usuaria invitado bienvenido bienvenida hola cambiame cambiar
    prueba ejemplo temporal nuevo nueva teamo tequiero amor princesa futbol flor estrella
    ordenador servidor remoto soporte ayuda relevo oficina empresa trabajo
    primavera verano otoño otono invierno enero febrero marzo abril mayo junio julio agosto septiembre
    octubre noviembre diciembre lunes martes miércoles miercoles jueves viernes sábado sabado domingo
"""
_WORDS: Final = (*_SPANISH.split(), *map(str, range(2018, 2040)))
_LEET: Final = str.maketrans("013457@$!|+", "oleastasiit")
_REPEATED: Final = re.compile(r"(.+?)\1+"), re.compile(r"(.+)\1+")
"""By the shortest part and by the longest: of aabaab, aa and the whole."""

_Ranks = Mapping[str, int]
_Lists = Mapping[str, _Ranks]
_Match = Mapping[str, object]
_LISTS: Final = cast("_Lists", matching.RANKED_DICTIONARIES)
# All kinds of pattern that zxcvbn knows but two. Of look-alike signs it would try each reading, of which
# there are hundreds, at every place, and the same again within repetitions: `is_common` reads them once.
_KINDS: Final = cast(
    "tuple[Callable[..., list[_Match]], ...]",
    (
        matching.dictionary_match,
        matching.reverse_dictionary_match,
        matching.spatial_match,
        matching.sequence_match,
        matching.regex_match,
        matching.date_match,
    ),
)
_cheapest = cast("Callable[[str, list[_Match]], Mapping[str, float]]", scoring.most_guessable_match_sequence)


def is_common(password: str, context: Iterable[str]) -> bool:
    """Whether it takes few guesses, also of whoever knows these words of its surroundings."""
    text = password[:_LOOKED_AT_CHARS].casefold()
    own = (word.casefold() for near in context for word in (near, *near.split()) if len(word) > 2)
    lists = {**_LISTS, "own": {word: rank for rank, word in enumerate((*own, *_WORDS), 1)}}
    return any(_guesses(one, lists) < _FEWEST_GUESSES for one in {text, text.translate(_LEET)})


def _guesses(text: str, lists: _Lists) -> float:
    matches = [match for kind in _KINDS for match in kind(text, _ranked_dictionaries=lists)]
    return _cheapest(text, [*matches, *_repetitions(text, lists)])["guesses"]


def _repetitions(text: str, lists: _Lists) -> Iterator[_Match]:
    """What stands there several times in a row: as many guesses as one of it, times how often."""
    at = 0
    while found := [match for pattern in _REPEATED if (match := pattern.search(text, at)) is not None]:
        longest = max(found, key=lambda match: len(match[0]))
        whole, at = longest[0], longest.end()
        part = (_REPEATED[0].fullmatch(whole) or longest)[1]
        yield {
            "pattern": "repeat",
            "i": longest.start(),
            "j": at - 1,
            "token": whole,
            "base_guesses": _guesses(part, lists),
            "repeat_count": len(whole) // len(part),
        }
