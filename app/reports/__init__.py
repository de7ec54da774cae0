"""Findings to what is drawn, downloaded and sent."""

from app.reports.overlay import overlay

__all__ = ["overlay"]
