"""A running application, a browser that visits it, and what several tests do there."""

import base64
import contextlib
import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, expect

from app.errors import NameTaken
from app.records import Actor, Role
from app.services import RecordServices
from app.usecases.administration import people, tokens
from tests.support.access import ensure_tenant, enter

DROP = """(files) => {
    const data = new DataTransfer();
    for (const {name, type, base64} of files) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        data.items.add(new File([bytes], name, {type}));
    }
    const zone = document.querySelector("[data-drop]");
    for (const kind of ["dragenter", "dragover", "drop"]) {
        zone.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
    }
}"""
AROUND = """(selector) => {
    const {left, top, right, bottom} = document.querySelector(selector).getBoundingClientRect();
    return [left, top, right, bottom];
}"""

# Resolves once nothing has moved for several frames.
RESTS = """() => new Promise((done) => {
    let [last, same] = ["", 0];
    const look = () => {
        const lives = [...document.querySelectorAll(".stage .live")];
        const now = lives.map((live) => live.style.transform + live.hidden).join();
        same = now === last ? same + 1 : 0;
        last = now;
        if (same > 12) done();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""


@dataclass(frozen=True)
class Server:
    """A running application, the services of the same database that make links, and the settings of both."""

    url: str
    services: RecordServices
    environment: dict[str, str] = field(repr=False)

    def link(self) -> str:
        """A fresh sign-in link."""
        return f"{self.url}/sign-in/{people.add_link(self.services, Actor('default', 'test'), 'admin')}"

    def token(self) -> str:
        """A fresh API token."""
        return tokens.add_token(self.services, Actor("default", "test"), "admin")

    def token_of(self, tenant: str, name: str) -> str:
        """A fresh API token of a person of any tenant."""
        return tokens.add_token(self.services, Actor(tenant, "test"), name)

    def person(self, tenant: str, name: str, role: Role) -> str:
        """A person, new or known; the path of a link that signs them in."""
        with contextlib.suppress(NameTaken):
            ensure_tenant(self.services, tenant)
            people.add_person(self.services, Actor(tenant, "test"), name, role, None)
        return f"/sign-in/{people.add_link(self.services, Actor(tenant, 'test'), name)}"


@dataclass(frozen=True)
class Program:
    """Another program that works with the application, through its API."""

    url: str
    token: str

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """The body of the answer to one request."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def send(self, *paths: Path) -> dict[str, Any]:
        """The study that these radiographs became."""
        head = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        body = b"".join(head + path.read_bytes() + b"\r\n" for path in paths) + b"--limit--\r\n"
        return json.loads(self.call("POST", "/studies", body, "multipart/form-data; boundary=limit"))


@dataclass(frozen=True)
class Workplace:
    """A hospital at work: the states of its people's browsers, and the paths of what is there.

    study: two views, both answered; alone: a study of one view that nobody has answered; why: why a place of `study`
    was marked. newcomer: somebody of another hospital, which has no study.
    """

    admin: Any
    clinician: Any
    newcomer: Any
    study: str
    alone: str
    why: str


@dataclass
class Watched:
    """A page, and what it must not do: complain, fail, or talk to anybody else."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)


def visiting(browser: Browser, server: Server, **options: object) -> Iterator[Watched]:
    # With scripts switched off, Chromium refuses to preload them and calls that "csp".
    expected = {"net::ERR_ABORTED"} if options.get("java_script_enabled", True) else {"net::ERR_ABORTED", "csp"}
    context = browser.new_context(base_url=server.url, **options)
    watched = Watched(context.new_page())
    page = watched.page
    page.on("console", lambda message: watched.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("requestfailed", lambda request: watched.complaints.extend(_fault(request, expected)))
    page.on("request", lambda request: watched.requests.append(request))  # noqa: PLW0108 - Playwright marks it
    enter(page, server.link())
    expect(page).to_have_url(f"{server.url}/")
    watched.requests.clear()
    yield watched
    context.close()
    assert watched.complaints == [], watched.complaints
    assert {request.url.split("/")[2] for request in watched.requests} <= {server.url.split("/")[2]}


def _fault(request: Request, expected: set[str]) -> list[str]:
    # Leaving a page aborts what it was still loading.
    return [] if request.failure in expected else [f"{request.failure}: {request.url}"]


def drop(page: Page, *paths: Path) -> None:
    files = [
        {"name": path.name, "type": "image/jpeg", "base64": base64.b64encode(path.read_bytes()).decode()}
        for path in paths
    ]
    page.evaluate(DROP, files)


def open_study(page: Page, radiograph: Path) -> str:
    """Read one radiograph; the address of its study."""
    page.set_input_files("#files", [radiograph])
    if page.locator("button.no-js").is_visible():
        page.click("button.no-js")
    page.wait_for_url(re.compile("/studies/[0-9a-f]+$"), timeout=60_000)
    return page.url


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over the image; both points are shares of the part of it that is in sight."""
    area = page.locator("svg.drawn").bounding_box()
    assert area
    height = min(area["height"], (page.viewport_size or {"height": 720})["height"] - area["y"])
    points = [(area["x"] + x * area["width"], area["y"] + y * height) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move((points[0][0] + points[1][0]) / 2, points[0][1] + 9)
    page.mouse.move(*points[1])
    page.mouse.up()


def rows(page: Page) -> list[list[float]]:
    """x, y, width and height of every missed fracture of the form."""
    sides = "[name=missed-x], [name=missed-y], [name=missed-width], [name=missed-height]"
    return [
        [float(side.input_value()) for side in row.locator(sides).all()]
        for row in page.locator("[data-missed] > li").all()
    ]


def unfold(page: Page) -> None:
    """Show the numbers of the first box that was drawn."""
    page.locator("[data-missed] .numbers summary").first.click()


def viewer(page: Page) -> None:
    """Wait until the first viewer shows its image, in a window that holds all of it, and give it the focus."""
    page.set_viewport_size({"width": (page.viewport_size or {"width": 1280})["width"], "height": 1400})
    expect(page.locator(".marked .stage canvas").first).to_be_visible()
    expect(page.locator("[data-readout]").first).to_contain_text("width")
    page.locator(".marked .frame").first.focus()
    settle(page)


def settle(page: Page) -> None:
    """Wait until everything has come to rest and every image that was asked for is there."""
    page.evaluate(RESTS)
    page.wait_for_load_state("networkidle")
    page.evaluate(RESTS)


def allow(visit: Watched, *texts: str) -> None:
    """Take complaints away that a test has provoked."""
    visit.complaints[:] = [one for one in visit.complaints if not any(text in one for text in texts)]
