"""Thumbnails are made with the assessment, sealed, small, and made when they are asked for where there is none."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from app import imaging
from app.config import Settings
from app.errors import ImageNotFound
from app.records import Person, Radiograph, Study, Upload
from app.services import Services
from app.usecases.studies.bin import delete_study
from app.usecases.studies.create import create_study
from app.usecases.worklist.thumbnail import LONG_SIDE_PX, thumbnail_webp

GREY = imaging.phantom(3, (900, 700)).grey


class NoDecoder:
    """A decoder that must not be asked."""

    def decode(self, raw: bytes) -> Radiograph:
        """Fail the test."""
        pytest.fail("the original was decoded")


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


@pytest.fixture
def study(services: Services, ada: Person) -> Study:
    return create_study(services, ada, [Upload("a.png", imaging.render_png(GREY))]).study


def test_a_thumbnail_is_small_and_needs_no_original(services: Services, ada: Person, study: Study) -> None:
    webp = thumbnail_webp(replace(services, decoder=NoDecoder()), ada, study.id, study.images[0].id)
    height, width = imaging.decode(webp, services.settings.limits).grey.shape
    assert max(height, width) == LONG_SIDE_PX
    assert abs(height / width - 900 / 700) < 0.02
    assert len(webp) < 4096


def test_one_that_is_missing_is_made_once(services: Services, ada: Person, study: Study, settings: Settings) -> None:
    before = thumbnail_webp(services, ada, study.id, study.images[0].id)
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        assert connection.execute(sa.text("DELETE FROM thumbnails")).rowcount == 1
    engine.dispose()
    assert thumbnail_webp(services, ada, study.id, study.images[0].id) == before
    assert thumbnail_webp(replace(services, decoder=NoDecoder()), ada, study.id, study.images[0].id) == before


def test_the_database_holds_no_thumbnail_in_plain(services: Services, ada: Person, study: Study) -> None:
    webp = thumbnail_webp(services, ada, study.id, study.images[0].id)
    sealed = services.store.thumbnails.get("default", study.id, study.images[0].id).sealed
    assert sealed is not None
    assert webp not in sealed
    assert b"WEBP" not in sealed


def test_another_tenants_and_a_deleted_studys_are_not_found(
    services: Services, ada: Person, study: Study, account: Callable[..., object]
) -> None:
    eve = account("Eve", tenant="north").person  # type: ignore[attr-defined]
    with pytest.raises(ImageNotFound):
        thumbnail_webp(services, eve, study.id, study.images[0].id)
    delete_study(services, ada, study.id)
    with pytest.raises(ImageNotFound):
        thumbnail_webp(services, ada, study.id, study.images[0].id)
