"""The worklist as a browser without JavaScript sees it: filters, search, marks, and what is done to several studies."""

import html
import io
import re
import zipfile
from collections.abc import Callable, Sequence

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.records import Actor
from app.services import Services
from app.usecases.administration import people
from app.usecases.worklist.bulk import MOST_REPORTS
from tests.conftest import Account
from tests.support.access import use_link
from tests.support.fakes import FakeClock, FakeDetector
from tests.web.conftest import form_token, multipart

Reader = Callable[..., str]


@pytest.fixture
def read(signed_in: FlaskClient, detector: FakeDetector, clock: FakeClock, png: bytes) -> Reader:
    """Sends a radiograph on which the detector says what it is told; the id of the study."""

    def send(name: str = "a.png", **scores_of: float) -> str:
        clock.pass_(minutes=1)
        detector.scores_of = scores_of
        answer = signed_in.post("/studies", **multipart((name, png), csrf_token=form_token(signed_in)))
        return answer.headers["Location"].rsplit("/", 1)[1]

    return send


def shown(client: FlaskClient, address: str = "/studies") -> list[str]:
    """The ids of the studies on a page of the list."""
    return re.findall(r'data-study="(\w+)"', client.get(address).get_data(as_text=True))


def post(client: FlaskClient, address: str, study_ids: Sequence[str] = (), **fields: str) -> TestResponse:
    return client.post(address, data={"csrf_token": form_token(client), "study": list(study_ids), **fields})


def said(client: FlaskClient, address: str = "/studies") -> str:
    """The notices of a page, in one line."""
    page = client.get(address).get_data(as_text=True)
    return html.unescape(" ".join(re.findall(r'class="notice"[^>]*>([^<]*)<', page)))


def test_the_suspicious_come_first_and_what_was_read_comes_last(signed_in: FlaskClient, read: Reader) -> None:
    none, sure, possible = read(), read(wrist=0.9), read(wrist=0.3)
    assert shown(signed_in) == [sure, possible, none]

    assert post(signed_in, f"/studies/{sure}/read").status_code == 303

    assert shown(signed_in) == [possible, none, sure]
    assert shown(signed_in, "/studies?order=newest") == [possible, sure, none]
    page = signed_in.get(f"/studies/{sure}").get_data(as_text=True)
    assert "Mark as unread" in page
    assert "Read by Ada" in page


def test_each_filter_narrows_the_list(signed_in: FlaskClient, read: Reader, ada: Account) -> None:
    wrist, elbow, none = read(wrist=0.9), read(elbow=0.3), read()
    post(signed_in, f"/studies/{elbow}/read")

    expected = {
        "verdict=fracture": [wrist],
        "verdict=none": [none],
        "region=elbow": [elbow],
        "region=skull": [],
        f"reader={ada.person.id}": [elbow],
        "state=unread": [wrist, none],
        "state=read": [elbow],
        "from=2026-11-24": [],
        "to=2026-11-22": [],
        "from=2026-11-23&to=2026-11-23&verdict=&state=&region=&reader=&order=": [wrist, none, elbow],
        f"reader={ada.person.id}&region=elbow&verdict=possible&state=read&order=newest": [elbow],
    }
    assert {query: shown(signed_in, f"/studies?{query}") for query in expected} == expected


def test_filters_stay_in_the_form_and_in_every_link(signed_in: FlaskClient, read: Reader) -> None:
    for _ in range(3):
        read(wrist=0.9)
    page = signed_in.get("/studies?limit=2&verdict=fracture&from=2026-11-01&order=newest").get_data(as_text=True)

    assert '<option value="fracture" selected>' in page
    assert 'name="from" value="2026-11-01"' in page
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    for part in ("verdict=fracture", "from=2026-11-01", "order=newest", "limit=2"):
        assert part in following[1]
    assert len(shown(signed_in, html.unescape(following[1]))) == 1


@pytest.mark.parametrize(
    "query",
    ["verdict=perhaps", "state=lost", "order=oldest", "from=yesterday", "to=0001-01-01", "to=9999-12-31", "named=xyz"],
)
def test_an_address_that_asks_for_what_is_not_there_is_refused_in_words(signed_in: FlaskClient, query: str) -> None:
    answer = signed_in.get(f"/studies?{query}")

    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "<h1>" in answer.get_data(as_text=True)


def test_an_empty_answer_says_whether_there_is_nothing_or_nothing_that_fits(
    signed_in: FlaskClient, read: Reader
) -> None:
    assert "No study yet" in signed_in.get("/studies").get_data(as_text=True)
    read(wrist=0.9)
    assert "No study fits" in signed_in.get("/studies?verdict=none").get_data(as_text=True)


