"""Report a study: its assessments, its images and the reader's own words, as a file to sign."""

from app.errors import BadRequest
from app.records import Person
from app.reports import ENGLISH, Wording, study_pdf
from app.services import Services
from app.usecases import audit
from app.usecases.feedback.review import list_feedback
from app.usecases.studies.show import annotated_png, get_study

LONGEST_STATEMENT = 10_000
# About 200 dots per inch over the width of the text; a larger image is scaled down, a smaller one left alone.
IMAGE_LONG_SIDE_PX = 1600


def report_pdf(
    services: Services, person: Person, study_id: str, statement: str = "", wording: Wording = ENGLISH
) -> bytes:
    """The report of a study as a PDF file, with what readers stored and what this one writes; the latter is not kept.

    wording: the language of the report.

    Raises:
        StudyNotFound: not in this person's tenant.
        ImageNotFound: a view was deleted while the report was made.
        BadRequest: `statement` has more than `LONGEST_STATEMENT` characters.
    """
    words = "\n".join(statement.splitlines())
    if len(words) > LONGEST_STATEMENT:
        raise BadRequest("The text of a report has at most %(count)s characters.", count=LONGEST_STATEMENT)
    study = get_study(services, person, study_id)
    images = {
        image.id: annotated_png(services, person, study_id, image.id, long_side_px=IMAGE_LONG_SIDE_PX, wording=wording)
        for image in study.images
    }
    answers = list_feedback(services, person, study_id)
    report = study_pdf(study, images, words, person.name, services.clock(), answers=answers, wording=wording)
    with services.store.begin() as unit:
        audit.record(services, unit, person, "report-made", study_id)
    return report
