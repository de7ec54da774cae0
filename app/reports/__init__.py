"""Findings to what is drawn, downloaded and sent."""

from app.reports.overlay import overlay
from app.reports.pdf import study_pdf
from app.reports.words import VERDICT_WORDS, percent, warning_words

__all__ = ["VERDICT_WORDS", "overlay", "percent", "study_pdf", "warning_words"]
