"""Mutual TLS of the DICOM node."""

import ssl

from app.config import DicomSettings
from app.errors import ConfigError


def mutual_tls(dicom: DicomSettings) -> ssl.SSLContext | None:
    """Mutual TLS by PS3.15 B.12 (BCP 195), or None where it is not set.

    Raises:
        ConfigError: a file is missing or unreadable, or key and certificate do not fit each other.
    """
    files = (dicom.tls_certificate, dicom.tls_key, dicom.tls_ca)
    if not any(files):
        return None
    if dicom.tls_certificate is None or not all(files):
        raise ConfigError("Set DICOM_TLS_CERTIFICATE, DICOM_TLS_KEY and DICOM_TLS_CA together, or none of them.")
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=dicom.tls_ca)
        context.load_cert_chain(dicom.tls_certificate, dicom.tls_key)
    except (OSError, ssl.SSLError):
        raise ConfigError("The files of DICOM_TLS_* cannot be read, or do not fit each other.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    return context
