"""`python -m scripts.export`: weights → OpenVINO int8 and fp16, ONNX; refuses what loses accuracy."""

import argparse
import json
import sys
from pathlib import Path

from app.errors import FractureError

MODELS_DIR = Path(__file__).resolve().parents[1] / "models"


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 when every file was written, 1 when none was."""
    options = _parser().parse_args(arguments)
    try:
        # Heavy: --help should not wait for torch.
        from app.detection.engines.ultralytics_import import import_torch  # noqa: PLC0415

        import_torch()
        from app.learning.export.export import FORMATS, ExportPlan, export  # noqa: PLC0415

        plan = ExportPlan(
            weights=options.weights,
            data_yaml=options.data,
            out_dir=options.out,
            name=options.name or options.weights.stem,
            version=options.version,
            formats=tuple(options.formats.split(",")) if options.formats else FORMATS,
            input_size_px=options.size,
            single_class=options.single_class,
            calibration_images=options.images,
            seed=options.seed,
            most_lost=options.most_lost / 100,
            threads=options.threads,
        )
        summary = export(plan, say=lambda line: print(line, file=sys.stderr, flush=True))
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(summary))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.export",
        description="Turn trained weights into the files that serve, with model.json; the last line is a JSON summary.",
    )
    parser.add_argument("--weights", type=Path, required=True, help="checkpoint of a YOLOv8 (.pt)")
    parser.add_argument("--data", type=Path, required=True, help="data.yaml: train for int8, val to judge")
    parser.add_argument("--out", type=Path, default=MODELS_DIR, help="folder of the files (models)")
    parser.add_argument("--name", default="", help="name of the model and of its files (the checkpoint's)")
    parser.add_argument("--version", default="1.0.0", help="version of the model (1.0.0)")
    parser.add_argument("--formats", default="", help="some of int8,fp16,onnx (all)")
    parser.add_argument("--size", type=int, default=0, help="long side in pixels (as trained)")
    parser.add_argument("--single-class", action="store_true", help="region names do not matter for the accuracy")
    parser.add_argument("--images", type=int, default=200, help="training images that int8 is calibrated on (200)")
    parser.add_argument("--seed", type=int, default=0, help="draws those images (0)")
    parser.add_argument("--most-lost", type=float, default=0.5, help="points of mAP50 that a file may lose (0.5)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (all)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
