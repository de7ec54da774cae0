"""Who may come in, by which way, and for how long."""

import pytest

from app.errors import InvalidToken, LinkRefused, NameTaken, NotFound, NotSignedIn, SignInRefused, WeakPassword
from app.records import Actor
from app.services import Services
from app.usecases.administration import people, tokens
from app.usecases.administration import sign_in as sessions
from tests.support.fakes import FakeClock

PASSWORD = "correct horse battery"


def test_a_name_and_its_password_open_a_session_that_ends(services: Services, clock: FakeClock) -> None:
    added = people.add_person(services, Actor("default", "test"), "Ada", "clinician", PASSWORD)
    token, person = sessions.sign_in(services, "default", "Ada", PASSWORD)
    assert person == added == sessions.person_of_session(services, token)
    clock.pass_(minutes=services.settings.session_idle_minutes - 1)
    assert sessions.person_of_session(services, token) == added
    clock.pass_(minutes=services.settings.session_idle_minutes)
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, token)


@pytest.mark.parametrize(
    ("tenant", "name", "password"),
    [("default", "Ada", "wrong horse battery"), ("default", "Bea", PASSWORD), ("other", "Ada", PASSWORD)],
)
def test_a_wrong_name_password_or_tenant_is_refused_alike(
    services: Services, tenant: str, name: str, password: str
) -> None:
    people.add_person(services, Actor("default", "test"), "Ada", "clinician", PASSWORD)
    with pytest.raises(SignInRefused) as refusal:
        sessions.sign_in(services, tenant, name, password)
    assert str(refusal.value) == SignInRefused.message


def test_somebody_without_a_password_cannot_sign_in_with_an_empty_one(services: Services) -> None:
    people.add_person(services, Actor("default", "test"), "admin", "admin", None)
    with pytest.raises(SignInRefused):
        sessions.sign_in(services, "default", "admin", "")


def test_a_link_works_once(services: Services) -> None:
    added = people.add_person(services, Actor("default", "test"), "Ada", "admin", None)
    link = people.add_link(services, Actor("default", "test"), "Ada")
    _, person = sessions.sign_in_by_link(services, link)
    assert person == added
    with pytest.raises(LinkRefused):
        sessions.sign_in_by_link(services, link)


def test_a_link_works_within_the_hour(services: Services, clock: FakeClock) -> None:
    people.add_person(services, Actor("default", "test"), "Ada", "admin", None)
    link = people.add_link(services, Actor("default", "test"), "Ada")
    clock.pass_(minutes=people.LINK_MINUTES + 1)
    with pytest.raises(LinkRefused):
        sessions.sign_in_by_link(services, link)


def test_signing_out_ends_the_session_on_the_server(services: Services) -> None:
    people.add_person(services, Actor("default", "test"), "Ada", "clinician", PASSWORD)
    token, _ = sessions.sign_in(services, "default", "Ada", PASSWORD)
    sessions.sign_out(services, token)
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, token)


def test_a_new_password_replaces_the_old_one(services: Services) -> None:
    people.add_person(services, Actor("default", "test"), "Ada", "clinician", PASSWORD)
    people.set_password(services, Actor("default", "test"), "Ada", "another horse battery")
    sessions.sign_in(services, "default", "Ada", "another horse battery")
    with pytest.raises(SignInRefused):
        sessions.sign_in(services, "default", "Ada", PASSWORD)


def test_an_api_token_acts_for_its_person_and_no_other_token_does(services: Services) -> None:
    people.add_tenant(services, "os:test", "north")
    added = people.add_person(services, Actor("north", "test"), "Ada", "clinician", PASSWORD)
    assert tokens.person_of_token(services, tokens.add_token(services, Actor("north", "test"), "Ada")) == (added, ())
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, "guess")


def test_a_name_stands_once_in_a_tenant_and_may_stand_in_another(services: Services) -> None:
    people.add_person(services, Actor("default", "test"), "Ada", "clinician", PASSWORD)
    with pytest.raises(NameTaken):
        people.add_person(services, Actor("default", "test"), "Ada", "admin", PASSWORD)
    people.add_tenant(services, "os:test", "other")
    people.add_person(services, Actor("other", "test"), "Ada", "admin", PASSWORD)


def test_a_short_password_is_refused(services: Services) -> None:
    with pytest.raises(WeakPassword):
        people.add_person(services, Actor("default", "test"), "Ada", "clinician", "short")


def test_links_and_tokens_are_for_people_who_are_there(services: Services) -> None:
    for add in (people.add_link, tokens.add_token):
        with pytest.raises(NotFound, match="Nobody"):
            add(services, Actor("default", "test"), "Nobody")
