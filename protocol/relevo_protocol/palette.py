"""One colour for each person, the same on every screen (SPEC A2)."""

from typing import Final

PERSON_COLOURS: Final = ("#6b7280", "#0b7577", "#c2410c", "#7048e8", "#237032", "#c2255c")
"""By slot; 0 is the person at the host. All have a contrast of 4.5 or more with white."""
