import asyncio
import threading
import time
from collections.abc import Awaitable

import pytest
from argon2 import PasswordHasher
from zxcvbn import matching

from relevo_server.accounts.names import BadName, new_name, normal_name
from relevo_server.accounts.passwords import Passwords, weakness
from relevo_server.errors import Refusal
from tests.server.hands import QUICK


class _Counting(PasswordHasher):
    """Notes how many computations there are at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.now = 0
        self.most = 0
        self._turn = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._turn:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self._turn:
            self.now -= 1
        return super().hash(password, salt=salt)


def test_new_passwords_take_turns_as_old_ones_do():
    hasher = _Counting()

    async def run():
        passwords = Passwords(hasher)
        await asyncio.gather(*(passwords.hash("correct horse") for _ in range(8)))

    asyncio.run(run())
    assert hasher.most <= 2


class _Held(PasswordHasher):
    """Computes nothing before it is let."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go_on = threading.Event()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        assert self.go_on.wait(60.0)
        return super().hash(password, salt=salt)


def test_Q17_a_flood_of_passwords_is_told_at_once_and_leaves_room_for_the_known():
    hasher = _Held()

    async def told(asked: Awaitable[object]) -> str:
        try:
            await asked
        except Refusal as error:
            return error.fault.code if error.retry_after_s else "nobody knows until when"
        return "done"

    async def run():
        passwords = Passwords(hasher)
        strangers = [asyncio.create_task(told(passwords.verify(None, "x" * 10))) for _ in range(16)]
        await asyncio.sleep(0)
        refused = [await told(passwords.verify(None, "x" * 10)) for _ in range(1000)]
        known = [asyncio.create_task(told(passwords.verify(None, "x" * 10, known=True))) for _ in range(17)]
        await asyncio.sleep(0)
        hasher.go_on.set()
        assert set(refused) == {"busy"}
        assert await asyncio.gather(*strangers) == ["done"] * 16
        assert sorted(await asyncio.gather(*known)) == ["busy"] + ["done"] * 16
        assert await told(passwords.verify(None, "x" * 10)) == "done"

    asyncio.run(run())


def test_right_wrong_and_missing_account():
    async def run():
        passwords = Passwords(QUICK)
        stored = await passwords.hash("correct horse")
        return [
            (await passwords.verify(stored, "correct horse")).fits,
            (await passwords.verify(stored, "correct hors")).fits,
            (await passwords.verify(None, "no account has this password")).fits,
            (await passwords.verify("not an argon2 string", "x")).fits,
        ]

    assert asyncio.run(run()) == [True, False, False, False]


def test_missing_account_is_verified_too_so_that_time_tells_nothing(monkeypatch: pytest.MonkeyPatch):
    passwords = Passwords(QUICK)
    verified: list[str] = []

    def verify(_self: PasswordHasher, stored: str, _password: str) -> bool:
        verified.append(stored)
        return True

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    assert not asyncio.run(passwords.verify(None, "whatever it is")).fits
    assert len(verified) == 1
    assert verified[0].startswith("$argon2id$")


def test_outdated_hash_is_replaced_on_success_only():
    async def run():
        stored = await Passwords(QUICK).hash("correct horse")
        stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
        right, wrong = await stronger.verify(stored, "correct horse"), await stronger.verify(stored, "x")
        assert right.better_hash is not None
        again = await stronger.verify(right.better_hash, "correct horse")
        return wrong.better_hash, again

    wrong, again = asyncio.run(run())
    assert wrong is None
    assert again.fits
    assert again.better_hash is None


def test_composed_and_decomposed_letters_are_the_same_password():
    async def run():
        passwords = Passwords(QUICK)
        return await passwords.verify(await passwords.hash("contrasen\u0303a larga"), "contrase\u00f1a larga")

    assert asyncio.run(run()).fits


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("short", "5 characters"),
        ("nine char", "9 characters"),
        ("aaaaaaaaaaaa", "first that somebody"),
        ("P@ssw0rd2024", "first that somebody"),
        ("1q2w3e4r5t6y", "first that somebody"),
        ("abcabcabcabc", "first that somebody"),
        ("Contraseña2024", "first that somebody"),
        ("Verano2026!!", "first that somebody"),
        ("C0ntr4seña!!", "first that somebody"),
        ("7ugd5hip2j", "first that somebody"),  # without a pattern, but known from breaches
        ("I am ana-maria!", "account's name"),
        ("x" * 300, "longer"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason_in_both_languages(password: str, word: str):
    reason = weakness(password, "ana-maria")
    assert reason is not None
    assert word in reason.en
    assert reason.es != reason.en


@pytest.mark.parametrize(
    "password", ["ten chars!", "mesa verde lluvia", "x7Kp2mQ9vB", "x" * 3 + "caballo " * 29]
)
def test_good_password_is_taken(password: str):
    assert weakness(password, "ana") is None


def test_words_of_the_surroundings_are_guessed_first():
    assert weakness("Zubizarreta1", "ana") is None
    assert weakness("Zubizarreta1", "ana", "Ana Zubizarreta") is not None


def test_repetitions_are_guessed_by_their_part_also_of_look_alike_signs():
    for common in ("aabaabaabaab", "tabletabletable", "P@ssw0rdP@ssw0rd", "Verano26Verano26"):
        assert weakness(common, "ana") is not None, common
    assert weakness("Zubizarreta1" * 3, "ana", "Ana Zubizarreta") is not None
    assert weakness("x7Kp2mQ9vB" * 2, "ana") is None


def test_the_library_that_estimates_is_left_as_it_is():
    assert weakness("P@ssw0rd2024", "ana") is not None
    assert matching.L33T_TABLE["a"] == ["4", "@"]


@pytest.mark.parametrize(
    "password",
    [
        "4@8({[<369!|1705$+7%2" * 12,
        "4a@8e3i1!|o0s$t+z2" * 14,
        "1" * 256,
        "12/11/1990" * 25,
        "4@8({[<369!|1705$+7%" * 2,
    ],
)
def test_X8_no_password_takes_longer_than_a_second_to_be_judged(password: str):
    start_s = time.thread_time()
    weakness(password, "ana")
    assert time.thread_time() - start_s < 1.0


def test_names_have_one_spelling():
    assert normal_name("  ANA ") == normal_name("ana") == normal_name("\uff21na")
    assert new_name("Ana.Ruiz@example.org") == "ana.ruiz@example.org"


@pytest.mark.parametrize("name", ["", "   ", "a b", "a/b", "x" * 65, "a\nb", "<b>"])
def test_names_that_no_account_may_have(name: str):
    with pytest.raises(BadName):
        new_name(name)
