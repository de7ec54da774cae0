"""Feedback of readers: store, summarise and export it."""
