from collections.abc import Generator

import pytest

from relevo_agent.pipeline import kernel


@pytest.fixture(scope="module", params=["kernel", "numpy"])
def both_ways(request: pytest.FixtureRequest) -> Generator[None]:
    """The module's tests, once with the compiled kernel and once without."""
    if request.param == "kernel" and kernel.current() is None:
        pytest.skip(f"no kernel: {kernel.state.why_not}")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "numpy":
            patch.setattr(kernel, "state", kernel.State(None, "left out by a test"))
        yield
