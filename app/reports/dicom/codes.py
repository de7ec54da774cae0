"""Coded concepts of the results: SNOMED CT and DICOM codes as `pydicom.sr` lists them, none of our own.

A region without a code of its own there, or typed by a clinician, is written as text.
"""

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

REGION_CODES: dict[str, Code] = {
    "elbow": codes.SCT.ElbowJoint,
    "fingers": codes.SCT.Finger,
    "forearm": codes.SCT.Forearm,
    "hip": codes.SCT.HipJoint,
    "humerus": codes.SCT.Humerus,
    "leg": codes.SCT.LowerLimb,
    "shoulder": codes.SCT.Shoulder,
    "wrist": codes.SCT.WristJoint,
}
CERTAINTY = codes.DCM.CertaintyOfFinding
COMMENT = codes.DCM.Comment
CONCLUSION = codes.DCM.Conclusion
FINDING = codes.DCM.Finding
PERCENT = codes.UCUM.Percent
PROCEDURE = codes.cid100.XRUnspecifiedBodyRegion
ABNORMAL_STRUCTURE = codes.SCT.MorphologicallyAbnormalStructure
