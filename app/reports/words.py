"""What the software says in words: the same on a page and in a report."""

from app.records import Verdict

VERDICT_WORDS: dict[Verdict, tuple[str, str]] = {
    "fracture": ("Fracture likely", "At least one place looks like a fracture. Check it first."),
    "possible": ("Fracture possible", "At least one place may be a fracture. Look closely."),
    "none": ("No fracture found", "The software marked nothing. This does not rule a fracture out."),
}
WARNING_WORDS = {
    "not-a-radiograph": "This picture does not look like a radiograph. The reading may mean nothing.",
}


def warning_words(code: str) -> str:
    """One sentence for a warning's code."""
    return WARNING_WORDS.get(code, f"Note from reading the file: {code.replace('-', ' ')}.")


def percent(share: float) -> str:
    """0–1 as whole percent; never "100 %", which no reading deserves."""
    return f"{min(99, round(share * 100))} %"
