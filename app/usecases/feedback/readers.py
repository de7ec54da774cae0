"""Agreement between readers by Cohen's kappa, and of the software with them by month, counted in images.

Source: J. Cohen, "A coefficient of agreement for nominal scales", 1960.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from app.records import Person
from app.services import RecordServices
from app.usecases.decision import ViewOutcome, view_outcome
from app.usecases.feedback.agreement import check_admin, newest_answers

UNKNOWN_READER = "?"


@dataclass(frozen=True)
class PairAgreement:
    """Two readers on the images that both decided. kappa: None where one of the two always said the same."""

    first: str
    second: str
    images: int
    agreed: int
    kappa: float | None

    @property
    def share(self) -> float:
        """Images on which both said the same, 0–1."""
        return self.agreed / self.images


@dataclass(frozen=True)
class MonthPerformance:
    """The software against the readers' decisions of one month ("2026-11", UTC), in decisions on images.

    marked: the software's verdict was fracture or possible.
    """

    month: str
    fractures: int
    fractures_marked: int
    normals: int
    normals_marked: int

    @property
    def sensitivity(self) -> float | None:
        """Share of decided fractures that the software marked; None without any."""
        return self.fractures_marked / self.fractures if self.fractures else None

    @property
    def false_alarms(self) -> float | None:
        """Share of images decided as normal that the software marked; None without any."""
        return self.normals_marked / self.normals if self.normals else None


@dataclass(frozen=True)
class ReaderAgreement:
    """Every pair of readers who decided the same image, and every month with a decision, newest first."""

    pairs: tuple[PairAgreement, ...]
    months: tuple[MonthPerformance, ...]


def reader_agreement(services: RecordServices, person: Person) -> ReaderAgreement:
    """Count the last year's decisions; of each reader the newest on an image counts.

    Raises:
        Forbidden: not an admin.
    """
    check_admin(person)
    by_image: dict[str, dict[str, ViewOutcome]] = defaultdict(dict)
    months: dict[str, Counter[tuple[ViewOutcome, bool]]] = defaultdict(Counter)
    for feedback, assessment in newest_answers(services, person.tenant):
        outcome = view_outcome(feedback, assessment)
        if outcome is None:
            continue
        by_image[feedback.image_id][feedback.person_name or UNKNOWN_READER] = outcome
        months[f"{feedback.created_at:%Y-%m}"][outcome, assessment.verdict in ("fracture", "possible")] += 1
    newest_first = sorted(months, reverse=True)
    return ReaderAgreement(_pairs(by_image.values()), tuple(_month(month, months[month]) for month in newest_first))


def cohens_kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Agreement beyond chance of two raters, at most 1; None where chance alone gives full agreement."""
    counts = Counter(pairs)
    total = sum(counts.values())
    if not total:
        return None
    labels = {label for pair in counts for label in pair}
    agreed = sum(counts[label, label] for label in labels) / total
    first = {label: sum(n for pair, n in counts.items() if pair[0] == label) / total for label in labels}
    second = {label: sum(n for pair, n in counts.items() if pair[1] == label) / total for label in labels}
    by_chance = sum(first[label] * second[label] for label in labels)
    return None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def _pairs(images: Iterable[dict[str, ViewOutcome]]) -> tuple[PairAgreement, ...]:
    together: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for said in images:
        for first, second in combinations(sorted(said), 2):
            together[first, second].append((said[first], said[second]))
    return tuple(
        PairAgreement(*names, len(said), sum(one == other for one, other in said), cohens_kappa(said))
        for names, said in sorted(together.items())
    )


def _month(month: str, counts: Counter[tuple[ViewOutcome, bool]]) -> MonthPerformance:
    fractures = counts["fracture", True] + counts["fracture", False]
    normals = counts["none", True] + counts["none", False]
    return MonthPerformance(month, fractures, counts["fracture", True], normals, counts["none", True])
