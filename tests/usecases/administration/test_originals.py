"""Originals in a bucket: ciphertext under random names, shown with their rows only, gone with their study."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from app.config import BucketSettings, Settings
from app.errors import ConfigError, StoredDataDamaged, StudyNotFound, Unavailable
from app.imaging import phantom, render_png
from app.records import Person, Upload
from app.services import Services
from app.storage import open_store
from app.usecases.administration import maintenance
from app.usecases.administration.originals import move_to_bucket, move_to_database, sweep_orphans
from app.usecases.administration.readiness import Readiness
from app.usecases.sealed_records import open_original
from app.usecases.studies.create import add_images, create_study
from app.usecases.studies.receive import receive_file
from tests.conftest import Account
from tests.support.bucket_server import bucket_server, client_of, new_bucket, objects_in
from tests.support.fakes import FakeClock

ROOT = Path(__file__).resolve().parents[3]
RADIOGRAPH = render_png(phantom(1).grey)
_names = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with bucket_server(tmp_path_factory.mktemp("bucket")) as address:
        yield address


@pytest.fixture
def bucket(server: str) -> BucketSettings:
    return new_bucket(server, f"originals-{next(_names)}")


@pytest.fixture
def in_bucket(services: Services, bucket: BucketSettings, clock: FakeClock) -> Iterator[Services]:
    """The services with their originals in a bucket, whose clock is the server's."""
    clock.time = datetime.now(UTC)
    store = open_store(services.settings.database_url, bucket)
    yield replace(services, store=store, settings=replace(services.settings, bucket=bucket, retention_days=1))
    store.close()


@pytest.fixture
def nobody(services: Services) -> Iterator[Services]:
    """The services with a bucket where nobody answers."""
    away = BucketSettings("originals", "", "key", "secret", "http://127.0.0.1:9")
    store = open_store(services.settings.database_url, away)
    yield replace(services, store=store)
    store.close()


def new_study(services: Services, person: Person) -> tuple[str, str]:
    study = create_study(services, person, [Upload("a.png", RADIOGRAPH)]).study
    return study.id, study.images[0].id


def test_every_way_in_stores_ciphertext_in_the_bucket_and_no_original_in_the_database(
    in_bucket: Services, bucket: BucketSettings, ada: Account
) -> None:
    study, image = new_study(in_bucket, ada.person)
    add_images(in_bucket, ada.person, study, [Upload("b.png", RADIOGRAPH)])
    receive_file(in_bucket, "default", "c.png", RADIOGRAPH)

    stored = objects_in(bucket)

    assert len(stored) == 3
    assert not [body for body in stored.values() if RADIOGRAPH[:8] in body or len(body) < len(RADIOGRAPH)]
    assert not [key for key in stored if study in key or image in key or "default" in key]
    assert list(in_bucket.store.originals.some(10, None, in_bucket=False)) == []
    assert open_original(in_bucket, "default", study, image) == RADIOGRAPH


def test_deletion_and_retention_remove_the_objects(
    in_bucket: Services, bucket: BucketSettings, ada: Account, clock: FakeClock
) -> None:
    first, _ = new_study(in_bucket, ada.person)
    new_study(in_bucket, ada.person)

    in_bucket.store.studies.delete("default", first)
    assert len(objects_in(bucket)) == 1
    clock.pass_(days=2)
    maintenance.purge_expired(in_bucket)
    assert objects_in(bucket) == {}


def test_a_deletion_holds_while_the_bucket_is_away_and_its_orphan_is_swept_a_day_later(
    in_bucket: Services, nobody: Services, bucket: BucketSettings, ada: Account, clock: FakeClock
) -> None:
    study, image = new_study(in_bucket, ada.person)
    kept, _ = new_study(in_bucket, ada.person)

    nobody.store.studies.delete("default", study)

    with pytest.raises(StudyNotFound):
        open_original(in_bucket, "default", study, image)
    assert (len(objects_in(bucket)), sweep_orphans(in_bucket, "os:test")) == (2, 0)
    clock.pass_(days=1, minutes=1)
    assert sweep_orphans(in_bucket, "os:test") == 1
    assert len(objects_in(bucket)) == 1
    assert in_bucket.store.studies.get("default", kept)


