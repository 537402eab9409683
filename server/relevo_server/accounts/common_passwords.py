"""Which passwords of ten characters and more are tried first, as zxcvbn estimates (ASVS 5.0, 6.2.4, 6.2.12).

It counts the guesses of whoever knows the 30,000 commonest passwords of published breaches, the commonest
words and names of English, keyboards, dates and repetitions (Wheeler, "zxcvbn", USENIX Security 2016).
"""

from collections.abc import Callable, Iterable, Mapping
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

_Ranks = Mapping[str, int]
_matches = cast("Callable[[str, Mapping[str, _Ranks]], list[object]]", matching.omnimatch)
_cheapest = cast("Callable[[str, list[object]], Mapping[str, float]]", scoring.most_guessable_match_sequence)
_LISTS: Final = cast("Mapping[str, _Ranks]", matching.RANKED_DICTIONARIES)
# It would try every reading of such signs, of which there are hundreds, at every place: one is enough.
matching.L33T_TABLE.clear()


def is_common(password: str, context: Iterable[str]) -> bool:
    """Whether it takes few guesses, also of whoever knows these words of its surroundings."""
    text = password[:_LOOKED_AT_CHARS].casefold()
    own = (word.casefold() for near in context for word in (near, *near.split()) if len(word) > 2)
    lists = {**_LISTS, "own": {word: rank for rank, word in enumerate((*own, *_WORDS), 1)}}
    readings = {text, text.translate(_LEET)}
    return any(_cheapest(one, _matches(one, lists))["guesses"] < _FEWEST_GUESSES for one in readings)