def test_a_file_is_found_by_its_name_which_is_not_in_the_address(signed_in: FlaskClient, read: Reader) -> None:
    wanted = read(name="Smith, J.png", wrist=0.9)
    read(name="other.png", wrist=0.9)

    answer = post(signed_in, "/studies/search", q="smith, j.PNG", state="unread")

    address = answer.headers["Location"]
    assert "smith" not in address.lower()
    assert "state=unread" in address
    assert shown(signed_in, address) == [wanted]
    assert "“smith, j.PNG”" in signed_in.get(address).get_data(as_text=True)
    assert "of the name that was searched for" in said(signed_in, f"/studies?named={'0' * 32}")
    assert shown(signed_in, post(signed_in, "/studies/search", q="nobody").headers["Location"]) == []
    assert len(shown(signed_in, post(signed_in, "/studies/search", q=" ").headers["Location"])) == 2


def test_the_number_of_a_study_leads_to_it(signed_in: FlaskClient, read: Reader) -> None:
    wanted = read(wrist=0.9)

    for number in (wanted, wanted[:8], f" {wanted[:12].upper()}"):
        assert post(signed_in, "/studies/search", q=number).headers["Location"] == f"/studies/{wanted}"


def test_the_next_study_is_the_next_unread_one(signed_in: FlaskClient, read: Reader) -> None:
    last, second, first = read(), read(wrist=0.3), read(wrist=0.9)

    assert signed_in.get(f"/studies/{first}/next").headers["Location"] == f"/studies/{second}"
    onward = post(signed_in, f"/studies/{second}/read?verdict=none", next="yes")
    assert onward.headers["Location"] == f"/studies/{last}?verdict=none"
    assert post(signed_in, f"/studies/{second}/unread").headers["Location"] == f"/studies/{second}"
    for study in (first, second, last):
        post(signed_in, f"/studies/{study}/read")
    assert signed_in.get(f"/studies/{last}/next").headers["Location"] == "/studies"
    assert "No other study" in said(signed_in)


def test_several_studies_are_marked_and_the_list_stays_where_it_was(signed_in: FlaskClient, read: Reader) -> None:
    first, second, third = read(wrist=0.9), read(wrist=0.3), read()

    answer = post(signed_in, "/studies/selected/read?order=newest&limit=5", [first, third, third])

    assert answer.headers["Location"] == "/studies?order=newest&limit=5"
    assert said(signed_in) == "2 studies are marked as read."
    assert shown(signed_in, "/studies?state=unread") == [second]
    post(signed_in, "/studies/selected/unread", [first])
    assert said(signed_in) == "1 study is marked as unread."
    assert shown(signed_in, "/studies?state=read") == [third]


def test_what_is_deleted_goes_to_the_bin_and_comes_back_by_undo(signed_in: FlaskClient, read: Reader) -> None:
    first, second, third = read(wrist=0.9), read(wrist=0.3), read()

    answer = post(signed_in, "/studies/selected/delete?verdict=fracture", [first, second])

    assert answer.headers["Location"] == "/studies?verdict=fracture"
    page = signed_in.get("/studies").get_data(as_text=True)
    assert "2 studies are in the bin." in page
    assert re.findall(r'data-study="(\w+)"', page) == [third]
    moment = re.search(r'name="at" value="([^"]+)"', page)
    assert moment
    undone = post(signed_in, "/studies/bin/undo", at=moment[1])
    assert undone.headers["Location"] == "/studies"
    assert said(signed_in) == "2 studies are back on the list."
    assert shown(signed_in) == [first, second, third]


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-11-23T09:30:00"])
def test_an_undo_of_no_moment_is_refused(signed_in: FlaskClient, moment: str) -> None:
    assert post(signed_in, "/studies/bin/undo", at=moment).status_code == 400


def test_the_bin_shows_what_was_deleted_by_whom_and_until_when(signed_in: FlaskClient, read: Reader) -> None:
    study, kept = read(wrist=0.9), read()
    post(signed_in, f"/studies/{study}/delete")

    page = html.unescape(signed_in.get("/studies/bin").get_data(as_text=True))

    assert "Ada, <time" in page
    assert "2026-12-23T" in page
    assert kept not in page
    assert post(signed_in, f"/studies/{study}/restore").headers["Location"] == "/studies/bin"
    page = signed_in.get("/studies/bin").get_data(as_text=True)
    assert "The bin is empty." in page
    assert "The study is back on the list." in page
    assert post(signed_in, f"/studies/{study}/restore").status_code == 404
    assert shown(signed_in) == [study, kept]


def test_a_study_under_a_legal_hold_stays_and_the_list_says_so(
    signed_in: FlaskClient, services: Services, read: Reader
) -> None:
    held, other = read(wrist=0.9), read(wrist=0.3)
    services.store.studies.hold("default", held, is_held=True)

    post(signed_in, "/studies/selected/delete", [held, other])

    assert said(signed_in) == "1 study is in the bin. 1 is under a legal hold and stays."
    assert shown(signed_in) == [held]
    assert post(signed_in, f"/studies/{held}/delete").status_code == 409


