"""Compressed codestreams: their headers, and whether they are complete."""
