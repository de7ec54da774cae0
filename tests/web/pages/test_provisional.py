"""Page, API, batch output and PDF say that a model is provisional, and show apart what is no fracture."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.config import Limits
from app.usecases.batch.infer_files import infer_source, write_results
from app.usecases.batch.sources import open_source
from tests.support.fakes import FakeDetector
from tests.support.read_pdf import read_pdf
from tests.web.conftest import Sender, multipart

WORDS, ALSO = "Provisional: this model was never calibrated", "Also found, no fracture: metal"


@pytest.fixture
def detector() -> FakeDetector:
    """A model that was never calibrated and finds metal."""
    made = FakeDetector(scores_of={"metal": 0.9, "wrist": 0.05})
    made.spec = replace(made.spec, provisional=True, other_findings=("metal",))
    return made


@pytest.fixture
def study(api: Sender, png: bytes) -> dict[str, Any]:
    return api("post", "/studies", **multipart(("wrist.png", png))).get_json()


def test_the_api_says_both(study: dict[str, Any]) -> None:
    [image] = study["images"]
    assert "provisional" in image["warnings"]
    assert [finding["region"] for finding in image["other_findings"]] == ["metal"]
    assert "metal" not in {finding["region"] for finding in image["findings"]}
    assert image["verdict"] in ("none", "not-assessed")
    assert image["score"] < 0.5


def test_the_page_says_both(signed_in: FlaskClient, study: dict[str, Any]) -> None:
    page = signed_in.get(f"/studies/{study['id']}").get_data(as_text=True)
    assert WORDS in page
    assert ALSO in page


def test_the_pdf_says_both(api: Sender, study: dict[str, Any]) -> None:
    text = " ".join(read_pdf(api("get", f"/studies/{study['id']}/report.pdf").data).text.split())
    assert WORDS in text
    assert ALSO in text


def test_the_batch_output_says_both(detector: FakeDetector, png: bytes, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "wrist.png").write_bytes(png)
    with open_source(tmp_path / "in", tmp_path / "out") as source:
        write_results(list(infer_source(detector, source, tmp_path / "out", Limits())), tmp_path / "out")
    head, row = (tmp_path / "out" / "results.csv").read_text(encoding="utf-8").splitlines()
    cells = dict(zip(head.split(","), row.split(","), strict=False))
    assert (cells["warnings"], cells["other_findings"]) == ("provisional", "metal")
    assert '"provisional"' in (tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8")
