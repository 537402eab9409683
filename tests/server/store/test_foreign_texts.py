"""What one database would take and the other refuses is answered alike: as nobody's (SECURITY X6)."""

import asyncio
from pathlib import Path

from tests.server.hands import site


def test_X6_a_text_that_the_database_refuses_is_an_invalid_request(database_url: str, tmp_path: Path):
    async def play():
        async with site(tmp_path, database_url=database_url) as found:
            unknown = await found.sign_in(name="a\0na")
            await found.sign_in()
            revoked = await found.post("/api/me/sign-ins/%00/revoke")
            return unknown.status_code, revoked.status_code

    taken = asyncio.run(play())
    # SQLite compares a NUL like any other sign, and finds nobody.
    assert taken == ((422, 422) if database_url.startswith("postgresql") else (401, 404))
