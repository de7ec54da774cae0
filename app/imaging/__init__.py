"""Bytes to `Radiograph` and back to PNG; the only owner of Pillow, pydicom and OpenCV."""

from app.imaging.canvas import render_png
from app.imaging.decode import decode, format_of
from app.imaging.model_input import model_input
from app.imaging.phantom import Phantom, phantom

__all__ = ["Phantom", "decode", "format_of", "model_input", "phantom", "render_png"]
