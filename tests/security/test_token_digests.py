"""Tokens are long and random; digests and MACs need the secret, and one of an older secret still counts."""

import re

import pytest

from app.errors import ConfigError
from app.security import AccessSeal, SecretKeys, new_token

OLD, NEW = "0123456789abcdef" * 3 + "old", "fedcba9876543210" * 3 + "new"


def test_a_token_has_256_bits_and_can_stand_in_a_url() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", new_token())
    assert len({new_token() for _ in range(1000)}) == 1000


def test_a_digest_depends_on_secret_purpose_and_token() -> None:
    seal = AccessSeal(SecretKeys.parse(NEW))
    found = {
        seal.digests("token", "a")[0],
        seal.digests("token", "b")[0],
        seal.digests("session", "a")[0],
        AccessSeal(SecretKeys.parse(OLD)).digests("token", "a")[0],
    }
    assert len(found) == 4
    assert all(len(seal.digests("link", text)[0]) == 32 for text in ("", "\x00", "ü" * 9999, "\ud800"))


def test_after_a_rotation_of_the_secret_older_digests_and_macs_still_count() -> None:
    before, after = AccessSeal(SecretKeys.parse(OLD)), AccessSeal(SecretKeys.parse(f"{NEW},{OLD}"))
    assert after.digests("token", "a")[1] == before.digests("token", "a")[0]
    assert after.verify(before.mac("person", "a", None), "person", "a", None)
    assert not before.verify(after.mac("person", "a", None), "person", "a", None)


@pytest.mark.parametrize("other", [("person", "a", ""), ("person", "a", "None"), ("token", "a", None), ("person", "a")])
def test_a_mac_is_of_its_fields_alone(other: tuple[str, ...]) -> None:
    seal = AccessSeal(SecretKeys.parse(NEW))
    mac = seal.mac("person", "a", None)
    assert seal.verify(mac, "person", "a", None)
    assert not seal.verify(mac, *other)  # type: ignore[arg-type]


@pytest.mark.parametrize("weak", ["", "short", "x" * 64, "ab" * 40, f"{NEW},short", f"{NEW},{NEW}", "password" * 8])
def test_a_weak_secret_is_refused_and_not_shown(weak: str) -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY") as refused:
        SecretKeys.parse(weak)
    assert not weak or weak not in str(refused.value)


def test_secrets_stand_newest_first_and_are_not_shown() -> None:
    secrets = SecretKeys.parse(f"{NEW}\n{OLD}\n")
    assert (secrets.newest, tuple(secrets)) == (NEW, (NEW, OLD))
    assert OLD not in repr(secrets)
