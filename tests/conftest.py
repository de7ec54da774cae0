"""Fixtures shared by every test: settings, services out of fakes, an application, and people who may use it.

What they need is imported inside them, so that a test of one package does not load the others.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.config import Limits, Settings
from app.detection.engines.openvino_import import block_telemetry
from app.records import Actor, Person

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.services import Services
    from tests.support.fakes import FakeClock, FakeDetector

# Before a test module imports OpenVINO or NNCF to see whether it is installed.
block_telemetry()

PASSWORD = "correct horse battery"
UPLOAD_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True)
class Account:
    """A person, and what lets them in."""

    person: Person
    password: str
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        """Headers of an API request in this person's name."""
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="session", autouse=True)
def _pillow_as_it_is() -> None:
    """Undo what ultralytics changes in Pillow, where collecting the tests has imported it."""
    if "ultralytics" in sys.modules:
        from app.detection.engines.ultralytics_import import import_torch

        import_torch()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a small server with its own SQLite database."""
    from app.security import new_master_key

    return Settings(
        database_url=f"sqlite:///{tmp_path / 'fractures.db'}",
        master_keys=new_master_key(),
        secret_key="a-secret-that-only-tests-use-and-long-enough",
        limits=Limits(upload_bytes=UPLOAD_BYTES, pixels=4_000_000, files=5),
    )


@pytest.fixture
def clock() -> "FakeClock":
    """A clock that stands still until it is moved."""
    from tests.support.fakes import FakeClock

    return FakeClock()


@pytest.fixture
def detector() -> "FakeDetector":
    """A detector that answers what a test tells it to."""
    from tests.support.fakes import FakeDetector

    return FakeDetector()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with every migration and no row; tests copy it, which is quicker than migrating."""
    from app.storage import migrate

    path = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def services(
    settings: Settings, clock: "FakeClock", detector: "FakeDetector", empty_database: Path
) -> "Iterator[Services]":
    """Everything real but the network, the clock and the cost of a password."""
    from tests.support.fakes import build_fake_services

    shutil.copyfile(empty_database, settings.database_url.removeprefix("sqlite:///"))
    built = build_fake_services(settings, clock, detector)
    yield built
    built.store.close()


@pytest.fixture
def app(settings: Settings, services: "Services") -> "Flask":
    """The application over the fake services."""
    from app.web import create_app

    return create_app(settings, services)


@pytest.fixture
def client(app: "Flask") -> "FlaskClient":
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def account(services: "Services") -> Callable[..., Account]:
    """Makes people: `account("Ada", tenant="north")`."""
    from app.usecases.administration import people, tokens
    from tests.support.access import ensure_tenant

    def make(name: str, tenant: str = "default") -> Account:
        ensure_tenant(services, tenant)
        person = people.add_person(services, Actor(tenant, "test"), name, "clinician", PASSWORD)
        return Account(person, PASSWORD, tokens.add_token(services, Actor(tenant, "test"), name))

    return make


@pytest.fixture
def ada(account: Callable[..., Account]) -> Account:
    """A clinician of the tenant "default"."""
    return account("Ada")


@pytest.fixture
def signed_in(client: "FlaskClient", services: "Services", ada: Account) -> "FlaskClient":
    """Ada's browser, signed in by a one-time link."""
    from app.usecases.administration import people
    from tests.support.access import use_link

    link = people.add_link(services, Actor(ada.person.tenant, "test"), ada.person.name)
    assert use_link(client, link).status_code == 303
    return client


@pytest.fixture
def api_token(ada: Account) -> str:
    """Ada's API token."""
    return ada.token