@pytest.mark.parametrize("act", ["create", "delete"])
def test_a_kill_between_object_and_row_leaves_nothing_but_an_orphan(
    in_bucket: Services, bucket: BucketSettings, ada: Account, clock: FakeClock, act: str
) -> None:
    if act == "delete":
        new_study(in_bucket, ada.person)
    settings = in_bucket.settings
    environment = {
        **os.environ,
        "MASTER_KEYS": settings.master_keys,
        "SECRET_KEY": settings.secret_key,
        "ORIGINALS_URL": f"s3://{bucket.bucket}/{bucket.prefix}",
        "S3_ENDPOINT": str(bucket.endpoint),
        "S3_ACCESS_KEY": bucket.access_key,
        "S3_SECRET_KEY": bucket.secret_key,
    }
    command = [sys.executable, "-m", "tests.support.killed_at", settings.database_url, act]

    died = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert died.returncode == -9, died.stderr
    assert in_bucket.store.studies.page("default", 10).studies == ()
    assert len(objects_in(bucket)) == 1
    clock.pass_(days=1, minutes=1)
    sweep_orphans(in_bucket, "os:test")
    assert objects_in(bucket) == {}


def test_without_the_bucket_nothing_is_stored_and_the_application_is_not_ready(nobody: Services, ada: Account) -> None:
    with pytest.raises(Unavailable):
        new_study(nobody, ada.person)

    assert nobody.store.studies.page("default", 10).studies == ()
    assert Readiness(nobody, patience_s=30).failing() == ("originals",)


def test_with_the_bucket_the_application_is_ready(in_bucket: Services) -> None:
    assert Readiness(in_bucket, patience_s=30).failing() == ()


def test_originals_move_into_the_bucket_and_back_and_open_on_the_way(
    services: Services, in_bucket: Services, bucket: BucketSettings, ada: Account
) -> None:
    made = [new_study(services, ada.person) for _ in range(3)]

    assert move_to_bucket(in_bucket, "os:test") == 3
    assert len(objects_in(bucket)) == 3
    assert {open_original(in_bucket, "default", *one) for one in made} == {RADIOGRAPH}
    with pytest.raises(Unavailable):
        open_original(services, "default", *made[0])

    assert move_to_database(in_bucket, "os:test") == 3
    assert objects_in(bucket) == {}
    assert {open_original(services, "default", *one) for one in made} == {RADIOGRAPH}


@pytest.mark.parametrize("body", [None, b"", b"x" * 5000])
def test_an_object_that_is_lost_or_altered_is_told_as_damaged(
    in_bucket: Services, bucket: BucketSettings, ada: Account, body: bytes | None
) -> None:
    study, image = new_study(in_bucket, ada.person)
    (key,) = objects_in(bucket)
    where = {"Bucket": bucket.bucket, "Key": bucket.prefix + key}
    if body is None:
        client_of(bucket).delete_object(**where)
    else:
        client_of(bucket).put_object(**where, Body=body)

    with pytest.raises(StoredDataDamaged):
        open_original(in_bucket, "default", study, image)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ORIGINALS_URL", "https://bucket"), ("ORIGINALS_URL", "s3://"), ("S3_ENDPOINT", "bucket"), ("S3_SECRET_KEY", "")],
)
def test_a_wrong_bucket_is_named(name: str, value: str) -> None:
    complete = {"DATABASE_URL": "sqlite:///x.db", "MASTER_KEYS": "k1:secret-one", "SECRET_KEY": "secret-two"}
    complete |= {"ORIGINALS_URL": "s3://b/p", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "s", "S3_ENDPOINT": "http://x"}
    with pytest.raises(ConfigError, match=name):
        Settings.from_env({**complete, name: value})
