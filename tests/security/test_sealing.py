"""What is sealed opens in its place with its keys, and nowhere else."""

from dataclasses import replace

import pytest

from app.errors import StoredDataDamaged
from app.security import AssociatedData, MasterKeys, Vault, new_master_key
from app.security.framing import frame

PLACE = AssociatedData("default", "study-1", "original", "image-1")
PLAIN = b"a radiograph" * 100


def test_what_is_sealed_opens(vault: Vault) -> None:
    key = vault.new_study_key("default", "study-1")
    for plain in (b"", b"x", PLAIN):
        assert vault.open(vault.seal(plain, key, PLACE), key, PLACE) == plain


def test_sealing_twice_gives_different_bytes_without_the_plain_text(vault: Vault) -> None:
    key = vault.new_study_key("default", "study-1")
    first, second = vault.seal(PLAIN, key, PLACE), vault.seal(PLAIN, key, PLACE)
    assert first[13:] != second[13:]
    assert first[1:13] != second[1:13]
    assert PLAIN[:12] not in first
    assert key != vault.new_study_key("default", "study-1")


@pytest.mark.parametrize("field", ["tenant", "study", "kind", "item"])
def test_a_blob_moved_to_another_place_does_not_open(vault: Vault, field: str) -> None:
    elsewhere = replace(PLACE, **{field: "other"})
    key = vault.new_study_key(PLACE.tenant, PLACE.study)
    sealed = vault.seal(PLAIN, key, PLACE)
    with pytest.raises(StoredDataDamaged):
        vault.open(sealed, key, elsewhere)


def test_a_blob_with_the_key_of_its_new_place_does_not_open(vault: Vault) -> None:
    sealed = vault.seal(PLAIN, vault.new_study_key("default", "study-1"), PLACE)
    with pytest.raises(StoredDataDamaged):
        vault.open(sealed, vault.new_study_key("default", "study-1"), PLACE)


def test_a_wrapped_key_moved_to_another_study_or_tenant_does_not_seal(vault: Vault) -> None:
    key = vault.new_study_key("default", "study-1")
    for elsewhere in (replace(PLACE, tenant="other"), replace(PLACE, study="other")):
        with pytest.raises(StoredDataDamaged):
            vault.seal(PLAIN, key, elsewhere)


def test_every_flipped_byte_and_every_cut_is_refused_in_the_same_words(vault: Vault) -> None:
    key = vault.new_study_key("default", "study-1")
    sealed = vault.seal(b"short", key, PLACE)
    damaged = [sealed[:end] for end in range(len(sealed))]
    damaged += [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    for wrong in [*damaged, sealed + b"\0"]:
        with pytest.raises(StoredDataDamaged) as refused:
            vault.open(wrong, key, PLACE)
        assert str(refused.value) == StoredDataDamaged.message
        assert refused.value.__cause__ is None


def test_every_flipped_byte_and_every_cut_of_a_wrapped_key_is_refused(vault: Vault) -> None:
    key = vault.new_study_key("default", "study-1")
    sealed = vault.seal(b"short", key, PLACE)
    damaged = [key[:end] for end in range(len(key))]
    damaged += [key[:at] + bytes([key[at] ^ 0x81]) + key[at + 1 :] for at in range(len(key))]
    for wrong in [*damaged, key + b"\0"]:
        with pytest.raises(StoredDataDamaged):
            vault.open(sealed, wrong, PLACE)


def test_other_master_keys_do_not_open(vault: Vault) -> None:
    key = vault.new_study_key("default", "study-1")
    sealed = vault.seal(PLAIN, key, PLACE)
    with pytest.raises(StoredDataDamaged):
        Vault(MasterKeys.parse(new_master_key())).open(sealed, key, PLACE)


def test_after_a_rotation_old_blobs_open_and_rewrapped_ones_need_only_the_new_key(key_text: str) -> None:
    newer = new_master_key()
    old, both, new = (Vault(MasterKeys.parse(text)) for text in (key_text, f"{newer},{key_text}", newer))
    wrapped = old.new_study_key("default", "study-1")
    sealed = old.seal(PLAIN, wrapped, PLACE)
    assert both.open(sealed, wrapped, PLACE) == PLAIN
    rewrapped = both.rewrap(wrapped, "default", "study-1")
    assert rewrapped is not None
    assert new.open(sealed, rewrapped, PLACE) == PLAIN
    assert both.rewrap(rewrapped, "default", "study-1") is None
    with pytest.raises(StoredDataDamaged):
        old.open(sealed, rewrapped, PLACE)


def test_rewrap_refuses_another_studys_key(vault: Vault) -> None:
    with pytest.raises(StoredDataDamaged):
        vault.rewrap(vault.new_study_key("default", "study-1"), "default", "study-2")


def test_fields_cannot_slide_into_each_other(vault: Vault) -> None:
    assert len({frame(b"ab", b"c"), frame(b"a", b"bc"), frame(b"abc"), frame(b"abc", b""), frame(b"", b"abc")}) == 5
    key = vault.new_study_key("a", "bc")
    with pytest.raises(StoredDataDamaged):
        vault.seal(b"", key, AssociatedData("ab", "c", "", ""))
