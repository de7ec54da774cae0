"""Labelled radiographs on disk: published sources, checks, near-duplicates, and one prepared data set."""
