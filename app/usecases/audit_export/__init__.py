"""Export of the audit record as DICOM audit messages over syslog."""
