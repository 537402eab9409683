"""Which passwords of ten characters and more are tried first: by their pattern, so that no list is needed.

Published lists of the commonest passwords consist, from ten characters on, of a few words with digits and
signs around them, of words repeated, and of walks over the keyboard. Whatever is left of a password without
these patterns must be something (ASVS 5.0, 6.2.4).
"""

import re
from collections.abc import Iterable
from typing import Final

_LEFT_OVER: Final = 4
"""A password with fewer characters than these outside the patterns is common."""
_WORDS: Final = tuple(
    sorted(
        re.findall(
            r"\w+",
            """
        password passwort passw0rd contraseña contrasena contraseñas claves clave
        secreto secret acceso entrada
        admin administrator administrador administradora root user usuario usuaria guest invitado login signin
        welcome bienvenido bienvenida hello hola letmein changeme cambiame cambiar default prueba test testing
        demo sample ejemplo example temporal temporary nuevo nueva iloveyou teamo tequiero loveyou love amor
        princess princesa dragon monkey shadow master superman batman spiderman pokemon naruto football futbol
        baseball basketball barcelona madrid realmadrid sunshine flower flor estrella star computer ordenador
        internet samsung google facebook windows microsoft apple linux ubuntu android remote remoto support
        soporte helpdesk ayuda relevo relay servidor server oficina office empresa company trabajo summer
        winter spring autumn verano invierno primavera otono otoño january february march april june july
        august september october november december enero febrero marzo abril mayo junio julio agosto
        septiembre octubre noviembre diciembre lunes martes miercoles jueves viernes monday tuesday friday
        sunday michael jessica jordan charlie ashley daniel thomas andrew maria jose juan antonio carlos
        manuel francisco alejandro carmen isabel jesus forever freedom killer cookie summer whatever trustno
        correcthorse horsebattery batterystaple abcdef abcabc asdasd qweqwe
            """,
        ),
        key=len,
        reverse=True,
    )
)
_ROWS: Final = (
    "1234567890",
    "qwertyuiop",
    "asdfghjklñ",
    "asdfghjkl;",
    "zxcvbnm,.",
    "abcdefghijklmnopqrstuvwxyz",
)
_COLUMNS: Final = "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p"
_DIAGONALS: Final = (
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qawsedrftgyhujikolp",
    "zaqxswcdevfrbgtnhymjukilop",
)
_BOTH_WAYS: Final = tuple(
    both
    for row in (*_ROWS, _COLUMNS, *_DIAGONALS)
    # A walk may go round, and back.
    for both in (row * 2, (row * 2)[::-1])
)
_LEET: Final = str.maketrans("013457@$!|+", "oleastasiit")
_WALK: Final = 4


def is_common(password: str, context: Iterable[str]) -> bool:
    """Whether hardly anything is left of the password without common words, walks, repetitions and dates."""
    folded = password.casefold()
    own = [word for text in context for word in re.split(r"\W+", text.casefold()) if len(word) > 2]
    return min(_left(folded, own), _left(folded.translate(_LEET), own)) < _LEFT_OVER


def _left(text: str, own: Iterable[str]) -> int:
    for walk in _walks(text):
        text = text.replace(walk, " ")
    for word in (*own, *_WORDS):
        text = text.replace(word, " ")
    text = re.sub(r"(19|20)\d\d|\d+|[\W_]+", " ", text)
    text = re.sub(r"(.{1,4}?)\1{2,}", " ", text)
    return len({*text} - {" "}) if len(text.split()) < 2 else len(text.replace(" ", ""))


def _walks(text: str) -> list[str]:
    """The parts of the text that run along the keyboard or the alphabet, the longest first."""
    found: list[str] = []
    at = 0
    while at < len(text):
        length = max((_run(text, at, row) for row in _BOTH_WAYS), default=0)
        if length >= _WALK:
            found.append(text[at : at + length])
        at += max(1, length if length >= _WALK else 1)
    return sorted(found, key=len, reverse=True)


def _run(text: str, at: int, row: str) -> int:
    """How many characters from `at` on stand in the row in this order."""
    length = 0
    while at + length < len(text) and text[at : at + length + 1] in row:
        length += 1
    return length
