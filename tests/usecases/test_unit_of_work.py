"""An act and its audit entry are kept together or not at all: where the entry is refused, nothing has changed."""

import ast
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app import imaging
from app.config import Settings
from app.errors import SignInRefused
from app.records import Actor, Patient, Person, Upload
from app.security import MasterKeys, Vault, new_master_key
from app.services import Services
from app.storage import BinnedRow, SessionRow
from app.usecases.access import account, second_factor
from app.usecases.administration import maintenance, people, tokens
from app.usecases.administration import sign_in as sessions
from app.usecases.feedback.review import add_feedback
from app.usecases.outbox import messages
from app.usecases.patients.edit import Changes, edit_study
from app.usecases.patients.rights import hold_patient
from app.usecases.reports.report import report_pdf
from app.usecases.studies.bin import delete_study, destroy_some, list_bin, restore_study, undo
from app.usecases.studies.create import add_images, create_study
from app.usecases.studies.show import get_study, original_png
from app.usecases.worklist import bulk, worklist
from app.usecases.worklist.mark_read import mark_read, mark_unread
from tests.support.authenticator import code_of
from tests.support.fakes import FakeClock
from tests.support.image_files import dataset, dicom

APP = Path(__file__).resolve().parents[2] / "app"
PHANTOM = Upload("a.png", imaging.render_png(imaging.phantom(3, (128, 96)).grey))
OF_4711 = Upload("b.dcm", dicom(dataset(imaging.phantom(3, (128, 96)).grey, PatientID="4711")))
ADMIN = Actor("default", "os:test")
PASSWORD, NEW_PASSWORD = "correct horse battery", "seven green elephants"
REFUSE_ENTRIES = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"


@pytest.fixture
def ada(services: Services) -> Person:
    return people.add_person(services, ADMIN, "Ada", "clinician", PASSWORD)


@pytest.fixture
def database(settings: Settings) -> Iterator[sa.Engine]:
    engine = sa.create_engine(settings.database_url)
    yield engine
    engine.dispose()


def content(database: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    found = sa.MetaData()
    found.reflect(database)
    with database.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for name, table in found.tables.items()
        }


def image_of(services: Services, person: Person, study: str) -> str:
    return get_study(services, person, study).images[0].id


def session_of(services: Services, person: Person) -> SessionRow:
    return services.store.credentials.sessions_of(person.tenant, person.id)[0]


def let_in(services: Services) -> None:
    """Give Ada two sessions and a token."""
    for _ in range(2):
        sessions.sign_in(services, "default", "Ada", PASSWORD)
    tokens.add_token(services, ADMIN, "Ada")


def in_bin(services: Services) -> BinnedRow:
    """The study that waits in the bin."""
    return services.store.bin.page("default", 1).entries[0]


def prepared(services: Services, ada: Person, clock: FakeClock) -> tuple[Services, str]:
    """Services that keep for 30 days, and a study of 31 days; another, of patient 4711, is as long in the bin."""
    kept = replace(services, settings=replace(services.settings, retention_days=30))
    delete_study(kept, ada, create_study(kept, ada, [OF_4711]).study.id)
    study = create_study(kept, ada, [PHANTOM]).study.id
    clock.pass_(days=31)
    return kept, study


def enable_factor(services: Services, person: Person) -> None:
    offer = second_factor.offer(services, person)
    second_factor.enable(services, session_of(services, person), offer.sealed, code_of(offer.secret, services.clock()))


