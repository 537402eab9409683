"""A frame's number, drawn as a few black and white squares, and read back from what a viewer shows.

Numbers are Gray-coded: one square changes from a frame to the next, so that the stamp adds as little to what
has to be sent as a blinking cell, and a picture caught between two frames reads as one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BITS: Final = 12
"""Numbers below 4096: two minutes at 30 frames a second."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where the squares stand on the screen: left and top of the first one, and their side, in pixels."""

    x: int
    y: int
    cell_px: int = 8

    def cell(self, bit: int) -> tuple[int, int, int, int]:
        """Left, top, width, height of the square of one bit; bit 0 is the rightmost."""
        return self.x + (BITS - 1 - bit) * self.cell_px, self.y, self.cell_px, self.cell_px

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width, height of all squares."""
        return self.x, self.y, BITS * self.cell_px, self.cell_px


def coded(number: int) -> int:
    """The Gray code of a frame's number.

    Raises:
        ValueError: the number does not fit.
    """
    if not 0 <= number < 1 << BITS:
        raise ValueError(f"frame {number} does not fit a stamp of {BITS} squares")
    return number ^ number >> 1


def decoded(code: int) -> int:
    """The number that a Gray code stands for."""
    number = 0
    while code:
        number ^= code
        code >>= 1
    return number


def changed_bits(before: int, after: int) -> list[tuple[int, bool]]:
    """Squares that differ between two numbers' stamps, and whether each is white afterwards."""
    differing, code = coded(before) ^ coded(after), coded(after)
    return [(bit, bool(code >> bit & 1)) for bit in range(BITS) if differing >> bit & 1]


def read(shades: Sequence[int]) -> int:
    """The number of the squares' shades (0-255), leftmost first, as a page's probe reads them."""
    code = 0
    for shade in shades:
        code = code << 1 | (shade > 127)
    return decoded(code)
