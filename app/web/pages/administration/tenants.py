"""Tenants of the installation."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app.usecases.administration import tenants
from app.web.http.context import person, services

blueprint = Blueprint("tenants", __name__)


@blueprint.context_processor
def _tenants() -> dict[str, object]:
    """The tenants, for the page and for the page that a refused form comes back to."""
    is_theirs = g.get("person") and tenants.may_found(person())
    return {"tenants": tenants.all_tenants(services(), person()) if is_theirs else ()}


@blueprint.get("/tenants")
def list_tenants() -> ResponseReturnValue:
    """Every tenant."""
    tenants.all_tenants(services(), person())
    return render_template("tenants.html")


@blueprint.post("/tenants")
def add() -> ResponseReturnValue:
    """Make a tenant, and show the sign-in link of its first administrator, this once."""
    new = tenants.NewTenant(*(request.form.get(name, "").strip() for name in ("name", "again", "admin")))
    link = tenants.found_tenant(services(), person(), new)
    return render_template("tenants.html", link=link, new=new)
