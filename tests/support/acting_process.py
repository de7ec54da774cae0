"""Act on a database without end, and print each act once it is acknowledged: `python -m … DATA_DIR`; to be killed."""

import random
import sys
from dataclasses import replace
from pathlib import Path

from app.config import Settings
from app.imaging import phantom, render_png
from app.records import Person, Upload
from app.security import KeyFile, Vault
from app.usecases.administration.maintenance import rotate_keys
from app.usecases.studies.bin import delete_study
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeClock, FakeDetector, build_fake_services


def say(line: str) -> None:
    """Acknowledge an act, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def act(data_dir: Path) -> None:
    """Create, delete and rotate in a random order."""
    settings = Settings.from_env({"DATA_DIR": str(data_dir)})
    keys = KeyFile(data_dir / "keys" / "master_keys")
    services = replace(build_fake_services(settings, FakeClock(), FakeDetector()), keys=keys, vault=Vault(keys))
    row = services.store.people.all("default")[0]
    ada: Person = row.person
    upload = Upload("a.png", render_png(phantom(3, (128, 96)).grey))
    say("ready")
    while True:
        chance = random.random()
        if chance < 0.6:
            say(f"created {create_study(services, ada, [upload]).study.id}")
        elif chance < 0.9:
            page = services.store.studies.page("default", 3)
            if page.studies:
                delete_study(services, ada, page.studies[-1].id)
                say(f"deleted {page.studies[-1].id}")
        else:
            rotate_keys(services, "os:test")
            say(f"rotated {keys.newest.kid}")


if __name__ == "__main__":
    act(Path(sys.argv[1]))
