"""Count which images the content checks would not assess: `python -m scripts.check_scope --help`.

Radiographs of a data set must pass, also turned, inverted, windowed and cropped; a collection of images that are no
limb radiographs, drawn or taken from installed packages (scikit-image, scikit-learn, nibabel), must not.
Prints JSON as the last line of standard output.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from app.errors import FractureError
from app.learning.datasets.dataset import read_dataset
from app.learning.evaluation.scope_counts import count_outsiders, count_radiographs
from scripts.progress import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when it has counted, 2 with one line on standard error otherwise."""
    options = _parser().parse_args(arguments)
    assessed: Counter[str] = Counter()
    try:
        for data_yaml in options.data:
            images = read_dataset(data_yaml, options.split, any_name=True).images
            with Progress(data_yaml.resolve().parent.name, len(images)) as progress:
                assessed += count_radiographs([image.path for image in images], progress)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 2
    refused, of = count_outsiders(options.seed)
    collection = {kind: {"refused": refused[kind], "of": of[kind]} for kind in sorted(of)}
    total = {"refused": sum(refused.values()), "of": sum(of.values())}
    print(json.dumps({"radiographs": dict(assessed), "collection": collection | {"all": total}}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.check_scope", description=__doc__)
    parser.add_argument(
        "--data", type=Path, action="append", default=[], metavar="DIR/data.yaml", help="may be given several times"
    )
    parser.add_argument("--split", choices=("train", "val", "test"), default="val")
    parser.add_argument("--seed", type=int, default=0, help="of the drawings")
    return parser


if __name__ == "__main__":
    sys.exit(main())
