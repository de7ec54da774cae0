"""The file from which a killed run goes on: whole or absent, never half."""

import pickle
from pathlib import Path
from typing import Any

import torch

from app.errors import TrainingError
from app.learning.networks.network import save_whole

_FORMAT = 1


def write_checkpoint(
    path: Path,
    key: str,
    *,
    network: dict[str, Any],
    average: dict[str, Any],
    optimizer: dict[str, Any],
    state: dict[str, Any],
) -> None:
    """Write everything that a run needs to go on; raises TrainingError and leaves the old file when it cannot."""
    save_whole(
        {
            "format": _FORMAT,
            "key": key,
            "network": network,
            "average": average,
            "optimizer": optimizer,
            "state": state,
        },
        path,
    )


def read_checkpoint(path: Path, key: str) -> dict[str, Any]:
    """Read it back, on the CPU.

    Raises:
        TrainingError: it is missing, damaged, or belongs to another recipe or data set.
    """
    if not path.is_file():
        raise TrainingError(f"There is no checkpoint to resume at {path}.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
        raise TrainingError(f"The checkpoint {path} is damaged.") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise TrainingError(f"{path} is no checkpoint of this software.")
    if content["key"] != key:
        raise TrainingError(f"The checkpoint {path} belongs to another recipe or data set.")
    return content
