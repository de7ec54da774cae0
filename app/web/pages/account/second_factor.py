"""Second factor: the code that is asked for while signing in, and the page where it is set up."""

import segno
from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.usecases.access import second_factor
from app.usecases.access.demand import is_demanded
from app.web.http.context import own_session, person, services
from app.web.http.guard import SESSION_TOKEN
from app.web.http.requests.query import local_path
from app.web.pages.sign_in import remember, start_of

blueprint = Blueprint("second_factor", __name__)


@blueprint.context_processor
def _factor() -> dict[str, object]:
    """The offer of a factor, the same one when a refused form comes back, or what is left of the one there is."""
    if not g.get("person"):
        return {}
    demanded = is_demanded(services(), person())
    if g.has_second_factor:
        return {"codes_left": second_factor.recovery_codes_left(services(), person()), "is_demanded": demanded}
    offer = second_factor.offer(services(), person(), request.form.get("sealed", ""))
    return {"offer": offer, "qr_code": _qr_code(offer.uri), "is_demanded": demanded}


@blueprint.get("/sign-in/code")
def ask() -> ResponseReturnValue:
    """The form for the code."""
    return render_template("code.html")


@blueprint.post("/sign-in/code")
def confirm() -> ResponseReturnValue:
    """Sign in by the code, after the password or link."""
    token, owner = second_factor.confirm(services(), session.get(SESSION_TOKEN, ""), request.form.get("code", ""))
    remember(token)
    return redirect(local_path(request.form.get("next")) if request.form.get("next") else start_of(owner), code=303)


@blueprint.get("/account/second-factor")
def setup() -> ResponseReturnValue:
    """A QR code for an authenticator, or what to do with the one that is set up."""
    return render_template("second_factor.html")


@blueprint.post("/account/second-factor")
def enable() -> ResponseReturnValue:
    """Keep the offered factor, and show the recovery codes, this once."""
    code, sealed = request.form.get("code", ""), request.form.get("sealed", "")
    codes = second_factor.enable(services(), own_session(), sealed, code)
    g.has_second_factor = True
    return render_template("second_factor.html", codes=codes)


@blueprint.post("/account/second-factor/codes")
def renew_codes() -> ResponseReturnValue:
    """Show other recovery codes, this once."""
    codes = second_factor.renew_recovery_codes(services(), own_session(), request.form.get("present", ""))
    return render_template("second_factor.html", codes=codes)


@blueprint.post("/account/second-factor/remove")
def disable() -> ResponseReturnValue:
    """Do without a second factor."""
    second_factor.disable(services(), own_session(), request.form.get("present", ""))
    return redirect(url_for("account.show", done="second-factor"), code=303)


def _qr_code(uri: str) -> Markup:
    drawing = segno.make(uri, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff")
    # Drawn by the library from an address that holds the name percent-encoded: no markup of anybody else's.
    return Markup(drawing)  # noqa: S704
