"""Every target, in the order in which the viewer's side has them (`viewer/tests/fuzz/readers.ts`)."""

from functools import cache

from tests.fuzz.fields import field_targets
from tests.fuzz.mutate import Target
from tests.fuzz.pictures import picture_targets
from tests.fuzz.sealed import sealed_targets
from tests.fuzz.wire import wire_targets


@cache
def targets() -> dict[str, Target]:
    """Every target by its name."""
    return {
        one.name: one for one in (*wire_targets(), *field_targets(), *sealed_targets(), *picture_targets())
    }
