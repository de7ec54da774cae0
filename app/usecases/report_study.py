"""Report a study: its readings, its pictures and the reader's own words, as a file to sign."""

from app.errors import BadRequest
from app.records import Person
from app.reports import study_pdf
from app.services import Services
from app.usecases import audit
from app.usecases.show_study import annotated_png, get_study

LONGEST_STATEMENT = 10_000
# About 200 dots per inch over the width of the text; a larger picture is scaled down, a smaller one left alone.
PICTURE_LONG_SIDE_PX = 1600


def report_pdf(services: Services, person: Person, study_id: str, statement: str = "") -> bytes:
    """The report of a study as a PDF file, with what the reader wrote; the text goes nowhere else and is not kept.

    Raises:
        StudyNotFound: not in this person's tenant.
        ImageNotFound: a view was deleted while the report was made.
        BadRequest: `statement` has more than `LONGEST_STATEMENT` characters.
    """
    words = "\n".join(statement.splitlines())
    if len(words) > LONGEST_STATEMENT:
        raise BadRequest(f"The text of a report has at most {LONGEST_STATEMENT} characters.")
    study = get_study(services, person, study_id)
    pictures = {
        image.id: annotated_png(services, person, study_id, image.id, PICTURE_LONG_SIDE_PX) for image in study.images
    }
    report = study_pdf(study, pictures, words, person.name, services.clock())
    audit.record(services, person, "report-made", study_id)
    return report
