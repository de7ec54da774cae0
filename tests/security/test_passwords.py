"""Passwords: the named cost, refusal of what is weak, and no telling who exists."""

import time

import pytest

from app.errors import WeakPassword
from app.security import RFC_9106_SECOND, PasswordCost, Passwords

CHEAP = PasswordCost(passes=1, memory_kib=64, lanes=1, salt_bytes=16, tag_bytes=32)
GOOD = "correct horse battery"


def test_the_cost_is_the_second_recommended_option_of_rfc_9106() -> None:
    assert PasswordCost(passes=3, memory_kib=65536, lanes=4, salt_bytes=16, tag_bytes=32) == RFC_9106_SECOND
    assert Passwords().hash(GOOD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_the_right_password_is_accepted_and_others_are_not() -> None:
    passwords = Passwords(CHEAP)
    stored = passwords.hash(GOOD)
    assert passwords.verify(stored, GOOD)
    for wrong in ("", GOOD + " ", GOOD.upper(), GOOD + "\x00", "\ud800" * 12):
        assert not passwords.verify(stored, wrong)
    assert stored != passwords.hash(GOOD)
    assert GOOD not in stored


def test_the_same_characters_typed_on_another_system_are_accepted() -> None:
    passwords = Passwords(CHEAP)
    assert passwords.verify(passwords.hash("Ungl\u00fcckliche12"), "Unglu\u0308ckliche12")


@pytest.mark.parametrize("password", ["", "elevenchars"])
def test_fewer_than_twelve_characters_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        Passwords(CHEAP).hash(password)
    assert refused.value.message == WeakPassword.message


def test_nobody_is_refused_after_the_same_work_as_somebody() -> None:
    passwords = Passwords(PasswordCost(passes=2, memory_kib=16384, lanes=1, salt_bytes=16, tag_bytes=32))
    stored = passwords.hash(GOOD)

    def seconds(hash_: str | None) -> float:
        start = time.perf_counter()
        assert not passwords.verify(hash_, "wrong password")
        return time.perf_counter() - start

    somebody, nobody = min(seconds(stored) for _ in range(5)), min(seconds(None) for _ in range(5))
    assert nobody > somebody / 2


def test_a_damaged_hash_lets_nobody_in() -> None:
    passwords = Passwords(CHEAP)
    for stored in ("", "x", "$argon2id$", passwords.hash(GOOD)[:-4]):
        assert not passwords.verify(stored, GOOD)


def test_a_hash_of_another_cost_is_to_be_made_anew() -> None:
    cheap = Passwords(CHEAP)
    assert not cheap.needs_rehash(cheap.hash(GOOD))
    assert Passwords().needs_rehash(cheap.hash(GOOD))
    assert cheap.needs_rehash("damaged")