def test_a_study_that_somebody_else_deleted_meanwhile_is_said_and_the_others_are_done(
    signed_in: FlaskClient, read: Reader
) -> None:
    first, second = read(wrist=0.9), read(wrist=0.3)
    post(signed_in, f"/studies/{first}/delete")

    said(signed_in)
    post(signed_in, "/studies/selected/read", [first, second])
    assert said(signed_in).startswith("1 study is marked as read. 1 was not there any more.")
    post(signed_in, "/studies/selected/delete", [first, second])
    assert said(signed_in).startswith("1 study is in the bin. 1 was not there any more.")
    assert "could be reported" in said(
        signed_in, post(signed_in, "/studies/selected/report", [first]).headers["Location"]
    )


def test_reports_come_in_one_file_and_one_that_cannot_be_made_does_not_spoil_the_others(
    signed_in: FlaskClient, services: Services, read: Reader
) -> None:
    first, second = read(wrist=0.9), read(wrist=0.3)

    answer = post(signed_in, "/studies/selected/report", [first, "0" * 32, second])

    assert answer.mimetype == "application/zip"
    assert 'filename="reports.zip"' in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert set(archive.namelist()) == {f"report-{first}.pdf", f"report-{second}.pdf", "not-included.txt"}
        assert archive.read(f"report-{first}.pdf").startswith(b"%PDF")
        assert archive.read("not-included.txt").decode().startswith("0" * 32 + ": This study does not exist")
    actions = [entry.event.action for entry in services.store.audit.entries("default")]
    assert actions.count("report-made") == 2


@pytest.mark.parametrize("action", ["read", "unread", "delete", "report"])
def test_nothing_ticked_or_too_much_is_said_on_the_list(signed_in: FlaskClient, read: Reader, action: str) -> None:
    read(wrist=0.9)
    most = MOST_REPORTS if action == "report" else 100

    nothing = post(signed_in, f"/studies/selected/{action}")
    words = said(signed_in, nothing.headers["Location"])
    assert words == "Tick at least one study first."
    too_many = post(signed_in, f"/studies/selected/{action}", [f"{number:032x}" for number in range(most + 1)])
    words = said(signed_in, too_many.headers["Location"])
    assert words == f"At most {most} studies can be chosen for this; {most + 1} were."
    assert len(shown(signed_in)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/studies/selected/read",
        "/studies/selected/unread",
        "/studies/selected/delete",
        "/studies/selected/report",
        "/studies/search",
        "/studies/{study}/read",
        "/studies/{study}/unread",
        "/studies/{study}/delete",
        "/studies/{study}/restore",
        "/studies/bin/undo",
    ],
)
def test_a_form_without_its_token_does_nothing(signed_in: FlaskClient, read: Reader, path: str) -> None:
    study = read(wrist=0.9)

    answer = signed_in.post(path.format(study=study), data={"study": [study], "q": "a.png"})

    assert answer.status_code == 400
    assert shown(signed_in, "/studies?state=unread") == [study]


def test_someone_elses_studies_are_neither_listed_nor_marked_deleted_reported_or_found(
    signed_in: FlaskClient, client: FlaskClient, services: Services, read: Reader, account: Callable[..., Account]
) -> None:
    theirs = read(wrist=0.9)
    account("Eve", tenant="elsewhere")
    use_link(client, people.add_link(services, Actor("elsewhere", "test"), "Eve"))

    assert shown(client) == []
    for path in ("read", "unread"):
        assert post(client, f"/studies/{theirs}/{path}").status_code == 404
    assert client.get(f"/studies/{theirs}/next").headers["Location"] == "/studies"
    post(client, "/studies/selected/read", [theirs])
    assert "1 was not there any more" in said(client)
    post(client, "/studies/selected/delete", [theirs])
    assert post(client, f"/studies/{theirs}/restore").status_code == 404
    assert post(client, "/studies/selected/report", [theirs]).status_code == 303
    for words in (theirs, "a.png"):
        assert shown(client, post(client, "/studies/search", q=words).headers["Location"]) == []
    entry = services.store.worklist.get("default", theirs)
    assert (entry.is_read, entry.marks) == (False, ())


def test_the_changes_are_one_number_that_grows_and_is_the_pages(signed_in: FlaskClient, read: Reader) -> None:
    before = signed_in.get("/studies/changes").get_json()["version"]
    read(wrist=0.9)
    after = signed_in.get("/studies/changes").get_json()["version"]

    assert before < after
    assert f'data-version="{after}"' in signed_in.get("/studies").get_data(as_text=True)


@pytest.mark.parametrize("path", ["/studies", "/studies/changes", "/studies/0/next"])
def test_a_stranger_is_sent_to_sign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=")


def test_who_signs_in_again_after_a_bulk_action_comes_back_to_the_list(signed_in: FlaskClient) -> None:
    token = form_token(signed_in)
    with signed_in.session_transaction() as session:
        session.pop("session_token")

    answer = signed_in.post("/studies/selected/read", data={"csrf_token": token})

    assert answer.headers["Location"] == "/sign-in?next=/studies"
