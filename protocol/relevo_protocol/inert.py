"""Text of the other end that stands before people's eyes (SPEC M5)."""

from typing import Final

INERT: Final = (
    r"\A[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]*\Z"
)
"""Pattern of one line without control and direction signs, and without what no encoding takes (surrogates).

Names stand in a consent dialog, where nothing may hide or reorder what a customer reads. It ends in
``\\Z``, as ``$`` would let a final newline pass.
"""

INERT_LINES: Final = INERT.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f")
"""The same for text of several lines."""
