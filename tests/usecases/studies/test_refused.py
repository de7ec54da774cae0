"""Refused files are named once, to the person who sent them, and are ciphertext meanwhile."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from app.imaging import phantom, render_png
from app.records import Person, Upload
from app.services import Services
from app.storage import open_store
from app.storage.database import connect
from app.usecases.studies.create import create_study
from app.usecases.studies.refused import LIFETIME, RefusedFile, leave_refused, take_refused
from tests.conftest import Account
from tests.support.fakes import FakeClock

REFUSED = (RefusedFile("Doe, Jane.png", "This file is damaged."),)


@pytest.fixture
def study(services: Services, ada: Account) -> str:
    upload = Upload("a.png", render_png(phantom(1).grey))
    return create_study(services, ada.person, [upload]).study.id


def stored(services: Services) -> list[Any]:
    engine = connect(services.settings.database_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM notices")).all()
    engine.dispose()
    return list(rows)


def test_another_process_names_them_once(services: Services, ada: Account, study: str) -> None:
    other = replace(services, store=open_store(services.settings.database_url))

    leave_refused(services, ada.person, study, REFUSED)

    assert take_refused(other, ada.person, study) == REFUSED
    assert take_refused(services, ada.person, study) == ()
    other.store.close()


def test_nobody_else_is_told(services: Services, ada: Account, study: str) -> None:
    leave_refused(services, ada.person, study, REFUSED)

    assert take_refused(services, Person("someone else", "default", "Bob", "clinician"), study) == ()
    assert take_refused(services, ada.person, study) == REFUSED


def test_names_are_sealed_in_the_database_and_go_with_the_study(services: Services, ada: Account, study: str) -> None:
    leave_refused(services, ada.person, study, REFUSED)
    assert "Jane" not in repr(stored(services))

    services.store.studies.delete("default", study)

    assert stored(services) == []


def test_what_nobody_asked_for_is_forgotten(services: Services, ada: Account, study: str, clock: FakeClock) -> None:
    leave_refused(services, ada.person, study, REFUSED)
    clock.time += LIFETIME

    assert take_refused(services, ada.person, study) == ()


def test_without_refused_files_nothing_is_stored(services: Services, ada: Account, study: str) -> None:
    leave_refused(services, ada.person, study, ())

    assert stored(services) == []
