"""Web processes are stateless: what one of them has done holds in every other, over one PostgreSQL and behind nginx.

The processes are those of gunicorn.conf.py with the real detector, each on a port of its own.
"""

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.config import Settings
from app.imaging import phantom, render_png
from app.records import Actor
from app.security import PublicUploadKey, new_master_key, seal_upload
from app.services import RecordServices, build_record_services
from app.storage import migrate
from app.usecases.administration import people, tokens
from app.usecases.administration.attempts import MOST_OF_PAIR
from clients.python.fracture_client import _from_base64url
from tests.support.fleet import ANSWERED_BY, Fleet, balancer, form_token, require_nginx
from tests.support.postgres_server import postgres_server
from tests.support.visitor import Page, Visitor

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

PROCESSES = 2
OPERATOR = Actor("default", "os:test")
PASSWORD = "correct horse battery"
RADIOGRAPH = render_png(phantom(3, (320, 256)).grey)


@dataclass(frozen=True)
class Site:
    """The processes, their proxy, and the services that commands of the site use."""

    fleet: Fleet
    proxy: str
    records: RecordServices

    @property
    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.fleet.ports]

    def token(self, name: str) -> str:
        """An API token of a new clinician."""
        people.add_person(self.records, OPERATOR, name, "clinician", PASSWORD)
        return tokens.add_token(self.records, OPERATOR, name)

    def signed_in(self, name: str) -> Visitor:
        """The browser of a new clinician, who has signed in through the proxy."""
        people.add_person(self.records, OPERATOR, name, "clinician", PASSWORD)
        visitor = Visitor()
        url = f"{self.proxy}/sign-in"
        assert visitor.submit(url, url, name=name, password=PASSWORD).status == 200
        return visitor


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    require_nginx()
    folder: Path = tmp_path_factory.mktemp("fleet")
    with postgres_server() as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "MASTER_KEYS": new_master_key(),
            "SECRET_KEY": secrets.token_hex(32),
            "TRUSTED_PROXIES": "1",
            "DETECTOR_ENGINE": "openvino",
            "DETECTOR_THREADS": "1",
        }
        migrate(url)
        records = build_record_services(Settings.from_env(environment))
        fleet = Fleet(environment, PROCESSES, folder)
        try:
            for port in fleet.ports:
                fleet.start(port)
            for port in fleet.ports:
                fleet.wait_until_ready(port)
            with balancer(fleet.ports, folder) as proxy:
                yield Site(fleet, proxy, records)
        finally:
            fleet.close()
            records.store.close()


def study_of(answer: Page) -> str:
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def test_a_session_holds_on_every_process_and_ends_on_every_process(site: Site) -> None:
    ada = site.signed_in("Ada")

    pages = [ada.get(f"{site.proxy}/studies") for _ in range(4 * PROCESSES)]

    assert {page.url for page in pages} == {f"{site.proxy}/studies"}
    assert {page.headers[ANSWERED_BY] for page in pages} == {f"127.0.0.1:{port}" for port in site.fleet.ports}
    first, second = site.addresses
    ada.submit(f"{first}/studies", f"{first}/sign-out")
    assert ada.get(f"{second}/studies").url.startswith(f"{second}/sign-in")


def test_a_person_who_is_disabled_is_let_in_by_no_process(site: Site) -> None:
    token = site.token("Bea")
    assert [Visitor(token).get(f"{one}/api/v1/studies").status for one in site.addresses] == [200] * PROCESSES

    people.set_enabled(site.records, OPERATOR, "Bea", False)

    assert [Visitor(token).get(f"{one}/api/v1/studies").status for one in site.addresses] == [401] * PROCESSES


def test_wrong_passwords_are_counted_across_processes_even_at_once(site: Site) -> None:
    people.add_person(site.records, OPERATOR, "Cleo", "clinician", PASSWORD)
    urls = [f"{one}/sign-in" for one in site.addresses]

    def attempt(number: int) -> int:
        url = urls[number % PROCESSES]
        return Visitor().submit(url, url, name="Cleo", password="wrong password!").status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(attempt, range(3 * MOST_OF_PAIR)))

    assert statuses.count(401) == MOST_OF_PAIR
    assert statuses.count(429) == 2 * MOST_OF_PAIR


