"""A run trains, survives a kill, and refuses what it cannot use; with a real YOLOv8n on a handful of drawings."""

import csv
import json
import resource
from pathlib import Path

import numpy as np
import pytest

from app.errors import DatasetError, ModelError, TrainingError
from app.imaging import render_png
from app.learning.preparation.prepare import prepare
from app.learning.preparation.sources import read_kaggle
from app.learning.training.recipe import Recipe, recipe_from
from tests.support.drawn_sets import BOX, POLYGON, kaggle

pytestmark = [pytest.mark.torch, pytest.mark.slow]
torch = pytest.importorskip("torch")


class Killed(BaseException):
    """What a kill looks like from within: nothing may catch it."""


class Silent:
    """Watches without showing; kills the run at a given epoch and step."""

    def __init__(self, kill_at: tuple[int, int] | None = None) -> None:
        self.kill_at, self.epochs, self.steps, self.warnings = kill_at, [], 0, []

    def step(self, pace: object) -> None:
        self.steps += 1
        if self.kill_at == (pace.epoch, pace.step):  # type: ignore[attr-defined]
            raise Killed

    def epoch(self, row: dict[str, float]) -> None:
        self.epochs.append(row)

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def no_progress(step: str, done: int, total: int) -> None:
    """Show nothing."""


