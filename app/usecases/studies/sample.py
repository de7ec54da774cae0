"""A first study without a patient: a radiograph that the project draws itself, inferred like any other."""

import re
from dataclasses import dataclass

from app import imaging
from app.records import DRAWN_SAMPLE, BoxPx, Finding, Person, StudyImage, Upload
from app.services import Services
from app.usecases.studies.create import Submission, create_study
from app.usecases.studies.infer import infer

# Drawings to choose from. Weights differ in the drawings that they detect, so the first that it marks is taken.
SEEDS = (1, 0, 7, 6, 4, 3)
_NAME = "Sample {seed} (drawn, nobody's)"
_SEED_OF_NAME = re.compile(r"Sample (\d{1,4}) \(drawn, nobody's\)")


@dataclass(frozen=True)
class Truth:
    """Where a drawn sample is broken, in its pixels, and whether the software marked the break."""

    break_px: BoxPx
    is_marked: bool


def is_first_visit(services: Services, person: Person) -> bool:
    """Whether this person's tenant has no study yet."""
    return not services.store.studies.page(person.tenant, 1, None).studies


def create_sample(services: Services, person: Person) -> Submission:
    """Draw a broken wrist and infer it as an upload: sealed, stored and audited as any study.

    Of a few drawings the first is taken whose break the detector marks; the first of all where it marks none.

    Raises:
        Busy, Unavailable: from the detector; nothing is stored.
    """
    seed = next((seed for seed in SEEDS if _is_marked_in(services, seed)), SEEDS[0])
    upload = Upload(_NAME.format(seed=seed), imaging.drawn_sample(seed).png)
    return create_study(services, person, [upload], remarks=(DRAWN_SAMPLE,))


def truth_of(image: StudyImage) -> Truth | None:
    """Where a drawn sample is broken; None for every other image, whatever its name."""
    named = _SEED_OF_NAME.fullmatch(image.name)
    if DRAWN_SAMPLE not in image.assessment.warnings or named is None:
        return None
    break_px = imaging.drawn_sample(int(named[1])).break_px
    return Truth(break_px, any(_meets(finding, break_px) for finding in image.assessment.findings))


def _is_marked_in(services: Services, seed: int) -> bool:
    sample = imaging.drawn_sample(seed)
    assessment = infer(services.detector, lambda: sample.png, services.decoder).assessment
    return any(_meets(finding, sample.break_px) for finding in assessment.findings)


def _meets(finding: Finding, break_px: BoxPx) -> bool:
    """Whether each box holds the middle of the other."""
    return _holds_middle(finding.box_px, break_px) and _holds_middle(break_px, finding.box_px)


def _holds_middle(one: BoxPx, other: BoxPx) -> bool:
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return one[0] <= x <= one[2] and one[1] <= y <= one[3]
