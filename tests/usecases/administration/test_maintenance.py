"""Keeping house: keys turn, old studies go, a touched record shows."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import imaging
from app.config import Settings
from app.errors import ConfigError, StoredDataDamaged
from app.records import Person, Upload
from app.security import KeyFile, MasterKeys, UploadKeys, Vault, new_master_key
from app.services import Services
from app.usecases.administration import maintenance as house
from app.usecases.administration import people
from app.usecases.studies import show as show_study
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeClock

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
    return people.add_person(services, "default", "Ada", "clinician", None)


def test_after_a_rotation_everything_opens_with_the_newest_key_alone(
    filed: Services, key_file: Path, ada: Person
) -> None:
    study = create_study(filed, ada, [PHANTOM]).study
    assert house.rotate_keys(filed) == 1
    newest, older = key_file.read_text().strip().split(",")
    assert key_file.stat().st_mode & 0o777 == 0o600
    only_newest = replace(filed, vault=Vault(MasterKeys.parse(newest)))
    assert show_study.get_study(only_newest, ada, study.id) == study
    with pytest.raises(StoredDataDamaged):
        show_study.get_study(replace(filed, vault=Vault(MasterKeys.parse(older))), ada, study.id)


def test_a_server_that_runs_takes_a_rotation_up_by_itself(filed: Services, key_file: Path, ada: Person) -> None:
    running = replace(filed, keys=(ring := KeyFile(key_file)), vault=Vault(ring))
    study = create_study(running, ada, [PHANTOM]).study
    house.rotate_keys(filed)
    assert show_study.get_study(running, ada, study.id) == study


def test_an_upload_sealed_before_a_rotation_still_opens(filed: Services) -> None:
    before = filed.upload_keys.current()
    house.rotate_keys(filed)
    assert filed.upload_keys.current().kid != before.kid
    with pytest.raises(Exception, match="damaged on its way"):
        filed.upload_keys.open(before.kid, b"known key, broken body" * 9)


def test_keys_that_stand_in_the_variable_are_not_written_but_wrapped_by_the_first(
    services: Services, ada: Person
) -> None:
    create_study(services, ada, [PHANTOM])
    with pytest.raises(ConfigError, match="MASTER_KEYS"):
        house.rotate_keys(services)
    newer = Vault(MasterKeys.parse(f"{new_master_key()},{services.settings.master_keys}"))
    assert house.rotate_keys(replace(services, vault=newer), make_new=False) == 1
    assert house.rotate_keys(replace(services, vault=newer), make_new=False) == 0


def test_studies_are_deleted_when_their_time_is_over(services: Services, ada: Person, clock: FakeClock) -> None:
    kept = replace(services, settings=replace(services.settings, retention_days=30))
    old = create_study(kept, ada, [PHANTOM]).study
    clock.pass_(days=20)
    young = create_study(kept, ada, [PHANTOM]).study
    clock.pass_(days=11)
    assert house.purge_expired(kept) == 1
    last = list(kept.store.audit.entries("default"))[-1].event
    assert (last.actor, last.action, last.subject) == ("rule", "study-expired", old.id)
    assert house.verify_audit(kept) == {"default": None}
    assert [study.id for study in show_study.list_studies(kept, ada).studies] == [young.id]


def test_nothing_is_deleted_unless_a_time_was_set(services: Services) -> None:
    with pytest.raises(ConfigError, match="RETENTION_DAYS"):
        house.purge_expired(services)


def test_a_changed_audit_entry_shows(services: Services, settings: Settings, account: Callable[..., object]) -> None:
    for name in ("Ada", "Bea", "Cleo"):
        account(name)
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit SET action = 'study-created' WHERE sequence = 3"))
    engine.dispose()
    assert house.verify_audit(services) == {"default": 3}
