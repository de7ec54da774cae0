"""Hardware that the choice of packages depends on."""

import shutil
import subprocess
from pathlib import Path

_DRIVER_GPUS = Path("/proc/driver/nvidia/gpus")


def has_nvidia_gpu() -> bool:
    """True when the NVIDIA driver sees a GPU."""
    if _DRIVER_GPUS.is_dir() and any(_DRIVER_GPUS.iterdir()):
        return True
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    try:
        answer = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "GPU " in answer.stdout
