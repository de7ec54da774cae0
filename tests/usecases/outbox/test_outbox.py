"""Messages leave with the act that they tell of, arrive signed, are tried again, and are given up at last."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app import imaging
from app.errors import BadRequest, NotFound
from app.records import Actor, Person, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.feedback.review import add_feedback
from app.usecases.outbox import messages
from app.usecases.outbox.deliver import MOST_ATTEMPTS, deliver
from app.usecases.outbox.webhook import send_webhook
from app.usecases.studies.bin import delete_study, restore_study
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeClock

ADMIN = Actor("default", "os:test")
FILE = Upload("a.png", imaging.render_png(imaging.phantom(3, (128, 96)).grey))
SENDERS = {messages.WEBHOOK: send_webhook}


class Receiver:
    """A web server that keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    there = Receiver()
    thread = threading.Thread(target=there.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield there
    there.server.shutdown()
    there.server.server_close()
    thread.join()


@pytest.fixture
def ada(services: Services) -> Person:
    return people.add_person(services, ADMIN, "Ada", "clinician", "correct horse battery")


def test_a_study_and_its_outcome_are_announced_signed_and_without_a_patient(
    services: Services, receiver: Receiver, ada: Person
) -> None:
    hook = messages.add_webhook(services, ADMIN, receiver.url)
    study = create_study(services, ada, [FILE]).study
    add_feedback(services, ada, study.id, study.images[0].id, [], normal=True)
    add_feedback(services, ada, study.id, study.images[0].id, [], comment="No change of the outcome")

    assert deliver(services, SENDERS) == 2
    assert deliver(services, SENDERS) == 0

    bodies = [json.loads(body) for _, body in receiver.got]
    assert [(body["type"], body["data"]["outcome"]) for body in bodies] == [
        ("study-inferred", "none"),
        ("outcome", "none"),
    ]
    assert bodies[0]["data"] == {"study_id": study.id, "verdict": "fracture", "outcome": "none"}
    for headers, body in receiver.got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = hmac.digest(base64.b64decode(hook.secret.removeprefix("whsec_")), signed, "sha256")
        assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()


def test_a_message_is_tried_again_later_and_given_up_at_last(
    services: Services, receiver: Receiver, ada: Person, clock: FakeClock
) -> None:
    messages.add_webhook(services, ADMIN, receiver.url, ("study-inferred",))
    create_study(services, ada, [FILE])
    receiver.status = 500
    assert deliver(services, SENDERS) == 1
    assert deliver(services, SENDERS) == 0, "it waits"
    for _ in range(MOST_ATTEMPTS - 1):
        clock.pass_(hours=6)
        assert deliver(services, SENDERS) == 1
    clock.pass_(hours=12)
    assert deliver(services, SENDERS) == 0

    (dead,) = services.store.outbox.messages("default", dead=True)
    assert (dead.error, dead.attempts) == ("http-500", MOST_ATTEMPTS)
    receiver.status = 200
    messages.revive(services, ADMIN, dead.id)
    assert deliver(services, SENDERS) == 1
    assert services.store.outbox.messages("default", dead=True) == ()
    with pytest.raises(NotFound):
        messages.revive(services, ADMIN, dead.id)


@pytest.mark.parametrize(("status", "is_dead"), [(302, False), (404, False), (410, True), (503, False)])
def test_what_a_refusal_means(services: Services, receiver: Receiver, ada: Person, status: int, is_dead: bool) -> None:
    messages.add_webhook(services, ADMIN, receiver.url)
    create_study(services, ada, [FILE])
    receiver.status = status

    deliver(services, SENDERS)

    assert len(receiver.got) == 1, "no redirect is followed"
    (message,) = services.store.outbox.messages("default", dead=is_dead)
    assert message.error == f"http-{status}"


def test_a_receiver_that_is_not_there_is_tried_again(services: Services, ada: Person) -> None:
    messages.add_webhook(services, ADMIN, "http://127.0.0.1:9/")
    create_study(services, ada, [FILE])

    deliver(services, SENDERS)

    assert services.store.outbox.messages("default", dead=False)[0].error == "no-answer"


def test_a_study_in_the_bin_is_told_of_only_when_it_comes_back(
    services: Services, receiver: Receiver, ada: Person
) -> None:
    messages.add_webhook(services, ADMIN, receiver.url)
    study = create_study(services, ada, [FILE]).study.id
    delete_study(services, ada, study)

    assert deliver(services, SENDERS) == 0
    assert receiver.got == []
    restore_study(services, ada, study)
    assert deliver(services, SENDERS) == 1


def test_another_tenant_and_another_channel_are_not_told(services: Services, receiver: Receiver, ada: Person) -> None:
    hook = messages.add_webhook(services, Actor("north", "os:test"), receiver.url)
    messages.subscribe(services, ADMIN, "dicom", "ARCHIVE")
    create_study(services, ada, [FILE])

    assert deliver(services, SENDERS) == 0
    with pytest.raises(NotFound):
        messages.remove(services, ADMIN, hook.id)


@pytest.mark.parametrize(
    "url", ["http://example.org/", "ftp://example.org/", "", "https://", "https://[", "https://x/ä"]
)
def test_a_webhook_needs_https(services: Services, url: str) -> None:
    with pytest.raises(BadRequest):
        messages.add_webhook(services, ADMIN, url)
