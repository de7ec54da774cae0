"""Findings to what is drawn, downloaded and sent."""

from app.reports import words
from app.reports.overlay import overlay
from app.reports.pdf import study_pdf
from app.reports.pdf_front import Signature
from app.reports.wording import ENGLISH, English, Wording, zone_name

__all__ = ["ENGLISH", "English", "Signature", "Wording", "overlay", "study_pdf", "words", "zone_name"]
