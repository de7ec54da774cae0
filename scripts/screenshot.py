"""Take the images of docs/images/: every page, light and dark, on a desk and on a phone.

Run as `python -m scripts.screenshot`. It serves the application from an empty folder of its own, reads radiographs that
the project draws itself, so that no image of a patient or of a data set is ever in one, and leaves nothing else.
"""

import argparse
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, FilePayload, Page, sync_playwright

from app.imaging import drawn_sample, phantom, render_png
from scripts.bootstrap.console import ROOT, Progress, Stop
from scripts.bootstrap.instance import administer, make_keys
from scripts.bootstrap.process import Interrupted, stop_on_signals
from scripts.bootstrap.server import HOST, serving, wait_until_ready
from scripts.launch import sign_in_path

BROWSER = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SAMPLES, HANDS = (1, 0, 7), (2, 5)
QUALITY = 82


@dataclass(frozen=True)
class Device:
    """A window of the browser, in CSS pixels."""

    name: str
    width: int
    height: int
    is_touched: bool


@dataclass(frozen=True)
class Site:
    """A running application with one study on it."""

    url: str
    study: str


@dataclass(frozen=True)
class Shot:
    """A page: how to come to what its image shows."""

    name: str
    go: Callable[[Page, Site], object]


DEVICES = (Device("desktop", 1280, 860, False), Device("phone", 390, 844, True))
THEMES = ("light", "dark")


def main() -> int:
    """Take every image; 0 when all were taken, 1 with one line on standard error otherwise."""
    arguments = _arguments()
    stop_on_signals()
    try:
        with sync_playwright() as playwright, _serving() as (url, link):
            browser = playwright.chromium.launch(executable_path=arguments.browser, args=FLAGS)
            for path in _take(browser, url, link, arguments):
                print(path, flush=True)
            browser.close()
    except (Error, Stop, OSError) as reason:
        print(f"Error: {str(reason).splitlines()[0]}", file=sys.stderr)
        return 1
    except Interrupted:
        return 130
    return 0


def _take(browser: Browser, url: str, link: str, arguments: argparse.Namespace) -> Iterator[Path]:
    arguments.out.mkdir(parents=True, exist_ok=True)
    first = browser.new_page()
    first.goto(url + link)
    first.locator("main form button").click()
    first.wait_for_url(f"{url}/")
    site = Site(url, _read_drawn(first, url))
    signed_in = first.context.storage_state()
    for device in DEVICES:
        for theme in THEMES:
            context = browser.new_context(
                viewport={"width": device.width, "height": device.height},
                has_touch=device.is_touched,
                color_scheme="dark" if theme == "dark" else "light",
                reduced_motion="reduce",
                locale=arguments.language,
                storage_state=signed_in,
            )
            for shot in SHOTS:
                page = context.new_page()
                shot.go(page, site)
                page.wait_for_load_state("networkidle")
                path = arguments.out / f"{shot.name}-{device.name}-{theme}.jpg"
                page.screenshot(path=path, type="jpeg", quality=QUALITY)
                page.close()
                yield path
            context.close()


def _read_drawn(page: Page, url: str) -> str:
    """Send drawn radiographs, each as a study of its own; returns the id of the one with the gravest verdict."""
    images = [drawn_sample(seed).png for seed in SAMPLES] + [render_png(phantom(seed).grey) for seed in HANDS]
    for number, image in enumerate(images):
        page.goto(url)
        drawn: FilePayload = {"name": f"drawn-{number}.png", "mimeType": "image/png", "buffer": image}
        page.set_input_files("main input[type=file]", [drawn])
        page.wait_for_url("**/studies/*", timeout=60_000)
    page.goto(f"{url}/studies")
    address = page.locator("main table a[href*='/studies/']").first.get_attribute("href") or ""
    return address.rpartition("/")[2]


def _study(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/studies/{site.study}")
    page.locator("[data-view-card]").first.scroll_into_view_if_needed()


def _why(page: Page, site: Site) -> None:
    _study(page, site)
    page.locator("[data-why]").first.click()
    page.locator("[data-why-explained]").wait_for(timeout=180_000)


def _sign_in(page: Page, site: Site) -> None:
    page.context.clear_cookies()
    page.goto(f"{site.url}/sign-in")


def _at(path: str) -> Callable[[Page, Site], object]:
    return lambda page, site: page.goto(site.url + path)


# Signing in comes last: it forgets who is signed in.
SHOTS = (
    Shot("read", _at("/")),
    Shot("worklist", _at("/studies")),
    Shot("study", _study),
    Shot("why", _why),
    Shot("help", _at("/help")),
    Shot("agreement", _at("/agreement")),
    Shot("account", _at("/account")),
    Shot("people", _at("/people")),
    Shot("audit", _at("/audit")),
    Shot("not-found", _at("/studies/nothing")),
    Shot("sign-in", _sign_in),
)


@contextmanager
def _serving() -> Iterator[tuple[str, str]]:
    """The application on a free port with a new database, and the path of a sign-in link."""
    with tempfile.TemporaryDirectory(prefix="screenshot-") as folder, socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
        probe.close()
        data_dir, python = Path(folder), Path(sys.executable)
        make_keys(data_dir)
        environment = {**os.environ, "DATA_DIR": folder}
        administer(python, environment, "database", "migrate")
        log = data_dir / "server.log"
        with serving(python, environment, port, log) as server:
            wait_until_ready(server, port, log, Progress("Starting the server"))
            yield f"http://{HOST}:{port}", sign_in_path(python, environment)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshot", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="folder (default docs/images)")
    parser.add_argument("--language", default="en-GB", help="language that the browser asks for (default en-GB)")
    parser.add_argument("--browser", default=BROWSER, help="Chromium's executable")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
