"""People belong to a tenant, and names to one person."""

from datetime import timedelta, timezone

import pytest

from app.errors import BadRequest, NameTaken
from app.records import Person
from app.storage import Store, new_id
from tests.storage.conftest import NOW


def test_a_person_is_found_by_name_and_id(store: Store, anna: Person) -> None:
    for found in (store.people.by_name("default", "anna"), store.people.by_id("default", anna.id)):
        assert found is not None
        assert (found.person, found.password_hash, found.created_at) == (anna, "a hash", NOW)
    assert "a hash" not in repr(store.people.by_name("default", "anna"))


def test_another_tenants_person_is_not_found(store: Store, anna: Person) -> None:
    assert store.people.by_name("other", "anna") is None
    assert store.people.by_id("other", anna.id) is None
    assert store.people.all("other") == ()
    store.people.set_password_hash("other", anna.id, "stolen")
    found = store.people.by_name("default", "anna")
    assert found is not None
    assert found.password_hash == "a hash"


def test_a_name_is_taken_once_in_a_tenant(store: Store, anna: Person) -> None:
    with pytest.raises(NameTaken) as refused:
        store.people.add("default", Person(new_id(), "default", "anna", "admin"), None, NOW)
    assert refused.value.__cause__ is None
    store.people.add("other", Person(new_id(), "other", "anna", "admin"), None, NOW)
    assert [row.person.role for row in store.people.all("default")] == ["clinician"]


def test_everybody_is_listed_by_name(store: Store) -> None:
    for name in ("carl", "anna", "bert"):
        store.people.add("default", Person(new_id(), "default", name, "clinician"), None, NOW)
    assert [row.person.name for row in store.people.all("default")] == ["anna", "bert", "carl"]


def test_a_password_hash_is_replaced(store: Store, anna: Person) -> None:
    for replacement in ("new hash", None):
        store.people.set_password_hash("default", anna.id, replacement)
        found = store.people.by_id("default", anna.id)
        assert found is not None
        assert found.password_hash == replacement


@pytest.mark.parametrize("name", ["", "a\x00b", "a\nb", "\ud800", "a" * 201])
def test_a_name_that_cannot_be_kept_is_refused_and_found_nowhere(store: Store, name: str) -> None:
    with pytest.raises(BadRequest):
        store.people.add("default", Person(new_id(), "default", name, "clinician"), None, NOW)
    assert store.people.by_name("default", name) is None
    assert store.people.by_name(name, "anna") is None
    assert store.people.by_id("default", name) is None


def test_a_time_in_any_zone_comes_back_as_the_same_moment_in_utc(store: Store) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    store.people.add("default", Person("1", "default", "anna", "clinician"), None, elsewhere)
    found = store.people.by_id("default", "1")
    assert found is not None
    assert found.created_at.isoformat() == NOW.isoformat() == "2026-11-23T12:30:15.123456+00:00"
