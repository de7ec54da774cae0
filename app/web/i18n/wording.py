"""Wording of verdicts, warnings and numbers on a page, and the drawing of a finding."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps

from babel.dates import format_skeleton
from flask_babel import gettext as _  # type: ignore[import-untyped]
from jinja2 import pass_context

from app.drawings import Label
from app.records import WORST_FIRST, Assessment, Finding, Outcome, Role, Study, StudyImage, Tier, Verdict
from app.reports import overlay, words
from app.translatable import N_
from app.usecases.triage import study_score, study_verdict
from app.web.i18n.language import LANGUAGES, chosen, current

ROLE_WORDS = {
    "admin": N_("administrator"),
    "auditor": N_("auditor"),
    "clinician": N_("clinician"),
    "reader": N_("reader"),
    "uploader": N_("uploader"),
}
METHOD_WORDS = {
    "link": N_("by a sign-in link"),
    "passkey": N_("by passkey"),
    "password": N_("by password"),
    "single-sign-on": N_("by single sign-on"),
}
# Width of an average letter over the height of the line; wide sans-serif faces stay under it.
LETTER_ASPECT = 0.52
PAGE_LABEL_SHARE = 0.75


@dataclass(frozen=True)
class Mark:
    """One finding as a page draws it, in radiograph pixels."""

    finding: Finding
    label: Label

    @property
    def box(self) -> dict[str, float]:
        """x, y, width and height of the box."""
        x1, y1, x2, y2 = self.finding.box_px
        return {"x": round(x1, 1), "y": round(y1, 1), "width": round(x2 - x1, 1), "height": round(y2 - y1, 1)}

    @property
    def plate(self) -> dict[str, float]:
        """x, y, width and height of what lies under the label.

        A page shows a image larger than a print, so its label is smaller than the PNG's, on the same side of the box.
        """
        (x1, y1, x2, _), (left, top) = self.finding.box_px, self.label.top_left_px
        full_width, full_height = label_size_px(self.label)
        width, height = full_width * PAGE_LABEL_SHARE, full_height * PAGE_LABEL_SHARE
        ends_right = abs(left + full_width - x2) < abs(left - x1)
        x = left + full_width - width if ends_right else left
        y = top + full_height - height if top + full_height <= y1 else top
        return {"x": round(x, 1), "y": round(y, 1), "width": round(width, 1), "height": round(height, 1)}


def label_size_px(label: Label) -> tuple[float, float]:
    """Width and height of a label, in radiograph pixels."""
    return (len(label.text) + 1) * LETTER_ASPECT * label.height_px, label.height_px


def verdict_title(verdict: Verdict) -> str:
    """The verdict in two or three words."""
    return words.verdict_title(verdict, current())


def verdict_advice(verdict: Verdict) -> str:
    """Advice that goes with a verdict."""
    return words.verdict_advice(verdict, current())


def outcome_title(outcome: Outcome) -> str:
    """The readers' decision in two or three words."""
    return words.outcome_title(outcome, current())


def sex_words(code: str) -> str:
    """A patient's sex in words."""
    return words.sex_words(code, current())


def side_words(code: str) -> str:
    """The side of an examination in words."""
    return words.side_words(code, current())


def scope_words(assessment: Assessment) -> str:
    """Why an image is not assessed, or who overruled that; "" for every other image."""
    return words.scope_words(assessment, current())


def warning_words(code: str) -> str:
    """One sentence for a warning's code."""
    return words.warning_words(code, current())


def region_name(region: str) -> str:
    """A region in the language of the page; data, forms and addresses keep its code."""
    return words.region_name(region, current())


def tier_name(tier: Tier) -> str:
    """How sure the software is of a finding, in one word."""
    return words.tier_name(tier, current())


def percent(share: float) -> str:
    """A share as whole percent; never 100 %, which no reading deserves."""
    return words.share_words(share, current())


