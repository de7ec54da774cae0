"""Fixtures and fakes that several test modules share."""