def test_an_upload_key_of_one_process_opens_on_another(site: Site) -> None:
    visitor, (first, second) = Visitor(site.token("Dora")), site.addresses
    key = visitor.get(f"{first}/api/v1/encryption-key").json
    public = PublicUploadKey(key["kid"], _from_base64url(key["public_key"]), _from_base64url(key["info"]))

    headers = {"Content-Type": "application/hpke", "X-Key-Id": key["kid"]}
    answer = visitor.send("POST", f"{second}/api/v1/studies", seal_upload(public, RADIOGRAPH), headers)

    assert visitor.get(f"{first}/api/v1/studies/{study_of(answer)}").status == 200


def test_a_repeated_request_makes_one_study_whichever_process_gets_it(site: Site) -> None:
    visitor = Visitor(site.token("Eve"))

    def send(address: str) -> Page:
        url = f"{address}/api/v1/studies"
        return visitor.send_files(url, {"a.png": RADIOGRAPH}, headers={"Idempotency-Key": "one"})

    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(send, site.addresses * 2))
    made = {study_of(answer) for answer in at_once if answer.status == 201}

    assert {answer.status for answer in at_once} <= {201, 409}
    assert {study_of(send(address)) for address in site.addresses} == made
    assert len(made) == 1


def test_a_browser_uploads_to_one_process_and_is_told_of_refused_files_by_another(site: Site) -> None:
    fay = site.signed_in("Fay")
    first, second = site.addresses
    files = {"good.png": RADIOGRAPH, "broken.png": RADIOGRAPH[:90]}
    token = form_token(fay.get(f"{first}/").text)

    answer = fay.send_files(f"{second}/studies", files, {"csrf_token": token}, follow=False)

    assert answer.status == 303
    told, once = (fay.get(f"{first}{answer.headers['Location']}").text for _ in range(2))
    assert "broken.png" in told
    assert "broken.png" not in once


def test_the_worklist_and_its_live_version_follow_on_every_process(site: Site) -> None:
    gina = site.signed_in("Gina")
    token = tokens.add_token(site.records, OPERATOR, "Gina")
    first, second = site.addresses
    before = gina.get(f"{second}/studies/changes").json["version"]

    study = study_of(Visitor(token).send_files(f"{first}/api/v1/studies", {"a.png": RADIOGRAPH}))

    after = gina.get(f"{second}/studies/changes").json["version"]
    assert after != before
    assert study in gina.get(f"{second}/studies").text
    gina.submit(f"{first}/studies/{study}", f"{first}/studies/{study}/read")
    assert gina.get(f"{second}/studies/changes").json["version"] != after
    assert study not in gina.get(f"{second}/studies?state=unread").text


def test_a_deleted_study_is_shown_by_no_process_that_had_it_in_memory(site: Site) -> None:
    visitor, (first, second) = Visitor(site.token("Hana")), site.addresses
    study = visitor.send_files(f"{first}/api/v1/studies", {"a.png": RADIOGRAPH}).json
    window = f"/api/v1/studies/{study['id']}/images/{study['images'][0]['id']}/window.png"
    assert [visitor.get(f"{one}{window}").status for one in site.addresses] == [200] * PROCESSES

    assert visitor.send("DELETE", f"{first}/api/v1/studies/{study['id']}").status == 204

    assert [visitor.get(f"{one}{window}").status for one in (first, second)] == [404] * PROCESSES


def test_a_process_that_loses_power_takes_no_session_along_and_may_come_back(site: Site) -> None:
    ida = site.signed_in("Ida")
    lost, left = site.fleet.ports

    site.fleet.kill(lost)
    pages = [ida.get(f"{site.proxy}/studies") for _ in range(6)]
    site.fleet.start(lost)
    site.fleet.wait_until_ready(lost)

    assert {(page.status, page.url) for page in pages} == {(200, f"{site.proxy}/studies")}
    assert pages[-1].headers[ANSWERED_BY] == f"127.0.0.1:{left}"
    assert ida.get(f"http://127.0.0.1:{lost}/studies").url.endswith("/studies")
