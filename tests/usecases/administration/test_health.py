"""Readiness tells which part does not work, and wrong keys are found at start."""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from app import imaging
from app.config import Settings
from app.detection import Detector
from app.errors import ConfigError
from app.records import Person, Upload
from app.security import AccessSeal, MasterKeys, SecretKeys, Vault, new_master_key
from app.services import Services
from app.storage import migrate
from app.usecases.administration.health import Cause, check_keys
from app.usecases.administration.readiness import Readiness
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeDetector

PHANTOM = Upload("a.png", imaging.render_png(imaging.phantom(3, (128, 96)).grey))


def database_of(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


def failing(services: Services) -> tuple[Cause, ...]:
    return Readiness(services, patience_s=30).failing()


def test_it_is_ready_and_leaves_nothing_behind(services: Services) -> None:
    assert failing(services) == ()
    assert services.store.attempts.times(b"probe", services.clock().replace(year=2000)) == ()


def test_a_detector_that_does_not_answer_is_told(services: Services, detector: FakeDetector) -> None:
    detector.is_ready = False
    assert failing(services) == ("detector",)


def test_a_database_file_that_was_removed_or_replaced_is_told_until_it_is_back(
    services: Services, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = database_of(settings)
    path.rename(tmp_path / "aside.db")
    assert failing(services) == ("database",)
    assert "not ready: database" in caplog.text
    migrate(settings.database_url)
    assert failing(services) == ("database",)
    path.unlink()
    (tmp_path / "aside.db").rename(path)
    assert failing(services) == ()


def test_a_database_that_cannot_be_written_is_told(services: Services, settings: Settings) -> None:
    with sqlite3.connect(database_of(settings)) as other:
        other.execute("ALTER TABLE sign_in_attempts RENAME TO gone")
    assert failing(services) == ("database",)


def test_a_check_that_hangs_is_answered_at_once_from_what_was_known_for_ten_seconds(services: Services) -> None:
    class Hanging(FakeDetector):
        go = threading.Event()

        def ready(self) -> bool:
            return self.go.wait(60)

    now_s = [0.0]
    detector = Hanging()
    readiness = Readiness(replace(services, detector=cast(Detector, detector)), 0.01, lambda: now_s[0])
    detector.go.set()
    assert "detector" not in readiness.failing()
    detector.go.clear()
    assert "detector" not in readiness.failing()
    now_s[0] = 11
    assert "detector" in readiness.failing()
    detector.go.set()
    # The check that hung is over, and the next one begins.
    while "detector" in readiness.failing():
        pass


def test_keys_of_another_database_are_found_at_start(services: Services, account: Callable[..., object]) -> None:
    check_keys(services)
    ada: Person = account("Ada").person  # type: ignore[attr-defined]
    create_study(services, ada, [PHANTOM])
    check_keys(services)
    with pytest.raises(ConfigError, match="MASTER_KEYS"):
        check_keys(replace(services, vault=Vault(MasterKeys.parse(new_master_key()))))
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        check_keys(replace(services, access_seal=AccessSeal(SecretKeys.parse("another-secret-key-of-enough-length"))))
