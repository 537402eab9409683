"""Where the key of apps' secrets is lost their codes fit no more, and the rest goes on (SECURITY Q12)."""

import asyncio
import os
from pathlib import Path

from sqlalchemy import text

from relevo_server.accounts.seal import Seal
from tests.server.accounts.test_second_factor import code_now, enrol, second
from tests.server.hands import site


def test_Q12_without_its_key_an_apps_code_is_wrong_and_a_recovery_code_is_right(tmp_path: Path):
    async def play():
        async with site(tmp_path) as found:
            await found.sign_in()
            secret, recovery = await enrol(found)
            found.hands.turn(3600)
            other = Seal(os.urandom(32)).close(secret, f"totp_secrets:{found.ana.id}")
            async with found.database.write() as session:
                await session.execute(text("UPDATE totp_secrets SET sealed = :other"), {"other": other})
            for proof, status in (({"totp": code_now(found, secret)}, 401), ({"recovery": recovery[0]}, 200)):
                challenge = (await found.sign_in()).json()["challenge"]
                answer = await second(found, challenge, **proof)
                assert answer.status_code == status, answer.text

    asyncio.run(play())
