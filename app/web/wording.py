"""What a page says for a verdict, a warning, a number; and where a box's label stands in the drawing."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from app.records import Finding, Reading, Study, StudyImage, Verdict

VERDICT_WORDS: dict[Verdict, tuple[str, str]] = {
    "fracture": ("Fracture likely", "At least one place looks like a fracture. Check it first."),
    "possible": ("Fracture possible", "At least one place may be a fracture. Look closely."),
    "none": ("No fracture found", "The software marked nothing. This does not rule a fracture out."),
}
WARNING_WORDS = {
    "not-a-radiograph": "This picture does not look like a radiograph. The reading may mean nothing.",
}
TIER_WORDS = {"definite": "Definite", "possible": "Possible"}
RANK: dict[Verdict, int] = {"none": 0, "possible": 1, "fracture": 2}


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


def warning_words(code: str) -> str:
    """One sentence for a warning's code."""
    return WARNING_WORDS.get(code, f"Note from reading the file: {code.replace('-', ' ')}.")


def percent(share: float) -> str:
    """0–1 as whole percent."""
    return f"{round(share * 100)} %"


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


def by_confidence(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, surest first."""
    return sorted(findings, key=lambda finding: -finding.confidence)


def label_size_px(reading: Reading) -> float:
    """Height of a label's letters, in radiograph pixels: the same share of every picture."""
    return round(max(reading.width, reading.height) * 0.034, 1)


def label_place_px(finding: Finding, reading: Reading) -> dict[str, float]:
    """Box of a finding's label, in radiograph pixels: above its box where there is room, else inside; never outside."""
    height = label_size_px(reading) * 1.4
    width = min(reading.width, label_size_px(reading) * 0.6 * (len(finding.region) + 6))
    x1, y1, _, _ = finding.box_px
    x = min(max(x1, 0.0), reading.width - width)
    y = y1 - height if y1 >= height else max(y1, 0.0)
    return {
        "x": round(x, 1),
        "y": round(min(y, reading.height - height), 1),
        "width": round(width, 1),
        "height": round(height, 1),
    }


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
        label_size_px,
        label_place_px,
        view_title,
    )
}
