"""Copies of one exposure among many images."""
