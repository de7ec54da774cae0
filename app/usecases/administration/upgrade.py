"""Bring a database to this version: its schema, and what only the holder of the keys can write."""

from app.config import Settings
from app.records import Actor
from app.services import build_record_services
from app.storage import migrate
from app.usecases import audit
from app.usecases.administration.sealed_rows import seal_all_people

# People have a MAC from this revision on. Only an upgrade across it seals rows that have none.
_SEALS_PEOPLE = "0007"


def upgrade_database(settings: Settings, user: str) -> None:
    """Migrate the schema; rows of people that an older version wrote are sealed once.

    Raises:
        ConfigError: the database cannot be used, or a setting is wrong.
    """
    before = migrate(settings.database_url)
    if before is None or before >= _SEALS_PEOPLE:
        return
    services = build_record_services(settings)
    with services.store.begin() as unit:
        sealed = seal_all_people(services, unit, lambda row: not row.mac)
        audit.record(services, unit, Actor("default", user), "people-sealed", str(sealed))
    services.store.close()
