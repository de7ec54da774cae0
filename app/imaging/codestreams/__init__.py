"""Compressed codestreams: what their headers claim, and whether their data are complete."""
