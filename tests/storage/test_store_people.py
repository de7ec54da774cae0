"""People belong to a tenant, and names to one person."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from app.errors import BadRequest, NameTaken, NotFound, TenantNotFound
from app.records import Person
from app.storage import PersonRow, Store, new_id
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
    with pytest.raises(NotFound):
        store.people.replace(PersonRow(replace(anna, tenant="other"), "stolen", NOW))
    found = store.people.by_name("default", "anna")
    assert found is not None
    assert found.password_hash == "a hash"


def test_a_name_is_taken_once_in_a_tenant(store: Store, anna: Person) -> None:
    with pytest.raises(NameTaken) as refused:
        store.people.add(PersonRow(Person(new_id(), "default", "anna", "admin"), None, NOW))
    assert refused.value.__cause__ is None
    store.people.add(PersonRow(Person(new_id(), "other", "anna", "admin"), None, NOW))
    assert [row.person.role for row in store.people.all("default")] == ["clinician"]


def test_everybody_is_listed_by_name(store: Store) -> None:
    for name in ("carl", "anna", "bert"):
        store.people.add(PersonRow(Person(new_id(), "default", name, "clinician"), None, NOW))
    assert [row.person.name for row in store.people.all("default")] == ["anna", "bert", "carl"]


def test_role_state_and_password_hash_are_replaced(store: Store, anna: Person) -> None:
    changed = PersonRow(replace(anna, role="reader"), None, NOW, is_enabled=False, mac=b"another")
    store.people.replace(changed)
    assert store.people.by_id("default", anna.id) == changed


def test_a_tenant_is_made_on_purpose_and_once(store: Store) -> None:
    with pytest.raises(TenantNotFound):
        store.people.add(PersonRow(Person("1", "defualt", "anna", "clinician"), None, NOW))
    with pytest.raises(NameTaken):
        store.people.add_tenant("default", NOW)
    assert [row.name for row in store.people.tenants()] == ["default", "other"]


@pytest.mark.parametrize("name", ["", "a\x00b", "a\nb", "\ud800", "a" * 201])
def test_a_name_that_cannot_be_kept_is_refused_and_found_nowhere(store: Store, name: str) -> None:
    with pytest.raises(BadRequest):
        store.people.add(PersonRow(Person(new_id(), "default", name, "clinician"), None, NOW))
    assert store.people.by_name("default", name) is None
    assert store.people.by_name(name, "anna") is None
    assert store.people.by_id("default", name) is None


def test_a_time_in_any_zone_comes_back_as_the_same_moment_in_utc(store: Store) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    store.people.add(PersonRow(Person("1", "default", "anna", "clinician"), None, elsewhere))
    found = store.people.by_id("default", "1")
    assert found is not None
    assert found.created_at.isoformat() == NOW.isoformat() == "2026-11-23T12:30:15.123456+00:00"
