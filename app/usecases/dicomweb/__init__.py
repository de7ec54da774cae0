"""What the app holds, as DICOM objects that other systems search and retrieve (QIDO-RS, WADO-RS)."""
