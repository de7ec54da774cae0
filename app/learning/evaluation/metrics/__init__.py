"""Metrics of detection and classification, with intervals."""
