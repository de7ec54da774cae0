"""The application for gunicorn, with a fake detector: `gunicorn tests.support.served:app`."""

import os
from datetime import UTC, datetime

from app.config import Settings
from app.web import create_app
from tests.support.fakes import FakeClock, FakeDetector, build_fake_services


class _Clock(FakeClock):
    def __call__(self) -> datetime:
        return datetime.now(UTC)


settings = Settings.from_env(os.environ)
app = create_app(settings, build_fake_services(settings, _Clock(), FakeDetector()))
