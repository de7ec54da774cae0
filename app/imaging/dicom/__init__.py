"""DICOM image objects: header, pixel data, grayscale transformations."""
