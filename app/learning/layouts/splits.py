"""The split that a path names."""

import re
from pathlib import Path

from app.learning.layouts.annotations import UNDECIDED
from app.learning.layouts.description import SPLIT_NAMES


def split_in_path(path: Path, root: Path) -> str:
    """The split that a folder of the path, or the file's name, is called after; "" when there is none."""
    relative = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    words = [*reversed(relative.parts[:-1]), *re.split(r"[\W_\d]+", relative.stem)]
    for word in words:
        for split, names in SPLIT_NAMES.items():
            if word.lower() in names:
                return split
    return UNDECIDED
