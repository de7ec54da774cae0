"""Prepare a bare machine for the app; only the standard library is used here."""