Act = Callable[[Services, Person, str], object]
ACTS: dict[str, Act] = {
    "create a study": lambda services, ada, _: create_study(services, ada, [PHANTOM]),
    "add images": lambda services, ada, study: add_images(services, ada, study, [PHANTOM]),
    "delete a study": delete_study,
    "bring it back": lambda services, ada, _: restore_study(services, ada, in_bin(services).study.id),
    "undo": lambda services, ada, _: undo(services, ada, in_bin(services).deleted_at),
    "view the bin": lambda services, ada, _: list_bin(services, ada),
    "destroy what was in the bin": lambda services, *_: destroy_some(services),
    "hold": lambda services, *_: hold_patient(services, ADMIN, "4711", is_held=True),
    "mark it read": mark_read,
    "mark it unread": mark_unread,
    "mark several read": lambda services, ada, study: bulk.mark_studies(services, ada, [study], as_read=True),
    "delete several": lambda services, ada, study: bulk.delete_studies(services, ada, [study]),
    "answer": lambda services, ada, study: add_feedback(
        services, ada, study, services.store.studies.get("default", study).images[0].id, [], comment="x"
    ),
    "view a study": get_study,
    "view an entry": worklist.get_entry,
    "view an image": lambda services, ada, study: original_png(
        services, ada, study, services.store.studies.get("default", study).images[0].id
    ),
    "change the patient": lambda services, ada, study: edit_study(
        services, ada, study, Changes(Patient("Roe^Richard"))
    ),
    "add a webhook": lambda services, *_: messages.add_webhook(services, ADMIN, "https://example.org/"),
    "report": report_pdf,
    "purge": lambda services, *_: maintenance.purge_expired(services),
    "rotate": lambda services, *_: maintenance.rotate_keys(services, "os:test", make_new=False),
    "sign in": lambda services, *_: sessions.sign_in(services, "default", "Ada", PASSWORD),
    "refuse a sign-in": lambda services, *_: sessions.sign_in(services, "default", "Ada", "wrong horse battery"),
    "add a person": lambda services, *_: people.add_person(services, ADMIN, "Bea", "clinician", None),
    "set a password": lambda services, *_: people.set_password(services, ADMIN, "Ada", "another horse battery"),
    "add a token": lambda services, *_: tokens.add_token(services, ADMIN, "Ada"),
    "add a link": lambda services, *_: people.add_link(services, ADMIN, "Ada"),
    "disable": lambda services, *_: people.set_enabled(services, ADMIN, "Ada", False),
    "set a role": lambda services, *_: people.set_role(services, ADMIN, "Ada", "reader"),
    "end sessions": lambda services, *_: people.end_sessions(services, ADMIN, "Ada"),
    "change the own password": lambda services, ada, _: account.change_password(
        services, session_of(services, ada), account.NewPassword(PASSWORD, NEW_PASSWORD, NEW_PASSWORD)
    ),
    "end an own session": lambda services, ada, _: account.end_own_session(services, ada, session_of(services, ada).id),
    "end own other sessions": lambda services, ada, _: account.end_other_sessions(
        services, ada, session_of(services, ada)
    ),
    "set up a second factor": lambda services, ada, _: enable_factor(services, ada),
    "remove a second factor": lambda services, *_: second_factor.reset(services, ADMIN, "Ada"),
    "revoke an own token": lambda services, ada, _: account.revoke_own_token(
        services, ada, services.store.credentials.tokens_of(ada.tenant, ada.id)[0].id
    ),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_an_act_whose_entry_is_refused_changes_nothing(
    services: Services, ada: Person, clock: FakeClock, database: sa.Engine, act: Act
) -> None:
    kept, study = prepared(services, ada, clock)
    let_in(services)
    rotated = _with_newer_key(kept)
    with database.begin() as connection:
        connection.execute(sa.text(REFUSE_ENTRIES))
    before = content(database)

    with pytest.raises(IntegrityError):
        act(rotated, ada, study)

    after = content(database)
    # A counted attempt to sign in is no act.
    del before["sign_in_attempts"], after["sign_in_attempts"]
    assert after == before


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_an_act_is_entered(services: Services, ada: Person, clock: FakeClock, act: Act) -> None:
    kept, study = prepared(services, ada, clock)
    let_in(services)
    last = services.store.audit.last_sequence("default")
    with contextlib.suppress(SignInRefused):
        act(_with_newer_key(kept), ada, study)
    assert services.store.audit.last_sequence("default") > last
    assert maintenance.verify_audit(services) == {"default": None}


def _with_newer_key(services: Services) -> Services:
    newer = MasterKeys.parse(f"{new_master_key()},{services.settings.master_keys}")
    return replace(services, vault=Vault(newer))


def test_signing_out_and_signing_in_by_link_are_entered(services: Services, ada: Person) -> None:
    token, _ = sessions.sign_in_by_link(services, people.add_link(services, ADMIN, "Ada"))
    sessions.sign_out(services, token)
    sessions.sign_out(services, token)
    actions = [entry.event.action for entry in services.store.audit.entries("default")]
    assert actions == ["person-added", "link-added", "signed-in-by-link", "signed-out"]


def test_a_refused_sign_in_names_the_account_and_never_what_was_typed(services: Services, ada: Person) -> None:
    for name in ("Ada", "hunter2 typed into the wrong field"):
        with pytest.raises(SignInRefused):
            sessions.sign_in(services, "default", name, "wrong horse battery")
    events = [entry.event for entry in services.store.audit.entries("default")][-2:]
    assert [(event.actor, event.action, event.subject) for event in events] == [
        (ada.id, "sign-in-refused", "password"),
        ("nobody", "sign-in-refused", "password"),
    ]


def test_views_within_ten_minutes_are_one_view_and_change_no_list(
    services: Services, ada: Person, clock: FakeClock
) -> None:
    study = create_study(services, ada, [PHANTOM]).study.id
    version = worklist.version_of(services, ada)
    for minutes in (0, 9, 2):
        clock.pass_(minutes=minutes)
        get_study(services, ada, study)
        original_png(services, ada, study, image_of(services, ada, study))
    viewed = [entry.event for entry in services.store.audit.entries("default") if entry.event.subject == study]
    assert [event.action for event in viewed] == ["study-created", "study-viewed", "study-viewed"]
    assert worklist.version_of(services, ada) == version


WRITES = re.compile(
    r"store\.(people|credentials|studies|bin|feedback|worklist|audit|decisions|repeatable)"
    r"\.(add|append|set|delete|purge|replace|mark|revoke|consume|end|put|restore|empty|hold)\w*$"
)
# Expired credentials are no act, and the index is made of what is stored.
WITHOUT_ENTRY = {("maintenance.py", "purge_sessions"), ("maintenance.py", "purge_tokens")}


def test_use_cases_change_the_store_only_within_a_unit_of_work() -> None:
    found = set()
    for path in [*(APP / "usecases").rglob("*.py"), *(APP / "commands").rglob("*.py"), *(APP / "web").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (match := WRITES.search(ast.unparse(node.func))):
                found.add((path.name, match[0].rpartition(".")[2]))
    assert found == WITHOUT_ENTRY
