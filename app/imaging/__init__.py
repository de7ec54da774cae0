"""Bytes to `Radiograph` and back to PNG; the only owner of Pillow, pydicom and OpenCV."""

from app.imaging.burned_in import painted_over, suspected_text
from app.imaging.content import assess_content
from app.imaging.decode import decode, format_of
from app.imaging.dicom.deidentify import Deidentifier
from app.imaging.dicom.source import dicom_header, dicom_source
from app.imaging.dicom.stored import StoredFile, StoredFrame, header_json, pixel_digest, stored_file, stored_frame
from app.imaging.display.canvas import render_png, render_rgb, render_webp
from app.imaging.display.heat import heat_png
from app.imaging.display.levels import least_width, levels_of, presets, value_range, windowed
from app.imaging.drawn.phantom import Phantom, phantom
from app.imaging.drawn.sample import DrawnSample, drawn_sample
from app.imaging.model_input import PADDING_GREY, model_input
from app.imaging.pool import Decoder, DecoderPool, InProcessDecoder
from app.imaging.radiograph_cache import ImageKey, RadiographCache

__all__ = [
    "PADDING_GREY",
    "Decoder",
    "DecoderPool",
    "Deidentifier",
    "DrawnSample",
    "ImageKey",
    "InProcessDecoder",
    "Phantom",
    "RadiographCache",
    "StoredFile",
    "StoredFrame",
    "assess_content",
    "decode",
    "dicom_header",
    "dicom_source",
    "drawn_sample",
    "format_of",
    "header_json",
    "heat_png",
    "least_width",
    "levels_of",
    "model_input",
    "painted_over",
    "phantom",
    "pixel_digest",
    "presets",
    "render_png",
    "render_rgb",
    "render_webp",
    "stored_file",
    "stored_frame",
    "suspected_text",
    "value_range",
    "windowed",
]
