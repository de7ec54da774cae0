"""Radiographs that the project draws itself."""
