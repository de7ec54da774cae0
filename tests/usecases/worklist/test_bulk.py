"""What is done to several studies is done to each that is there, and what became of each is told."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from app import imaging
from app.errors import BadRequest, StoredDataDamaged, StudyNotFound
from app.records import Person, Study, Upload
from app.security import MasterKeys, Vault, new_master_key
from app.services import Services
from app.usecases.studies import show as show_study
from app.usecases.studies.bin import undo
from app.usecases.studies.create import create_study
from app.usecases.worklist import bulk

PHANTOM = imaging.render_png(imaging.phantom(3, (128, 96)).grey)


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


@pytest.fixture
def studies(services: Services, ada: Person) -> list[Study]:
    return [create_study(services, ada, [Upload(f"{number}.png", PHANTOM)]).study for number in range(3)]


@pytest.fixture
def half_open(services: Services, ada: Person, studies: list[Study]) -> tuple[Services, str, str]:
    """Services whose keys open none of the studies but a new one; its id, and that of one that stays closed."""
    other = replace(services, vault=Vault(MasterKeys.parse(new_master_key())))
    return other, create_study(other, ada, [Upload("new.png", PHANTOM)]).study.id, studies[0].id


def test_what_does_not_open_is_deleted_too_and_what_is_gone_or_held_is_told(
    half_open: tuple[Services, str, str], ada: Person, studies: list[Study]
) -> None:
    services, opens, closed = half_open
    held = studies[1].id
    services.store.studies.hold("default", held, is_held=True)

    outcome = bulk.delete_studies(services, ada, [opens, closed, "nothing", held])

    assert (outcome.done, outcome.gone, outcome.held) == ((opens, closed), ("nothing",), (held,))
    with pytest.raises(StudyNotFound):
        show_study.get_study(services, ada, closed)
    assert undo(services, ada, outcome.at) == 2
    assert show_study.get_study(services, ada, opens).id == opens


def test_a_report_that_fails_is_named_inside_and_the_others_are_whole(
    half_open: tuple[Services, str, str], ada: Person
) -> None:
    services, opens, closed = half_open

    reports = bulk.report_studies(services, ada, [closed, opens])

    assert reports.made == (opens,)
    ((failed, why),) = reports.failed
    assert (failed, type(why)) == (closed, StoredDataDamaged)
    with zipfile.ZipFile(io.BytesIO(reports.archive)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"report-{opens}.pdf", bulk.NOT_INCLUDED]
        assert archive.read(bulk.NOT_INCLUDED).decode() == f"{closed}: {why}\r\n"


def test_each_is_done_once_and_written_down_once(services: Services, ada: Person, studies: list[Study]) -> None:
    first, second = studies[0].id, studies[1].id

    assert bulk.mark_studies(services, ada, [first, second, first], as_read=True).done == (first, second)

    events = [entry.event for entry in services.store.audit.entries(ada.tenant)]
    assert [(event.action, event.subject) for event in events[-2:]] == [("study-read", first), ("study-read", second)]
    assert bulk.mark_studies(services, ada, [second], as_read=False).done == (second,)
    assert [services.store.worklist.get(ada.tenant, study.id).is_read for study in studies] == [True, False, False]


@pytest.mark.parametrize("count", [0, 101])
def test_none_and_too_many_are_refused_before_anything_is_done(
    services: Services, ada: Person, studies: list[Study], count: int
) -> None:
    chosen = [study.id for study in studies][:count] + [str(number) for number in range(count - 3)]
    for do in (bulk.delete_studies, bulk.report_studies):
        with pytest.raises(BadRequest):
            do(services, ada, chosen)
    with pytest.raises(BadRequest):
        bulk.report_studies(services, ada, [str(number) for number in range(bulk.MOST_REPORTS + 1)])
    assert len(show_study.list_studies(services, ada).studies) == 3
