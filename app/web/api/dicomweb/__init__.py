"""DICOMweb: search and retrieve stored studies (QIDO-RS and WADO-RS)."""
