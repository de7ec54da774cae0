"""What a page says for a verdict, a warning, a number; and how it draws a finding."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.records import Finding, Label, Reading, Study, StudyImage, Verdict
from app.reports import VERDICT_WORDS, overlay, percent, warning_words

# Width of an average letter over the height of the line; wide sans-serif faces stay under it.
LETTER_ASPECT = 0.52
PAGE_LABEL_SHARE = 0.75
RANK: dict[Verdict, int] = {"none": 0, "possible": 1, "fracture": 2}


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

        A page shows a picture larger than a print, so its label is smaller than the PNG's, on the same side of the box.
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
    return VERDICT_WORDS[verdict][0]


def verdict_advice(verdict: Verdict) -> str:
    """What the verdict asks of the reader."""
    return VERDICT_WORDS[verdict][1]


def study_verdict(study: Study) -> Verdict:
    """The gravest verdict of a study's views; "none" without views."""
    return max((image.reading.verdict for image in study.images), key=RANK.__getitem__, default="none")


def regions_marked(study: Study) -> str:
    """The regions with a finding, each once, in the order of the alphabet."""
    return ", ".join(sorted({finding.region for image in study.images for finding in image.reading.findings}))


def milliseconds(took_ms: float) -> str:
    """Milliseconds, whole."""
    return f"{round(took_ms)} ms"


def size_words(size_bytes: int) -> str:
    """Bytes as whole MB."""
    return f"{size_bytes // (1024 * 1024)} MB"


def utc_iso(when: datetime) -> str:
    """For the datetime attribute of a <time>."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_words(when: datetime) -> str:
    """Day and minute, in UTC; a page's script shows it in local time."""
    return when.astimezone(UTC).strftime("%d %b %Y, %H:%M UTC")


def view_title(image: StudyImage, number: int) -> str:
    """The name as the sender gave it, else the view's number."""
    return image.name or f"View {number}"


def by_confidence(reading: Reading) -> list[Mark]:
    """The findings, surest first, each with its label; the labels stand where the annotated PNG has them."""
    drawing = overlay(reading.findings, (reading.height, reading.width))
    findings = sorted(reading.findings, key=lambda finding: -finding.confidence)
    return [Mark(finding, label) for finding, label in zip(findings, reversed(drawing.labels), strict=True)]


FILTERS: dict[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        verdict_title,
        verdict_advice,
        study_verdict,
        regions_marked,
        warning_words,
        percent,
        milliseconds,
        size_words,
        utc_iso,
        utc_words,
        by_confidence,
        view_title,
    )
}
