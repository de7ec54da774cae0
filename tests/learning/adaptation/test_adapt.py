"""Drawn images in GRAZPEDWRI-DX's published layout become a model that serves, by one command."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.config import Settings
from app.learning.datasets.policy import read_policy
from tests.support.own_sets import GRAZ_POLICY, graz, roboflow, write

pytestmark = [pytest.mark.torch, pytest.mark.slow]
pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("nncf", reason="nncf is not installed")

SHIPPED = ("elbow", "wrist")
SHORT = ("--epochs", "2", "--image-size", "64", "--batch", "4", "--threads", "1", "--device", "cpu")


class Killed(BaseException):
    """What a kill looks like from within."""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that serves, with random weights for two regions."""
    from app.learning.export.export import ExportPlan, export
    from app.learning.networks.network import build_network, save_weights
    from tests.support.own_sets import describe

    folder = tmp_path_factory.mktemp("shipped")
    data = roboflow(folder / "set")
    describe(data, "train/images", "val/images", names=["wrist"])
    save_weights(build_network("n", SHIPPED), folder / "shipped.pt", 64, {})
    (folder / "models").mkdir()
    models = folder / "models"
    export(ExportPlan(folder / "shipped.pt", data / "data.yaml", models, "shipped", "1", ("fp16",), threads=1))
    return models


def adapt(*arguments: object) -> int:
    from scripts.adapt import main

    return main([str(argument) for argument in arguments])


