"""Explain one finding: what its score depends on. An aid for the reader, never evidence; nothing of it is stored."""

from dataclasses import dataclass
from typing import Literal

from app import imaging
from app.detection import ScoreMap
from app.errors import NotFound
from app.records import Assessment, BoxPx, Finding, ModelInput, Person
from app.services import Services
from app.usecases.sealed_records import image_row, open_image
from app.usecases.studies.show import radiograph_of

# shown: the map says something. even: no single place matters more than by chance. unmarked: the weights in use, which
# are others than those of the reading, do not see the finding at all.
Outcome = Literal["shown", "even", "unmarked"]

LONGEST_SIDE_PX = 1024
# The part of the image to look at, as a multiple of what was covered.
_AROUND = 1.5


@dataclass(frozen=True, eq=False)
class Explanation:
    """Explanation of one finding.

    strongest: the greatest share, 0–1, of the finding's raw score that covering one place takes away.
    look_px: the part of the radiograph that is worth looking at, in its pixels.
    same_weights: whether the weights in use are those that read the image.
    """

    finding: Finding
    assessment: Assessment
    outcome: Outcome
    strongest: float
    look_px: BoxPx
    same_weights: bool


def explain(services: Services, person: Person, study_id: str, image_id: str, number: int) -> Explanation:
    """Find out what the score of one finding depends on; `number` counts the image's findings from 0.

    Raises:
        StudyNotFound, ImageNotFound, NotFound: not in this person's tenant, or the image has no such finding.
        Busy: another explanation is being made, or the server has too much to do.
    """
    assessment, found = _asked(services, person, study_id, image_id, number)
    finding = assessment.findings[number]
    outcome: Outcome = "unmarked" if found is None else "shown" if found.stands_out else "even"
    return Explanation(
        finding=finding,
        assessment=assessment,
        outcome=outcome,
        strongest=found.strongest if found else 0.0,
        look_px=_around(found.area_px if found else finding.box_px, assessment),
        same_weights=assessment.model == services.detector.version,
    )


def why_png(services: Services, person: Person, study_id: str, image_id: str, number: int) -> tuple[bytes, Outcome]:
    """The same as a see-through heat map, RGBA, to be laid over the radiograph; empty where nothing is shown.

    It has the radiograph's shape, scaled down to a long side of `LONGEST_SIDE_PX` where that is larger.

    Raises:
        StudyNotFound, ImageNotFound, NotFound, Busy: as `explain`.
    """
    assessment, found = _asked(services, person, study_id, image_id, number)
    shape_hw = assessment.height, assessment.width
    if found is None:
        return imaging.heat_png(None, assessment.findings[number].box_px, shape_hw, LONGEST_SIDE_PX), "unmarked"
    values = found.loss if found.stands_out else None
    return imaging.heat_png(values, found.area_px, shape_hw, LONGEST_SIDE_PX), "shown" if found.stands_out else "even"


def _asked(
    services: Services, person: Person, study_id: str, image_id: str, number: int
) -> tuple[Assessment, ScoreMap | None]:
    row = services.store.studies.get(person.tenant, study_id)
    assessment = open_image(services, person.tenant, study_id, row.wrapped_key, image_row(row, image_id)).assessment
    if not 0 <= number < len(assessment.findings):
        raise NotFound("This image has no finding of this number.")
    finding = assessment.findings[number]

    def model_input() -> ModelInput:
        spec = services.detector.spec
        grey = radiograph_of(services, person, study_id, image_id).grey
        return imaging.model_input(grey, spec.input_size_px, spec.stride)

    name = (person.tenant, study_id, image_id, number)
    return assessment, services.explainer.explain(name, model_input, finding.region, finding.box_px)


def _around(area_px: BoxPx, assessment: Assessment) -> BoxPx:
    """A larger area with the same middle, within the radiograph."""
    x1, y1, x2, y2 = area_px
    more_x, more_y = ((_AROUND - 1) / 2 * side for side in (x2 - x1, y2 - y1))
    return (
        max(x1 - more_x, 0),
        max(y1 - more_y, 0),
        min(x2 + more_x, assessment.width),
        min(y2 + more_y, assessment.height),
    )
