"""Common passwords are refused, also repeated and decorated; phrases are not."""

import pytest

from app.errors import CommonPassword
from app.security import PasswordCost, Passwords

CHEAP = PasswordCost(passes=1, memory_kib=64, lanes=1, salt_bytes=16, tag_bytes=32)


@pytest.mark.parametrize(
    "password",
    [
        "1qaz2wsx3edc",
        "1QAZ2WSX3EDC",
        "password1234",
        "Welcome-2026!",
        "passwordpassword",
        "letmein letmein",
        "123456789012",
        "aaaaaaaaaaaa",
        "abcdefghijklm",
        "qwertyuiop12",
        "Fracture Detection 1",
        "Marie-Curie1",
        "Ｐassword12345",
    ],
)
def test_a_common_password_or_a_name_is_refused(password: str) -> None:
    with pytest.raises(CommonPassword):
        Passwords(CHEAP).hash(password, "Marie Curie", "default")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "seven green elephants", "K7#22!81@4xw", "Marie likes radium"]
)
def test_a_password_that_few_would_choose_is_accepted(password: str) -> None:
    assert Passwords(CHEAP).hash(password, "Marie Curie", "default")


def test_a_password_from_before_the_list_still_signs_in_and_is_hashed_at_the_present_cost() -> None:
    passwords = Passwords(CHEAP)
    assert passwords.verify(passwords.hash_again("password1234"), "password1234")
