import pytest

from tests.agent.session.world import World, new_world


@pytest.fixture
def world() -> World:
    return new_world()
