"""Second factors: codes of RFC 6238, and a seal that binds them to their person."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.errors import StoredDataDamaged
from app.security import FactorSeal, SecondFactor, SecretKeys, matching_step, new_factor, new_recovery_codes
from app.security import recovery_digest as digest

OLD, NEW = "a-secret-that-only-tests-use-and-long-enough", "another-secret-of-the-tests-which-is-as-long"
# RFC 6238, appendix B: SHA-1, the last six of the eight digits, by seconds since 1970.
FACTOR = SecondFactor(b"12345678901234567890")
VECTORS = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize(("second", "code"), VECTORS.items())
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    now = datetime.fromtimestamp(second, UTC)
    assert matching_step(FACTOR, code, now) == second // 30
    assert matching_step(FACTOR, f"{(int(code) + 1) % 10**6:06}", now) is None


def test_a_code_is_taken_once_one_step_early_or_late_and_no_more() -> None:
    code, step = VECTORS[1234567890], 1234567890 // 30
    taken = [matching_step(FACTOR, code, datetime.fromtimestamp((step + late) * 30, UTC)) for late in (-2, -1, 0, 1, 2)]
    assert taken == [None, step, step, step, None]
    assert matching_step(replace(FACTOR, last_step=step), code, datetime.fromtimestamp(step * 30, UTC)) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "28708²", "287 82", "-28708", "\x00" * 6])
def test_text_that_is_no_code_is_refused(code: str) -> None:
    assert matching_step(FACTOR, code, datetime.fromtimestamp(59, UTC)) is None


def test_recovery_codes_differ_and_may_be_typed_in_any_way() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert digest(codes[0]) == digest(codes[0].upper().replace("-", " "))
    assert digest(codes[0]) != digest(codes[1])


def test_a_sealed_factor_opens_for_its_person_and_purpose_only() -> None:
    seal, factor = (
        FactorSeal(SecretKeys.parse(OLD)),
        replace(new_factor(), last_step=7, failures=2, recovery=("a", "b")),
    )
    sealed = seal.seal("kept", factor, "north", "ada")
    assert factor.secret not in sealed
    assert seal.open("kept", sealed, "north", "ada") == factor
    places = (("kept", "north", "bea"), ("kept", "south", "ada"), ("offered", "north", "ada"))
    for kind, tenant, person in places:
        with pytest.raises(StoredDataDamaged):
            seal.open(kind, sealed, tenant, person)  # type: ignore[arg-type]
    for broken in (b"", sealed[:-1], bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(StoredDataDamaged):
            seal.open("kept", broken, "north", "ada")


def test_a_newer_secret_opens_what_the_older_sealed() -> None:
    factor = new_factor()
    sealed = FactorSeal(SecretKeys.parse(OLD)).seal("kept", factor, "north", "ada")
    assert FactorSeal(SecretKeys.parse(f"{NEW},{OLD}")).open("kept", sealed, "north", "ada") == factor
    with pytest.raises(StoredDataDamaged):
        FactorSeal(SecretKeys.parse(NEW)).open("kept", sealed, "north", "ada")
