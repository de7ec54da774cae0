"""From a dropped radiograph to the next training run, as a clinician and then an engineer go it: the real commands."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.records import DISCLAIMER
from tests.support.access import enter
from tests.support.browsing import Server, drag, drop, rows
from tests.support.read_pdf import read_pdf

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]

STUDY = re.compile("/studies/[0-9a-f]{32}")
TENANT = "whole-path"
# Loads torch, on a machine that does other things too.
TRAINED_WITHIN_S = 400


@pytest.fixture
def clinician(browser: Browser, server: Server) -> Iterator[Page]:
    """A page of somebody in a hospital of their own."""
    with browser.new_context(base_url=server.url, accept_downloads=True) as context:
        page = context.new_page()
        enter(page, server.person(TENANT, "Cleo", "clinician"))
        yield page


def test_a_dropped_radiograph_becomes_a_report_and_a_set_that_training_takes(
    clinician: Page, server: Server, radiographs: list[Path], tmp_path: Path
) -> None:
    page = clinician
    for radiograph in radiographs:
        page.goto("/")
        drop(page, radiograph)
        page.wait_for_url(STUDY, timeout=60_000)

    open_the_gravest(page)
    look_closely(page)
    drawn = draw_what_was_missed(page)
    answer_every_finding(page)
    expect(page.locator(".said li")).to_contain_text("Missed: wrist.")
    assert "Missed: wrist" in text_of_report(page, tmp_path)

    expect(page.locator(".decide .state.read")).to_be_visible()
    gravest = page.url
    page.get_by_role("link", name="Next unread study").click()
    page.wait_for_url(lambda url: bool(STUDY.search(url)) and url != gravest)
    answer_every_finding(page)

    exported = tmp_path / "exported"
    told = run(server, "-m", "flask", "--app", "wsgi", "feedback", "export", str(exported), "--tenant", TENANT)
    assert "1 for train, 1 for val" in told
    assert_holds(exported, drawn)
    small = ["--model", "n", "--image-size", "64", "--epochs", "1", "--batch", "2", "--device", "cpu", "--threads", "1"]
    data, trained = exported / "data.yaml", tmp_path / "run"
    run(server, "-m", "scripts.train", "--data", str(data), "--out", str(trained), *small)
    assert (trained / "final.pt").stat().st_size > 1_000_000


def open_the_gravest(page: Page) -> None:
    page.get_by_role("link", name="Studies", exact=True).click()
    expect(page.locator(".state.unread")).to_have_count(2)
    scores = [int(re.sub(r"\D", "", text)) for text in page.locator("td.of-score").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    page.locator("tr[data-study] a").first.click()
    page.wait_for_url(STUDY)


def look_closely(page: Page) -> None:
    expect(page.locator(".marked .stage canvas")).to_be_attached()
    readout = page.locator("[data-readout]")
    expect(readout).to_contain_text("width")
    seen = readout.inner_text()
    page.get_by_role("button", name="Zoom in").click()
    expect(readout).not_to_have_text(seen)
    with page.expect_response(re.compile(r"window\.png")) as windowed:
        page.locator("[data-presets]").select_option(label="Bone (brighter half)")
    assert windowed.value.ok
    page.get_by_role("button", name="As at first").click()


def draw_what_was_missed(page: Page) -> list[float]:
    page.get_by_role("button", name="Draw a missed fracture").click()
    page.locator("svg.drawn").scroll_into_view_if_needed()
    drag(page, (0.45, 0.3), (0.55, 0.5))
    page.locator("[data-missed] select").select_option("wrist")
    [drawn] = rows(page)
    return drawn


def answer_every_finding(page: Page) -> None:
    """Confirm the surest, reject the others."""
    for number, row in enumerate(page.locator("table.findings tbody tr").all()):
        row.get_by_label("Confirm" if number == 0 else "Reject").check()
    page.get_by_role("button", name="Store my answer").click()
    expect(page.locator(".stored")).to_be_visible()


def text_of_report(page: Page, folder: Path) -> str:
    page.get_by_label("Your assessment").fill("Step in the cortex.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download draft (PDF)").click()
    download.value.save_as(folder / "report.pdf")
    text = re.sub(r"\s+", " ", read_pdf((folder / "report.pdf").read_bytes()).text)
    assert "Step in the cortex." in text
    assert DISCLAIMER in text
    return text


def run(server: Server, *arguments: str) -> str:
    """What a command of the project says; it must end well."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=TRAINED_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def assert_holds(exported: Path, drawn: list[float]) -> None:
    """Two images in two parts, the drawn box among them, and nothing of whom they show or who answered."""
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["counts"]["by_split"] == {"train": 1, "val": 1}
    [entry] = [file for file in manifest["files"] if any(box["told_by"] == "missed" for box in file["boxes"])]
    wide, high = entry["size_wh"]
    x, y, width, height = drawn
    expected = [(x + width / 2) / wide, (y + height / 2) / high, width / wide, height / high]
    boxes = [[float(part) for part in row.split()[1:]] for row in (exported / entry["label"]).read_text().splitlines()]
    assert any(box == pytest.approx(expected, abs=1e-3) for box in boxes)
    written = b"".join(path.read_bytes() for path in exported.rglob("*") if path.is_file())
    assert b"Cleo" not in written
