"""JPEG, PNG and TIFF files."""