@pytest.fixture(scope="module")
def data_yaml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared set of a few drawings."""
    raw = kaggle(tmp_path_factory.mktemp("raw"), [BOX, POLYGON, BOX, "", ""], [BOX, ""])
    out = tmp_path_factory.mktemp("prepared") / "set"
    prepare(read_kaggle(raw), out, None, "", no_progress)
    return out / "data.yaml"


def short(**changes: object) -> Recipe:
    return recipe_from(
        {"image_sizes": 64, "epochs": 2, "batch": 2, "normals": 1.0, "warmup": 0.0, "arithmetic": "bf16"} | changes,
        "test",
    )


def start(data_yaml: Path, folder: Path, recipe: Recipe, watcher: Silent, **begin: Path) -> None:
    from app.learning.training.run import Start, start_run

    start_run(data_yaml, recipe, folder, Start(**begin), device="cpu", watcher=watcher, progress=no_progress)


def resume(folder: Path, watcher: Silent, data_yaml: Path | None = None) -> None:
    from app.learning.training.run import resume_run

    resume_run(folder, data_yaml, device="cpu", watcher=watcher, progress=no_progress)


def weights_of(path: Path) -> dict[str, "torch.Tensor"]:
    from app.learning.networks.network import load_network

    return load_network(path).state_dict()


@pytest.fixture(scope="module")
def whole_run(data_yaml: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    start(data_yaml, folder, short(), Silent())
    return folder


def test_a_run_leaves_weights_curves_and_a_record(whole_run: Path, data_yaml: Path) -> None:
    record = json.loads((whole_run / "run.json").read_text(encoding="utf-8"))
    assert record["seed"] == 0
    assert len(record["data_manifest_sha256"]) == 64
    assert {"torch", "python", "commit"} <= set(record["versions"])
    rows = list(csv.DictReader((whole_run / "curves.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert (whole_run / "curves.png").read_bytes().startswith(b"\x89PNG")
    for name in ("best.pt", "final.pt"):
        assert weights_of(whole_run / name)


def test_trained_weights_carry_the_regions_and_half_precision(whole_run: Path) -> None:
    content = torch.load(whole_run / "final.pt", weights_only=False)
    assert content["model"].names == dict(enumerate(json.loads((whole_run / "run.json").read_text())["regions"]))
    assert next(content["model"].parameters()).dtype == torch.float16
    assert content["ema"] is None
    assert content["train_args"]["imgsz"] == 64


def test_a_killed_run_goes_on_to_the_very_same_weights(data_yaml: Path, whole_run: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        start(data_yaml, tmp_path / "run", short(), Silent(kill_at=(2, 1)))
    watcher = Silent()
    resume(tmp_path / "run", watcher)
    assert [row["epoch"] for row in watcher.epochs] == [2]
    expected = weights_of(whole_run / "final.pt")
    for name, value in weights_of(tmp_path / "run" / "final.pt").items():
        assert torch.equal(value, expected[name]), name


def test_a_run_killed_in_its_first_epoch_begins_again(data_yaml: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        start(data_yaml, tmp_path / "run", short(epochs=1), Silent(kill_at=(1, 1)))
    watcher = Silent()
    resume(tmp_path / "run", watcher)
    assert [row["epoch"] for row in watcher.epochs] == [1]


def test_a_finished_run_is_not_trained_further(whole_run: Path) -> None:
    watcher = Silent()
    resume(whole_run, watcher)
    assert watcher.steps == 0


def test_a_budget_of_time_ends_the_run(data_yaml: Path, tmp_path: Path) -> None:
    watcher = Silent()
    start(data_yaml, tmp_path / "run", short(hours=1e-6, epochs=1000), watcher)
    assert watcher.steps == 1
    assert (tmp_path / "run" / "final.pt").is_file()


def test_a_run_starts_from_weights_of_its_size(whole_run: Path, data_yaml: Path, tmp_path: Path) -> None:
    start(data_yaml, tmp_path / "run", short(epochs=1), Silent(), weights=whole_run / "final.pt")
    begun, given = weights_of(tmp_path / "run" / "start.pt"), weights_of(whole_run / "final.pt")
    torch.testing.assert_close(begun, given)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["started_from"]["weights"] == "final.pt"


def test_weights_for_other_classes_get_a_new_last_layer(tmp_path: Path) -> None:
    from app.learning.networks.network import build_network, save_weights, start_network

    save_weights(build_network("n", ("wrist", "cat")), tmp_path / "two.pt", 64, {})
    network = start_network("n", ("leg", "wrist", "hip"), tmp_path / "two.pt")
    assert network.names == {0: "leg", 1: "wrist", 2: "hip"}
    old = weights_of(tmp_path / "two.pt")["model.22.cv3.0.2.weight"][0]
    torch.testing.assert_close(network.state_dict()["model.22.cv3.0.2.weight"][1], old)
    assert network.eval()(torch.zeros(1, 3, 64, 64))[0].shape[1] == 7


def test_weights_of_another_size_are_refused(whole_run: Path, data_yaml: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"final\.pt are of a YOLOv8n, not of a YOLOv8s"):
        start(data_yaml, tmp_path / "run", short(model="s"), Silent(), weights=whole_run / "final.pt")


def test_damaged_weights_are_refused_and_leave_nothing(data_yaml: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ModelError, match=r"broken\.pt"):
        start(data_yaml, tmp_path / "run", short(), Silent(), weights=tmp_path / "broken.pt")
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_is_not_overwritten(whole_run: Path, data_yaml: Path) -> None:
    before = (whole_run / "final.pt").read_bytes()
    with pytest.raises(TrainingError, match="holds a run already"):
        start(data_yaml, whole_run, short(), Silent())
    assert (whole_run / "final.pt").read_bytes() == before


def test_a_damaged_checkpoint_is_named_and_left(whole_run: Path, tmp_path: Path) -> None:
    for path in whole_run.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "last.pt").write_bytes((whole_run / "last.pt").read_bytes()[:5000])
    with pytest.raises(TrainingError, match=r"last\.pt is damaged"):
        resume(tmp_path, Silent())
    assert (tmp_path / "last.pt").stat().st_size == 5000


def test_a_folder_without_a_run_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no run to resume"):
        resume(tmp_path, Silent())


def test_a_data_set_that_changed_is_refused(data_yaml: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "set"
    shutil.copytree(data_yaml.parent, copy)
    start(copy / "data.yaml", tmp_path / "run", short(epochs=1), Silent())
    manifest = copy / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"format": 2', '"format":  2'), encoding="utf-8")
    with pytest.raises(TrainingError, match="no longer the one"):
        resume(tmp_path / "run", Silent())
    label = next((copy / "train" / "labels").glob("*.txt"))
    label.write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"is not what .*manifest\.json says"):
        resume(tmp_path / "run", Silent())


def test_a_device_that_is_not_there_is_refused() -> None:
    from app.learning.training.run import choose_device

    for name in ("cuda:99" if not torch.cuda.is_available() else "mps", "toaster"):
        with pytest.raises(TrainingError, match=name):
            choose_device(name)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    from app.learning.networks.network import save_whole

    old = tmp_path / "last.pt"
    old.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(TrainingError, match=r"last\.pt cannot be written"):
            save_whole({"weights": torch.zeros(100_000)}, old)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_weights_too_large_for_half_precision_are_not_saved(tmp_path: Path) -> None:
    from app.learning.networks.network import build_network, save_weights

    network = build_network("n", ("wrist",))
    next(network.parameters()).data.fill_(1e6)
    with pytest.raises(TrainingError, match="too large for half precision"):
        save_weights(network, tmp_path / "best.pt", 64, {})
    assert not list(tmp_path.iterdir())


def raw_set(folder: Path, train: list[str], val: list[str]) -> Path:
    return kaggle(folder, train, val) / "data.yaml"


def test_training_without_a_fracture_is_refused(tmp_path: Path) -> None:
    data = raw_set(tmp_path / "set", ["", ""], [BOX])
    with pytest.raises(TrainingError, match="no image with a fracture to learn from"):
        start(data, tmp_path / "run", short(), Silent())
    assert not (tmp_path / "run").exists()


def test_validation_without_a_fracture_warns_and_keeps_the_last_epoch(tmp_path: Path) -> None:
    watcher = Silent()
    start(raw_set(tmp_path / "set", [BOX, POLYGON], ["", ""]), tmp_path / "run", short(), watcher)
    assert "holds no fracture" in watcher.warnings[0]
    assert torch.load(tmp_path / "run" / "best.pt", weights_only=False)["train_args"]["epochs"] == 2
    assert "nan" not in (tmp_path / "run" / "curves.csv").read_text(encoding="utf-8")


def test_images_on_both_sides_are_told_by_file_and_by_likeness(tmp_path: Path) -> None:
    data = raw_set(tmp_path / "set", [BOX, POLYGON, BOX], [BOX, ""])
    for name, source in (("image0", "image0"), ("image1", "image1")):
        image = (tmp_path / "set" / "train" / "images" / f"{source}.png").read_bytes()
        if name == "image1":
            image = render_png(np.ascontiguousarray(load_grey_bytes(image)[:, ::-1]))
        (tmp_path / "set" / "valid" / "images" / f"{name}.png").write_bytes(image)
    watcher = Silent()
    start(data, tmp_path / "run", short(epochs=1), watcher)
    assert any("1 of 2 validation images are training images too" in line for line in watcher.warnings)
    assert any("1 of 2 validation images look like a training image" in line for line in watcher.warnings)


def load_grey_bytes(raw: bytes) -> "np.ndarray":
    from app.config import Limits
    from app.imaging import decode

    return decode(raw, Limits()).grey


def test_a_raw_set_that_changed_is_refused_on_resume(tmp_path: Path) -> None:
    data = raw_set(tmp_path / "set", [BOX, POLYGON], [BOX, ""])
    start(data, tmp_path / "run", short(epochs=1), Silent())
    (tmp_path / "set" / "train" / "labels" / "image0.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    with pytest.raises(TrainingError, match="no longer the one"):
        resume(tmp_path / "run", Silent())


def test_options_that_a_resumed_run_would_ignore_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    from scripts.train import main

    assert main(["--resume", str(tmp_path), "--epochs", "9", "--model", "s"]) == 1
    assert "leave out --model, --epochs" in capsys.readouterr().err


def test_the_preview_shows_grids_of_images(data_yaml: Path, tmp_path: Path) -> None:
    from app.learning.training.run import make_preview

    grids = make_preview(data_yaml, short(), tmp_path / "preview", no_progress)
    assert [grid.name for grid in grids] == ["preview-1.png"]
    assert grids[0].read_bytes().startswith(b"\x89PNG")


def test_a_smaller_network_is_grown_and_trained(whole_run: Path, data_yaml: Path, tmp_path: Path) -> None:
    start(data_yaml, tmp_path / "run", short(model="s", epochs=1), Silent(), grow_from=whole_run / "final.pt")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["started_from"]["grown"] is True
    assert weights_of(tmp_path / "run" / "final.pt")


def test_images_prepared_by_other_processes_are_the_same(data_yaml: Path) -> None:
    import numpy as np

    from app.learning.datasets.dataset import read_dataset
    from app.learning.training.loader import batches, load_training

    training = load_training(read_dataset(data_yaml, "train"), 64, no_progress)
    shown = []
    for workers in (0, 2):
        count, loader = batches(training, short(workers=workers, passes=2), 64, 3, calm=False)
        shown.append([batch.grey for batch in loader])
        assert len(shown[-1]) == count == 5
    for alone, helped in zip(*shown, strict=True):
        np.testing.assert_array_equal(alone, helped)


def test_a_checkpoint_of_another_recipe_or_program_is_refused(whole_run: Path, tmp_path: Path) -> None:
    from app.learning.training.run_state import read_checkpoint

    with pytest.raises(TrainingError, match="another recipe or data set"):
        read_checkpoint(whole_run / "last.pt", "another key")
    torch.save({"weights": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(TrainingError, match="no checkpoint of this software"):
        read_checkpoint(tmp_path / "other.pt", "key")
