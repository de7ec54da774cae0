"""Import torch and ultralytics for serving: nothing written, nothing printed, nobody called.

On import ultralytics looks for the internet, writes a settings file into the home folder, says so on standard output,
and changes Pillow. It reads the variables below once, while it is imported; afterwards they are as they were.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from app.errors import ModelError

_QUIET = {"YOLO_OFFLINE": "true", "YOLO_VERBOSE": "false", "YOLO_AUTOINSTALL": "false"}


def import_torch() -> ModuleType:
    """Torch, with ultralytics' network classes imported so that checkpoints can be read.

    Raises:
        ModelError: one of the two is not installed.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix="ultralytics-") as folder,
            _variables(_QUIET | {"YOLO_CONFIG_DIR": folder}),
        ):
            import torch  # noqa: PLC0415 - heavy, and absent where openvino serves
            import ultralytics.nn.tasks  # noqa: F401, PLC0415
            from ultralytics.utils import patches  # noqa: PLC0415
    except ImportError:
        raise ModelError("The engine torch is not installed here: pip install -r requirements.txt.") from None
    # Ultralytics replaces Pillow's `open` by one that installs a package when it meets a file that is no image.
    pillow: Any = vars(patches)["Image"]
    pillow.open = patches._image_open
    return torch


@contextmanager
def _variables(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