def regions_marked(study: Study) -> str:
    """The regions with a finding, each once, in the order of the alphabet."""
    regions = {finding.region for image in study.images for finding in image.assessment.findings}
    return ", ".join(sorted(region_name(region) for region in regions))


def worst_first(images: Sequence[StudyImage]) -> list[StudyImage]:
    """The views of a study by verdict, the gravest first, and by score."""
    gravity = {verdict: rank for rank, verdict in enumerate(WORST_FIRST)}
    return sorted(images, key=lambda image: (gravity[image.assessment.verdict], -image.assessment.score))


def study_line(study: Study) -> str:
    """The verdict of a study in one line: "Fracture likely in 2 of 10 views"."""
    verdict = study_verdict(study)
    if len(study.images) < 2:
        return verdict_title(verdict)
    count = sum(image.assessment.verdict == verdict for image in study.images)
    words = {"verdict": verdict_title(verdict), "count": count, "all": len(study.images)}
    return str(_("%(verdict)s in %(count)s of %(all)s views", **words))


def likely_region(image: StudyImage) -> str:
    """The region of the surest finding, "" without one: where a reader who marks a fracture most likely means."""
    findings = sorted(image.assessment.findings, key=lambda finding: -finding.confidence)
    return findings[0].region if findings else ""


def role_name(role: Role) -> str:
    """Name of a role, in one word."""
    return str(_(ROLE_WORDS.get(role, role)))


def method_words(method: str) -> str:
    """How a session was begun."""
    return str(_(METHOD_WORDS[method])) if method in METHOD_WORDS else ""


def milliseconds(took_ms: float) -> str:
    """Milliseconds, whole."""
    return f"{current().number(round(took_ms))} ms"


def size_words(size_bytes: int) -> str:
    """Bytes as whole MB."""
    return str(_("%(size)s MB", size=size_bytes // (1024 * 1024)))


def utc_iso(when: datetime) -> str:
    """For the datetime attribute of a <time>."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_words(when: datetime) -> str:
    """Day and minute, in UTC; a page's script shows it in local time."""
    return current().time(when)


def month_words(month: str) -> str:
    """ "2026-11" as "November 2026"."""
    return str(format_skeleton("yMMMM", date.fromisoformat(f"{month}-01"), locale=LANGUAGES[chosen()].locale))


def day_words(day: str) -> str:
    """A day such as "2026-11-23" in the language of the page."""
    return str(format_skeleton("yMMMd", date.fromisoformat(day), locale=LANGUAGES[chosen()].locale))


def view_title(image: StudyImage, number: int) -> str:
    """The name as the sender gave it, else the view's number."""
    return image.name or str(_("View %(number)s", number=number))


def by_confidence(assessment: Assessment) -> list[Mark]:
    """The findings, surest first, each with its label; the labels stand where the annotated PNG has them."""
    drawing = overlay(assessment.findings, (assessment.height, assessment.width), current())
    findings = sorted(assessment.findings, key=lambda finding: -finding.confidence)
    return [Mark(finding, label) for finding, label in zip(findings, reversed(drawing.labels), strict=True)]


def _in_context(function: Callable[..., object]) -> Callable[..., object]:
    # Jinja works out a filter of a constant once, while it compiles; the language is that of each request.
    @pass_context
    @wraps(function)
    def filtered(_: object, *args: object) -> object:
        return function(*args)

    return filtered


FILTERS: dict[str, Callable[..., object]] = {
    function.__name__: _in_context(function)
    for function in (
        verdict_title,
        verdict_advice,
        study_score,
        study_verdict,
        regions_marked,
        worst_first,
        study_line,
        likely_region,
        role_name,
        method_words,
        scope_words,
        warning_words,
        region_name,
        tier_name,
        percent,
        milliseconds,
        size_words,
        utc_iso,
        utc_words,
        month_words,
        day_words,
        outcome_title,
        sex_words,
        side_words,
        words.patient_name,
        by_confidence,
        view_title,
    )
}
