"""From a folder of own images to a served model, step by step; a killed adaptation goes on where it was."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.detection import Detector, ModelSpec, load_detector, load_model_spec
from app.errors import DatasetError, ExportError, ModelError
from app.files import sha256_of, write_whole
from app.learning.adaptation.compare import Comparison, compare, in_words
from app.learning.adaptation.plan import (
    Beginning,
    Wishes,
    beginning_of,
    choose_beginning,
    recipe_for,
    shipped_weights,
)
from app.learning.datasets.dataset import Dataset, read_dataset
from app.learning.datasets.policy import Policy
from app.learning.evaluation.evaluate import infer_cases
from app.learning.evaluation.figures import figures
from app.learning.evaluation.metrics.matching import Case
from app.learning.evaluation.report_html import report_page
from app.learning.export.export import ExportPlan, export
from app.learning.export.files import FP16, INT8
from app.learning.export.fit_verdict import fit_verdict, provenance, write_verdict
from app.learning.layouts.files import files_under
from app.learning.preparation.own import OwnSets, read_own
from app.learning.preparation.patients import DICOM, GroupBy
from app.learning.preparation.prepare import Classes, Division, prepare
from app.learning.preparation.prepared_files import summary_of
from app.learning.progress import Progress
from app.learning.training.journal import RECORD
from app.learning.training.run import Start, choose_device, resume_run, start_run
from app.learning.training.trainer import FINAL, Watcher

WORK, STATE = "adaptation", "adaptation.json"
_BEST = "best.pt"
# Each kind of image is wanted this often in validation, since fewer cannot be calibrated on.
_WANTED, _LARGEST_SHARE, _USUAL_SHARE = 14, 0.4, 0.2


@dataclass(frozen=True)
class Adaptation:
    """Options of an adaptation.

    own: folder of own images. out: the folder that gets the served model. shipped: folder of the model that serves now.
    weights: start from this checkpoint instead of a shipped one. val_share: None chooses by the number of images.
    """

    own: Path
    out: Path
    shipped: Path
    policy: Policy
    group_by: GroupBy | None = None
    val_share: float | None = None
    weights: Path | None = None
    device: str = "auto"
    name: str = "fracture-own"
    wishes: Wishes = field(default_factory=Wishes)

    @property
    def work(self) -> Path:
        """The folder of what is made on the way."""
        return self.out / WORK


@dataclass(frozen=True)
class Reporter:
    """Listeners: `say` hears one line each, `progress` and `watcher` follow the long steps."""

    say: Callable[[str], None]
    progress: Progress
    watcher: Watcher


def adapt(task: Adaptation, reporter: Reporter) -> dict[str, Any]:
    """Prepare, train, export, compare and calibrate; returns the summary.

    Raises:
        UndecidedNames: class names need a policy.
        DatasetError, TrainingError, ModelError, ExportError: one line that says what is wrong.
    """
    shipped = load_model_spec(task.shipped)
    candidates = _candidates(task, shipped)
    own = read_own([task.own], task.policy, task.group_by)
    _begin(task)
    counts = _prepare(task, own, shipped, reporter)
    data = task.work / "set" / "data.yaml"
    beginning = _train(task, counts, candidates, data, reporter)
    kind = _export(task, data, reporter)
    comparison, calibrated = _judge(task, data, reporter)
    return {
        "data": counts,
        "started_from": str(beginning.weights),
        "engine_file": kind,
        "old_regions_kept": [region for region in beginning.regions if region not in counts["classes"]],
        "verdict": comparison.verdict,
        "better": comparison.verdict == "better",
        "figures": {c.name: {"old": c.old, "new": c.new, "difference": c.interval} for c in comparison.changes},
        "validation": {"images": comparison.images, "fractured": comparison.fractured},
        "provisional": not calibrated,
        "model": str(task.out / "model.json"),
        "report": str(task.work / "report.html"),
        "preview": str(task.work / "set" / "preview.html"),
    }


def _candidates(task: Adaptation, shipped: ModelSpec) -> list[Beginning]:
    """The weights to start from; whatever else may be wrong with the options is told before anything is written."""
    if not task.name or Path(task.name).name != task.name:
        raise ExportError("The name of the model becomes the name of its files: no slashes, not empty.")
    files = [task.weights] if task.weights else shipped_weights(shipped, task.shipped)
    candidates = [beginning_of(path) for path in files]
    recipe_for(candidates[0], 1, (), choose_device(task.device).type, task.wishes)
    return candidates


def _begin(task: Adaptation) -> None:
    """Make the work folder, or find the one of the same adaptation.

    Raises:
        DatasetError: the folder holds another model, or the adaptation of other images or with other options.
    """
    state = task.work / STATE
    key = _key(task)
    if state.is_file():
        if json.loads(state.read_text(encoding="utf-8")).get("key") != key:
            raise DatasetError(f"{task.out} holds an adaptation of other images or with other options; choose another.")
        return
    if (task.out / "model.json").exists():
        raise DatasetError(f"{task.out} holds a model already; choose another folder.")
    try:
        task.work.mkdir(parents=True, exist_ok=True)
        write_whole(state, json.dumps({"key": key}) + "\n")
    except OSError as error:
        raise DatasetError(f"{task.out} cannot be written: {error.strerror}.") from None


def _key(task: Adaptation) -> str:
    files = [(path.relative_to(task.own).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
             for path in files_under(task.own)]  # fmt: skip
    options = (task.policy.choices, task.group_by, task.val_share, str(task.weights), task.name, task.wishes)
    return sha256_of(repr((files, options)).encode())


def _prepare(task: Adaptation, own: OwnSets, shipped: ModelSpec, reporter: Reporter) -> dict[str, Any]:
    manifest_file = task.work / "set" / "manifest.json"
    if manifest_file.is_file():
        reporter.say("1/5 The data set is prepared.")
        return _with_fractures(summary_of(json.loads(manifest_file.read_text(encoding="utf-8"))))
    reporter.say(f"1/5 Preparing {task.own}.")
    kept = tuple(region for region in shipped.regions if region not in shipped.other_findings)
    by_dicom = task.group_by is not None and task.group_by.kind == DICOM
    manifest = prepare(
        own.images, task.work / "set", None, "", reporter.progress,
        classes=Classes(own.names, own.findings, kept),
        division=Division(task.val_share or _share(own), by_dicom=by_dicom),
    )  # fmt: skip
    counts = summary_of(manifest)
    for reason, count in counts["set_aside"].items():
        reporter.say(f"  set aside, {reason}: {count}")
    return _with_fractures(counts)


def _with_fractures(counts: dict[str, Any]) -> dict[str, Any]:
    """The counts; raises DatasetError where a part has no fracture."""
    for split in ("train", "val"):
        if not counts["fractured"][split]:
            raise DatasetError(f"The {split} part has no fracture; more images, or another --val-share, may help.")
    return counts


def _share(own: OwnSets) -> float:
    """Large enough for a calibration where the images allow it."""
    fractured = sum(any(box.name not in own.findings for box in image.boxes or ()) for image in own.images)
    rarest = min(fractured, len(own.images) - fractured)
    return min(_LARGEST_SHARE, max(_USUAL_SHARE, _WANTED / rarest)) if rarest else _USUAL_SHARE


def _train(
    task: Adaptation, counts: dict[str, Any], candidates: Sequence[Beginning], data: Path, reporter: Reporter
) -> Beginning:
    run, images = task.work / "run", counts["images"]["train"]
    device = choose_device(task.device).type
    beginning = choose_beginning(candidates, images, device, task.wishes)
    if (run / FINAL).is_file():
        reporter.say("2/5 The training is done.")
        return beginning
    labelled = {*read_dataset(data, "train").regions} & set(counts["classes"])
    kept = [region for region in beginning.regions if region not in labelled]
    recipe, about = recipe_for(beginning, images, kept, device, task.wishes)
    reporter.say(f"2/5 Training from {beginning.weights}: {about}.")
    if kept:
        reporter.say(f"  kept as they are, since these images do not label them: {', '.join(kept)}")
    if (run / RECORD).is_file():
        resume_run(run, None, device=task.device, watcher=reporter.watcher, progress=reporter.progress)
    else:
        start = Start(beginning.weights)
        start_run(data, recipe, run, start, device=task.device, watcher=reporter.watcher, progress=reporter.progress)
    return beginning


def _export(task: Adaptation, data: Path, reporter: Reporter) -> str:
    """Export int8, or fp16 where int8 loses too much; returns which."""
    if (task.out / "model.json").is_file():
        reporter.say("3/5 The model is exported.")
        return INT8 if (task.out / f"{task.name}-{INT8}.xml").is_file() else FP16
    weights = task.work / "run" / _BEST
    for kind in (INT8, FP16):
        reporter.say(f"3/5 Exporting {kind}.")
        plan = ExportPlan(
            weights=weights, data_yaml=data, out_dir=task.out, name=task.name, version="1.0.0", formats=(kind,),
            threads=task.wishes.threads or 0,
        )  # fmt: skip
        try:
            export(plan, _judge_of(reporter), say=lambda line: reporter.say(f"  {line}"))
        except ExportError as error:
            if kind == FP16:
                raise
            reporter.say(f"  {error} fp16 is exported instead.")
            continue
        return kind
    raise ExportError("Nothing could be exported.")


def _judge_of(reporter: Reporter) -> Callable[[Detector, Dataset], dict[str, float]]:
    """The judge of an export, with its progress shown; no intervals are needed."""

    def judge(detector: Detector, dataset: Dataset) -> dict[str, float]:
        cases = _infer(detector, dataset, "judging", reporter)
        found = figures(cases, dataset.fracture_regions, None, resamples=0)
        chosen = {"map50": found.map50, "map50_95": found.map50_95, "auroc": found.auroc}
        return {name: figure.value for name, figure in chosen.items() if figure.value is not None}

    return judge


def _judge(task: Adaptation, data: Path, reporter: Reporter) -> tuple[Comparison, bool]:
    """Compare with the shipped model, calibrate where the images suffice, and write the report."""
    val = read_dataset(data, "val")
    reporter.say(f"4/5 Comparing with the model in {task.shipped} on {len(val.images)} validation images.")
    threads = task.wishes.threads or 0
    with load_detector(task.shipped, threads=threads) as detector:
        old = _infer(detector, val, "old model", reporter)
    with load_detector(task.out, threads=threads) as detector:
        new = _infer(detector, val, "new model", reporter)
        engine, sha256 = detector.engine_name, detector.version.sha256
    comparison = compare(old, new)
    for line in in_words(comparison):
        reporter.say(f"  {line}")
    calibrated = _calibrate(task, new, engine, sha256, reporter)
    spec = load_model_spec(task.out)
    evaluation = figures(new, val.fracture_regions, spec.calibration if calibrated else None)
    about = {"Model": f"{spec.name} {spec.version}", "Data": str(data), "Against the old model": comparison.verdict}
    write_whole(task.work / "report.html", report_page(evaluation, new, about))
    return comparison, calibrated


def _infer(detector: Detector, val: Dataset, step: str, reporter: Reporter) -> tuple[Case, ...]:
    return infer_cases(detector, val, progress=lambda done, total: reporter.progress(step, done, total))


def _calibrate(task: Adaptation, cases: Sequence[Case], engine: str, sha256: str, reporter: Reporter) -> bool:
    reporter.say("5/5 Calibrating.")
    try:
        fitted = fit_verdict(cases)
    except DatasetError as error:
        reporter.say(f"  {error} The model stays provisional, and says so wherever it serves.")
        return False
    data = [{"name": task.own.name, "split": "val", "images": len(cases),
             "with_fracture": sum(case.has_fracture for case in cases)}]  # fmt: skip
    try:
        write_verdict(task.out, fitted.calibration, provenance(fitted, data, engine, sha256))
    except ModelError as error:
        raise ExportError(str(error)) from None
    return True
