"""People of the own tenant: added, given roles and links, disabled, and their sessions and tokens."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.usecases.access import passkeys, second_factor
from app.usecases.administration import people, tokens
from app.usecases.administration.roles import PERMISSIONS_OF_ROLE
from app.web.http.context import person, services
from app.web.http.requests.administration import chosen_role, whole_days

blueprint = Blueprint("people", __name__)


@blueprint.context_processor
def _roles() -> dict[str, object]:
    """The people of the tenant, for the list and for the list that a refused form comes back to."""
    everybody = people.list_people(services(), person().tenant) if g.get("person") else ()
    return {"everybody": everybody, "permissions_of_role": PERMISSIONS_OF_ROLE}


@blueprint.get("/people")
def list_people() -> ResponseReturnValue:
    """Everybody of the tenant."""
    return render_template("people.html")


@blueprint.post("/people")
def add() -> ResponseReturnValue:
    """Add a person, who signs in by a link first."""
    name, role = request.form.get("name", "").strip(), chosen_role(request.form)
    added = people.add_person(services(), person(), name, role, None)
    return _shown(added.id, link=people.add_link(services(), person(), name))


@blueprint.get("/people/<person_id>")
def show(person_id: str) -> ResponseReturnValue:
    """One person."""
    return _shown(person_id)


@blueprint.post("/people/<person_id>/role")
def set_role(person_id: str) -> ResponseReturnValue:
    """Give a person another role."""
    people.set_role(services(), person(), _name(person_id), chosen_role(request.form))
    return _done(person_id, "role")


@blueprint.post("/people/<person_id>/disable")
def disable(person_id: str) -> ResponseReturnValue:
    """Let a person sign in no more."""
    people.set_enabled(services(), person(), _name(person_id), False)
    return _done(person_id, "disabled")


@blueprint.post("/people/<person_id>/enable")
def enable(person_id: str) -> ResponseReturnValue:
    """Let a person sign in again."""
    people.set_enabled(services(), person(), _name(person_id), True)
    return _done(person_id, "enabled")


@blueprint.post("/people/<person_id>/link")
def add_link(person_id: str) -> ResponseReturnValue:
    """Show a sign-in link, this once."""
    return _shown(person_id, link=people.add_link(services(), person(), _name(person_id)))


@blueprint.post("/people/<person_id>/sessions/end")
def end_sessions(person_id: str) -> ResponseReturnValue:
    """End every session of a person."""
    people.end_sessions(services(), person(), _name(person_id))
    return _done(person_id, "sessions")


@blueprint.post("/people/<person_id>/second-factor/remove")
def reset_second_factor(person_id: str) -> ResponseReturnValue:
    """Remove the second factor of somebody who lost it."""
    second_factor.reset(services(), person(), _name(person_id))
    return _done(person_id, "second-factor")


@blueprint.post("/people/<person_id>/tokens")
def add_token(person_id: str) -> ResponseReturnValue:
    """Show a new API token, this once."""
    scopes, days = request.form.getlist("scope"), whole_days(request.form)
    token = tokens.add_token(services(), person(), _name(person_id), days=days, scopes=scopes)
    return _shown(person_id, token=token)


@blueprint.post("/people/<person_id>/tokens/<token_id>/revoke")
def revoke_token(person_id: str, token_id: str) -> ResponseReturnValue:
    """Make an API token invalid."""
    tokens.revoke_token(services(), person(), token_id)
    return _done(person_id, "token")


def _name(person_id: str) -> str:
    return people.get_person(services(), person().tenant, person_id)[0].person.name


def _shown(person_id: str, **new: str) -> ResponseReturnValue:
    """The page of a person; `new` is a link or token that is shown this once."""
    row, is_genuine = people.get_person(services(), person().tenant, person_id)
    theirs = tokens.list_tokens(services(), row.person.tenant, row.person.name)
    permissions = PERMISSIONS_OF_ROLE[row.person.role]
    about = {"row": row, "is_genuine": is_genuine, "tokens": theirs, "permissions": sorted(permissions)}
    about["passkeys"] = passkeys.own_passkeys(services(), row.person)
    return render_template("person.html", **about, **new)


def _done(person_id: str, what: str) -> ResponseReturnValue:
    return redirect(url_for("people.show", person_id=person_id, done=what), code=303)
