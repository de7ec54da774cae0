"""The hospital's own systems: a DICOM node that receives radiographs, and the delivery of results."""
