"""DICOMweb: search and retrieve what the app holds (QIDO-RS and WADO-RS)."""
