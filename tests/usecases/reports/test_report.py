"""The report of a study: of one's own tenant only, with the images as they are now, and written down."""

from collections.abc import Callable

import numpy as np
import pytest

from app import imaging
from app.errors import BadRequest, StudyNotFound
from app.records import Person, Upload
from app.services import Services
from app.usecases.reports.report import IMAGE_LONG_SIDE_PX, LONGEST_STATEMENT, report_pdf
from app.usecases.studies.bin import delete_study
from app.usecases.studies.create import create_study
from tests.support.read_pdf import read_pdf

GOOD = Upload("Smith.png", imaging.render_png(imaging.phantom(3, (128, 96)).grey))


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


def test_a_report_has_every_view_the_readers_words_and_name(services: Services, ada: Person) -> None:
    lateral = Upload("Smith2.png", imaging.render_png(imaging.phantom(4, (160, 120)).grey))
    study = create_study(services, ada, [GOOD, lateral]).study

    made = read_pdf(report_pdf(services, ada, study.id, "Seen.\r\nAgreed."))

    assert made.images == ((96, 128), (120, 160))
    assert "Wrist\nDefinite\n87%" in made.text
    assert "Seen.\nAgreed." in made.text
    assert made.text.count("\nAda\n") == 2
    assert study.id in made.text
    assert "23 Nov 2026, 09:30 UTC" in made.text
    assert "Smith" not in made.text


def test_a_large_radiograph_is_scaled_down(services: Services, ada: Person) -> None:
    ramp = np.linspace(20, 220, 2000, dtype=np.uint8)[:, None].repeat(1000, 1)
    large = Upload("", imaging.render_png(ramp))
    study = create_study(services, ada, [large]).study

    made = read_pdf(report_pdf(services, ada, study.id))

    assert made.images == ((IMAGE_LONG_SIDE_PX // 2, IMAGE_LONG_SIDE_PX),)
    assert "1000 × 2000 px" in made.text


def test_a_report_is_in_the_audit_record_and_its_text_is_not(services: Services, ada: Person) -> None:
    study = create_study(services, ada, [GOOD]).study
    report_pdf(services, ada, study.id, "Seen.")

    last = list(services.store.audit.entries("default"))[-1].event
    assert (last.action, last.subject, last.actor) == ("report-made", study.id, ada.id)
    assert "Seen" not in str(last)


def test_nobody_reports_on_someone_elses_study(services: Services, ada: Person, account: Callable[..., object]) -> None:
    study = create_study(services, ada, [GOOD]).study
    stranger: Person = account("Bea", tenant="other").person  # type: ignore[attr-defined]

    with pytest.raises(StudyNotFound):
        report_pdf(services, stranger, study.id)
    assert [entry.event.action for entry in services.store.audit.entries("other")].count("report-made") == 0


def test_a_deleted_study_has_no_report(services: Services, ada: Person) -> None:
    study = create_study(services, ada, [GOOD]).study
    delete_study(services, ada, study.id)

    with pytest.raises(StudyNotFound):
        report_pdf(services, ada, study.id)


def test_a_text_has_a_longest_length_in_which_a_new_line_counts_once(services: Services, ada: Person) -> None:
    study = create_study(services, ada, [GOOD]).study

    assert report_pdf(services, ada, study.id, "\r\n".join(["w" * 99] * (LONGEST_STATEMENT // 100)))
    with pytest.raises(BadRequest):
        report_pdf(services, ada, study.id, "w" * (LONGEST_STATEMENT + 1))
