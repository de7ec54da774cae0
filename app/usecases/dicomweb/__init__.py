"""DICOM objects of the stored studies, as other systems search and retrieve them (QIDO-RS, WADO-RS)."""
