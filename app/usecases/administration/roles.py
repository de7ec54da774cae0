"""Roles and what each may do. `app.web.http.permissions` says which permission each route needs."""

from collections.abc import Collection
from typing import Literal, get_args

from app.errors import BadRequest
from app.records import Person, Role

# view: studies, images, reports. upload: new studies and views. answer: feedback and marks of what was read.
# edit: patient and label of a study. delete: studies. audit: the audit record. administer: people and tenants.
Permission = Literal["view", "upload", "answer", "edit", "delete", "audit", "administer"]

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
PERMISSIONS_OF_ROLE: dict[Role, frozenset[Permission]] = {
    "clinician": frozenset({"view", "upload", "answer", "edit", "delete"}),
    "reader": frozenset({"view", "answer"}),
    "uploader": frozenset({"upload"}),
    "auditor": frozenset({"audit"}),
    "admin": frozenset(PERMISSIONS),
}


def is_allowed(person: Person, permission: Permission, scopes: Collection[str] = ()) -> bool:
    """Whether a person may do something; `scopes` limit it further, none of them means no limit."""
    return permission in PERMISSIONS_OF_ROLE[person.role] and (not scopes or permission in scopes)


def checked_scopes(scopes: Collection[str]) -> tuple[Permission, ...]:
    """The scopes of a token, each once and in the order of `PERMISSIONS`.

    Raises:
        BadRequest: one is not a permission.
    """
    for scope in scopes:
        if scope not in PERMISSIONS:
            raise BadRequest("A scope must be one of %(scopes)s.", scopes=", ".join(PERMISSIONS))
    return tuple(scope for scope in PERMISSIONS if scope in scopes)
