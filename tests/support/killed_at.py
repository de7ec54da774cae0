"""A process that creates or deletes a study with a bucket, and is killed between its object and its row.

Arguments: database URL, "create" or "delete"; the other settings come from the environment.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace

from app.config import Settings
from app.imaging import phantom, render_png
from app.records import Upload
from app.storage import Store
from app.storage.database import Database, connect
from app.storage.objects import Bucket
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeClock, FakeDetector, build_fake_services


class DyingBucket(Bucket):
    """A bucket whose process is killed right before objects are removed."""

    def remove(self, keys: Sequence[str]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingStore(Store):
    """A store whose process is killed right before a unit of work begins."""

    @contextmanager
    def begin(self):
        os.kill(os.getpid(), signal.SIGKILL)
        yield


def main(database_url: str, act: str) -> None:
    """Act, and die."""
    settings = Settings.from_env({**os.environ, "DATABASE_URL": database_url})
    services = build_fake_services(settings, FakeClock(), FakeDetector())
    person = services.store.people.by_name("default", "Ada").person
    objects = services.store.objects
    if act == "create":
        services = replace(services, store=DyingStore(Database(connect(database_url), objects), objects=objects))
        create_study(services, person, [Upload("a.png", render_png(phantom(1).grey))])
    else:
        objects.__class__ = DyingBucket
        (study,) = services.store.studies.page("default", 10).studies
        services.store.studies.delete("default", study.id)
    raise SystemExit("it was not killed")


if __name__ == "__main__":
    main(*sys.argv[1:])
