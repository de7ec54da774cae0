"""The audit record of the own tenant, with filters."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.usecases.administration import audit_record
from app.web.http.context import person, services
from app.web.http.requests.administration import audit_args, audit_query

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
def show() -> ResponseReturnValue:
    """Entries, newest first."""
    return _page()


@blueprint.post("/audit/verify")
def verify() -> ResponseReturnValue:
    """Check that no entry was changed, removed or inserted."""
    tenant = person().tenant
    broken = audit_record.broken_entry(services(), tenant)
    return _page(is_verified=True, broken=broken, head=audit_record.audit_head(services(), tenant))


def _page(**verified: object) -> ResponseReturnValue:
    found = audit_record.search_audit(services(), person(), audit_query(request.args))
    return render_template("audit.html", page=found, args=audit_args(request.args), **verified)