def test_own_images_become_a_served_model(
    shipped: Path, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    own, out = graz(tmp_path / "graz", patients=18), tmp_path / "models-own"
    command = (own, "--out", out, "--models-dir", shipped, *SHORT)
    assert adapt(*command) == 1
    assert "text: 36 boxes on 36 images" in capsys.readouterr().err
    write(out / "policy.yaml", GRAZ_POLICY)
    assert adapt(*command, "--classes", out / "policy.yaml") == 0
    printed = capsys.readouterr().out
    summary = json.loads(printed.splitlines()[-1])
    assert f"from {shipped / 'shipped.pt'}" in printed
    assert summary["old_regions_kept"] == ["elbow"]
    assert summary["verdict"] in ("better", "worse", "no difference shown")
    assert summary["better"] == (summary["verdict"] == "better")
    content = json.loads((out / "model.json").read_text(encoding="utf-8"))
    assert (content["regions"], content["other_findings"]) == (["elbow", "wrist", "metal"], ["metal"])
    assert Path(summary["report"]).is_file()
    assert Path(summary["preview"]).is_file()
    assert adapt(*command, "--classes", out / "policy.yaml") == 0
    assert "The training is done" in capsys.readouterr().out
    assert_serves(replace(settings, models_dir=out, detector_engine="openvino", detector_threads=1), summary)


def assert_serves(settings: Settings, summary: dict) -> None:
    """The app answers with a verdict of this model, and says that it is provisional where it is."""
    from app.imaging import phantom, render_png
    from app.records import Actor
    from app.storage import migrate
    from app.usecases.administration import people, tokens
    from app.web import create_app
    from tests.web.conftest import multipart

    migrate(settings.database_url)
    app = create_app(settings)
    services = app.extensions["services"]
    people.add_person(services, Actor("default", "test"), "Ada", "clinician", None)
    bearer = {"Authorization": f"Bearer {tokens.add_token(services, Actor('default', 'test'), 'Ada')}"}
    try:
        sent = multipart(("wrist.png", render_png(phantom(1, (320, 256)).grey)))
        answer = app.test_client().post("/api/v1/studies", headers=bearer, **sent)
    finally:
        services.detector.close()
        services.store.close()
    image = answer.get_json()["images"][0]
    assert answer.status_code == 201
    assert image["verdict"] in ("fracture", "possible", "none", "not-assessed")
    assert image["model"]["name"] == "fracture-own"
    assert ("provisional" in image["warnings"]) == summary["provisional"]
    assert "metal" not in {finding["region"] for finding in image["findings"]}


def test_a_killed_adaptation_goes_on_and_another_one_is_refused(
    shipped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.errors import DatasetError
    from app.learning.adaptation.adapt import Adaptation, Reporter, adapt
    from app.learning.adaptation.plan import Wishes

    write(tmp_path / "policy.yaml", GRAZ_POLICY)
    wishes = Wishes(epochs=2, image_size=64, batch=4, threads=1)
    task = Adaptation(
        graz(tmp_path / "graz"), tmp_path / "out", shipped, read_policy(tmp_path / "policy.yaml"), device="cpu",
        wishes=wishes,
    )  # fmt: skip

    class Watcher:
        def __init__(self, kills: bool) -> None:
            self.kills, self.epochs = kills, []

        def step(self, pace: object) -> None:
            if self.kills and pace.epoch == 2:  # type: ignore[attr-defined]
                raise Killed

        def epoch(self, row: dict[str, float]) -> None:
            self.epochs.append(row["epoch"])

        def warn(self, sentence: str) -> None:
            pass

    def reporter(watcher: Watcher) -> Reporter:
        return Reporter(lambda line: None, lambda step, done, total: None, watcher)

    with pytest.raises(Killed):
        adapt(task, reporter(Watcher(kills=True)))
    assert not (tmp_path / "out" / "model.json").exists()
    with pytest.raises(DatasetError, match="with other options"):
        adapt(replace(task, wishes=replace(wishes, epochs=3)), reporter(Watcher(kills=False)))
    second = Watcher(kills=False)
    adapt(task, reporter(second))
    assert second.epochs == [2]
    assert (tmp_path / "out" / "model.json").is_file()


def test_a_folder_with_another_model_is_left_alone(shipped: Path, tmp_path: Path, capsys) -> None:
    before = (shipped / "model.json").read_bytes()
    assert adapt(roboflow(tmp_path / "set"), "--out", shipped, "--models-dir", shipped, *SHORT) == 1
    assert "holds a model already" in capsys.readouterr().err
    assert (shipped / "model.json").read_bytes() == before


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--weights", "nowhere.pt"), "There are no weights at nowhere.pt"),
        (("--name", "a/b"), "no slashes"),
        (("--image-size", "100"), "image_sizes"),
        (("--device", "toaster"), "no device called toaster"),
        (("--group-by", "shoe"), "--group-by takes"),
        (("--models-dir", "nowhere"), "model.json cannot be read"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_written(
    shipped: Path, tmp_path: Path, option: tuple[str, str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adapt(roboflow(tmp_path / "set"), "--out", tmp_path / "out", "--models-dir", shipped, *option) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_regions_that_own_images_do_not_label_learn_nothing_from_them() -> None:
    import torch

    from app.learning.training.trainer import without_gradient

    scores = torch.ones(2, 3, 4, requires_grad=True)
    without_gradient(scores, [0, 2]).sum().backward()
    assert scores.grad is not None
    assert scores.grad.sum(dim=(0, 2)).tolist() == [0.0, 8.0, 0.0]


def test_a_new_fracture_class_begins_as_the_mean_of_the_known_ones(tmp_path: Path) -> None:
    import torch

    from app.learning.networks.network import build_network, save_weights, start_network

    save_weights(build_network("n", ("wrist", "hip")), tmp_path / "two.pt", 64, {})
    old = start_network("n", ("wrist", "hip"), tmp_path / "two.pt").state_dict()
    new = start_network("n", ("wrist", "hip", "fracture", "metal"), tmp_path / "two.pt", ("wrist", "hip", "fracture"))
    name = "model.22.cv3.0.2.weight"
    torch.testing.assert_close(new.state_dict()[name][2], old[name].mean(dim=0))
    assert not torch.equal(new.state_dict()[name][3], new.state_dict()[name][2])
