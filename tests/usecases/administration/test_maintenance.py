"""Keys are rotated, old studies are purged, and an altered audit record is told."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import imaging
from app.config import Settings
from app.errors import ConfigError, RecordForged, StoredDataDamaged
from app.records import Actor, Person, Upload
from app.security import (
    AccessSeal,
    AuditChain,
    KeyFile,
    MasterKeys,
    SecretKeys,
    UploadKeys,
    Vault,
    new_master_key,
    seal_upload,
)
from app.services import Services
from app.usecases.administration import maintenance, people
from app.usecases.administration.audit_record import audit_head
from app.usecases.studies import show as show_study
from app.usecases.studies.bin import delete_study
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeClock

USER = "os:test"
ADA = ("default", "ada")
PHANTOM = Upload("a.png", imaging.render_png(imaging.phantom(3, (128, 96)).grey))


@pytest.fixture
def key_file(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "master_keys"
    path.write_text(settings.master_keys)
    path.chmod(0o600)
    return path


@pytest.fixture
def filed(services: Services, key_file: Path, clock: FakeClock) -> Iterator[Services]:
    """Services whose master keys stand in a file."""
    keys = KeyFile(key_file)
    yield replace(services, keys=keys, vault=Vault(keys), upload_keys=UploadKeys(keys, clock))


@pytest.fixture
def ada(services: Services) -> Person:
    return people.add_person(services, Actor("default", "test"), "Ada", "clinician", None)


def test_after_a_rotation_everything_opens_with_the_newest_key_alone(
    filed: Services, key_file: Path, ada: Person
) -> None:
    study = create_study(filed, ada, [PHANTOM]).study
    assert maintenance.rotate_keys(filed, USER) == 1
    newest, older = key_file.read_text().splitlines()
    assert key_file.stat().st_mode & 0o777 == 0o600
    only_newest = replace(filed, vault=Vault(MasterKeys.parse(newest)))
    assert show_study.get_study(only_newest, ada, study.id) == study
    with pytest.raises(StoredDataDamaged):
        show_study.get_study(replace(filed, vault=Vault(MasterKeys.parse(older))), ada, study.id)


def test_a_server_that_runs_takes_a_rotation_up_by_itself(filed: Services, key_file: Path, ada: Person) -> None:
    running = replace(filed, keys=(ring := KeyFile(key_file)), vault=Vault(ring))
    study = create_study(running, ada, [PHANTOM]).study
    maintenance.rotate_keys(filed, USER)
    assert show_study.get_study(running, ada, study.id) == study


def test_an_upload_sealed_before_a_rotation_still_opens(filed: Services) -> None:
    before = filed.upload_keys.current(*ADA)
    sealed = seal_upload(before, b"a radiograph")
    maintenance.rotate_keys(filed, USER)
    assert filed.upload_keys.current(*ADA).kid != before.kid
    assert filed.upload_keys.open(before.kid, sealed, *ADA) == b"a radiograph"


def test_a_rotation_is_entered_with_the_key_and_every_study_that_it_wrapped(filed: Services, ada: Person) -> None:
    study = create_study(filed, ada, [PHANTOM]).study
    maintenance.rotate_keys(filed, USER)
    events = [entry.event for entry in filed.store.audit.entries("default")][-2:]
    assert [(event.actor, event.action, event.subject) for event in events] == [
        (USER, "master-key-added", filed.keys.newest.kid),
        (USER, "study-key-rewrapped", study.id),
    ]


def test_keys_that_stand_in_the_variable_are_not_written_but_wrapped_by_the_first(
    services: Services, ada: Person
) -> None:
    create_study(services, ada, [PHANTOM])
    with pytest.raises(ConfigError, match="MASTER_KEYS"):
        maintenance.rotate_keys(services, USER)
    newer = Vault(MasterKeys.parse(f"{new_master_key()},{services.settings.master_keys}"))
    assert maintenance.rotate_keys(replace(services, vault=newer), USER, make_new=False) == 1
    assert maintenance.rotate_keys(replace(services, vault=newer), USER, make_new=False) == 0


def test_studies_are_deleted_when_their_time_is_over(services: Services, ada: Person, clock: FakeClock) -> None:
    kept = replace(services, settings=replace(services.settings, retention_days=30))
    old = create_study(kept, ada, [PHANTOM]).study
    clock.pass_(days=20)
    young = create_study(kept, ada, [PHANTOM]).study
    clock.pass_(days=11)
    assert maintenance.purge_expired(kept) == maintenance.Purged(1, 0)
    last = list(kept.store.audit.entries("default"))[-1].event
    assert (last.actor, last.action, last.subject) == ("rule", "study-expired", old.id)
    assert maintenance.verify_audit(kept) == {"default": None}
    assert [study.id for study in show_study.list_studies(kept, ada).studies] == [young.id]


def test_without_a_time_to_keep_only_the_bin_is_emptied(services: Services, ada: Person, clock: FakeClock) -> None:
    kept, gone, held = (create_study(services, ada, [PHANTOM]).study.id for _ in range(3))
    for study in (gone, held):
        delete_study(services, ada, study)
    services.store.studies.hold("default", held, is_held=True)
    clock.pass_(days=30, seconds=1)
    assert maintenance.purge_expired(services) == maintenance.Purged(0, 1)
    assert maintenance.purge_expired(services) == maintenance.Purged(0, 0)
    last = list(services.store.audit.entries("default"))[-1].event
    assert (last.actor, last.action, last.subject) == ("rule", "study-destroyed", gone)
    assert show_study.get_study(services, ada, kept).id == kept
    assert [row.study.id for row in services.store.bin.page("default", 9).entries] == [held]


def test_a_study_in_the_bin_expires_with_its_time_to_be_kept(services: Services, ada: Person, clock: FakeClock) -> None:
    kept = replace(services, settings=replace(services.settings, retention_days=10))
    delete_study(kept, ada, create_study(kept, ada, [PHANTOM]).study.id)
    clock.pass_(days=11)
    assert maintenance.purge_expired(kept) == maintenance.Purged(1, 0)
    assert services.store.bin.page("default", 9).entries == ()


def test_a_changed_audit_entry_shows(services: Services, settings: Settings, account: Callable[..., object]) -> None:
    for name in ("Ada", "Bea", "Cleo"):
        account(name)
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit SET action = 'study-created' WHERE sequence = 3"))
    engine.dispose()
    assert maintenance.verify_audit(services) == {"default": 3}


def test_after_a_rotation_of_the_secret_the_record_and_people_hold_without_the_older_one(
    services: Services, ada: Person
) -> None:
    old, new = services.settings.secret_key, "a-newer-secret-that-only-tests-use-and-long"
    both, alone = with_secrets(services, new, old), with_secrets(services, new)
    people.add_link(both, Actor("default", USER), "Ada")
    assert maintenance.verify_audit(both) == {"default": None}
    assert maintenance.verify_audit(alone) == {"default": 1}

    heads = maintenance.authenticate_again(both, USER)

    assert maintenance.verify_audit(alone) == {"default": None}
    assert heads == (("default", audit_head(alone, "default")),)
    assert [is_genuine for _, is_genuine in people.list_people(alone, "default")] == [True]
    assert list(alone.store.audit.entries("default"))[-1].event.action == "secret-key-rotated"


def test_a_record_that_was_altered_is_not_authenticated_again(
    services: Services, ada: Person, settings: Settings
) -> None:
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit SET actor = 'somebody'"))
    engine.dispose()
    with pytest.raises(RecordForged):
        maintenance.authenticate_again(services, USER)
    assert maintenance.verify_audit(services) == {"default": 1}


def with_secrets(services: Services, *secrets: str) -> Services:
    seal = AccessSeal(SecretKeys.parse(",".join(secrets)))
    return replace(services, access_seal=seal, audit_chain=AuditChain(*secrets))


def test_a_clock_that_jumped_a_year_ahead_purges_nothing_until_it_is_said_to_be_right(
    services: Services, ada: Person, clock: FakeClock
) -> None:
    kept = replace(services, settings=replace(services.settings, retention_days=30))
    study = create_study(kept, ada, [PHANTOM]).study
    clock.pass_(days=365)
    with pytest.raises(ConfigError, match="--clock-is-right"):
        maintenance.purge_expired(kept)
    assert show_study.get_study(services, ada, study.id).id == study.id
    assert maintenance.purge_expired(kept, is_clock_right=True) == maintenance.Purged(1, 0)


def test_a_clock_that_jumped_a_year_back_purges_nothing(services: Services, ada: Person, clock: FakeClock) -> None:
    kept = replace(services, settings=replace(services.settings, retention_days=30))
    create_study(kept, ada, [PHANTOM])
    clock.pass_(days=-365)
    assert maintenance.purge_expired(kept) == maintenance.Purged(0, 0)
