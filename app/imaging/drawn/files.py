"""Drawn radiographs as files of the formats that are decoded."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid


def drawn_files(grey: NDArray[np.uint8]) -> dict[str, bytes]:
    """The image (H, W) as a file of each format, by its name."""
    return {
        "jpeg": _saved(grey, "JPEG"),
        "png": _saved(grey, "PNG"),
        "tiff": _saved(grey, "TIFF", compression="tiff_lzw"),
        "dicom": drawn_dicom(grey),
    }


def drawn_dicom(grey: NDArray[np.uint8]) -> bytes:
    """The image (H, W) as an uncompressed DX image of a patient who does not exist."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID, image.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(), generate_uid()
    image.Modality, image.PatientName, image.PatientID = "DX", "Drawn^Patient", "DRAWN-1"
    image.PatientBirthDate, image.PatientSex, image.StudyDate = "19700101", "O", "20260101"
    image.Rows, image.Columns = grey.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation = 7, 0
    image.PixelSpacing = [0.15, 0.15]
    image.PixelData = grey.tobytes() + b"\0" * (grey.size % 2)
    out = io.BytesIO()
    image.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _saved(grey: NDArray[np.uint8], kind: str, **options: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(grey).save(out, kind, **options)
    return out.getvalue()
