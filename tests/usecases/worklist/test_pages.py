"""A page of the worklist: sorted by what is known once it is opened, counted up to a bound, with a person's columns."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app import imaging
from app.records import Patient, Person, Upload
from app.services import Services
from app.usecases.patients.edit import Changes, edit_study
from app.usecases.patients.find import terms_of
from app.usecases.studies.create import create_study
from app.usecases.triage import Filters
from app.usecases.worklist import worklist
from app.usecases.worklist.columns import COLUMNS, choose_columns, columns_of
from app.usecases.worklist.mark_read import mark_read
from tests.support.fakes import FakeClock

PHANTOM = Upload("a.png", imaging.render_png(imaging.phantom(3, (128, 96)).grey))


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


@pytest.fixture
def patients(services: Services, ada: Person, clock: FakeClock) -> dict[str, str]:
    """The studies of four patients by name; of one nothing is known."""
    made = {}
    for name, number in (("Zöe", "9"), ("Abel", "10"), ("", ""), ("émile", "A2")):
        clock.pass_(minutes=1)
        study = create_study(services, ada, [PHANTOM]).study.id
        edit_study(services, ada, study, Changes(Patient(name, number)))
        made[name] = study
    return made


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("name", ["Abel", "émile", "Zöe", ""]),
        # Digits count as numbers: 9 before 10.
        ("number", ["Zöe", "Abel", "émile", ""]),
    ],
)
def test_a_page_is_sorted_by_name_or_number_and_the_unknown_come_last(
    services: Services, ada: Person, patients: dict[str, str], within: str, expected: list[str]
) -> None:
    page = worklist.list_work(services, ada, Filters(within=within))  # type: ignore[arg-type]
    assert [entry.study.id for entry in page.entries] == [patients[name] for name in expected]


def test_tabs_count_what_the_filters_find_in_each_state(
    services: Services, ada: Person, patients: dict[str, str]
) -> None:
    mark_read(services, ada, patients["Abel"])
    assert worklist.tab_counts(services, ada, Filters()) == {"unread": 3, "read": 1, None: 4}
    assert worklist.tab_counts(services, ada, Filters(verdict="none", state="read")) == {
        "unread": 0,
        "read": 0,
        None: 0,
    }
    terms = terms_of(services, ada, patient="abel")
    assert worklist.tab_counts(services, ada, Filters(terms=terms)) == {"unread": 0, "read": 1, None: 1}
    assert worklist.tab_counts(services, ada, Filters(terms=terms, region="wrist")) == {}


def test_counting_ends_at_its_bound(services: Services, ada: Person, patients: dict[str, str]) -> None:
    query = worklist.query_of(services, "default", Filters(newest_first=True))
    assert [services.store.worklist.count("default", query, most) for most in (3, 4, 5)] == [3, 4, 4]


def test_columns_are_kept_for_each_person(services: Services, ada: Person, account: Callable[..., object]) -> None:
    bea = account("Bea").person  # type: ignore[attr-defined]
    assert columns_of(services, ada) == COLUMNS
    choose_columns(services, ada, ["views", "patient", "rubbish"])
    assert columns_of(services, ada) == ("patient", "views")
    choose_columns(services, ada, [])
    assert columns_of(services, ada) == ()
    assert columns_of(services, bea) == COLUMNS


def test_a_day_of_the_filter_begins_and_ends_in_the_time_zone_of_the_settings(
    services: Services, ada: Person, clock: FakeClock
) -> None:
    berlin = replace(services, settings=replace(services.settings, time_zone=ZoneInfo("Europe/Berlin")))
    clock.time = datetime(2026, 7, 1, 21, 59, tzinfo=UTC)
    before_midnight = create_study(berlin, ada, [PHANTOM]).study.id
    clock.time = datetime(2026, 7, 1, 22, 0, tzinfo=UTC)
    at_midnight = create_study(berlin, ada, [PHANTOM]).study.id
    for day, expected in ((1, before_midnight), (2, at_midnight)):
        filters = Filters(since=date(2026, 7, day), until=date(2026, 7, day))
        assert [entry.study.id for entry in worklist.list_work(berlin, ada, filters).entries] == [expected]
