"""Entries of the audit record as DICOM audit messages: codes and ids, never a name or a value of a patient.

Source: DICOM PS3.15 A.5 (audit message format), PS3.16 CID 400 (events) and CID 401 (types of events).
"""

import base64
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args
from xml.etree.ElementTree import Element, SubElement, tostring

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from app.records import AuditEvent, Role

# Create, read, update, delete, execute (PS3.15 A.5.2.1).
Act = Literal["C", "R", "U", "D", "E"]
_SUCCESS, _MINOR_FAILURE = "0", "4"
_SOURCE = "fracture-detection"
# PS3.15 A.5.2.4: an application server process.
_SOURCE_TYPE = ("4", "Application Server")


class _Kind(NamedTuple):
    """Event, act and type of event that the standard has for an action, and whether it failed."""

    event: Code
    act: Act
    type: Code | None = None
    is_refused: bool = False


_EVENTS, _TYPES = codes.cid400, codes.cid401
_LOGIN = _Kind(_EVENTS.UserAuthentication, "E", _TYPES.Login)
_LOGOUT = _Kind(_EVENTS.UserAuthentication, "E", _TYPES.Logout)
_LOGIN_REFUSED = _LOGIN._replace(is_refused=True)
_PERSON = _Kind(_EVENTS.SecurityAlert, "U", _TYPES.UserSecurityAttributesChanged)
_ROLE = _Kind(_EVENTS.SecurityAlert, "U", _TYPES.SecurityRolesChanged)
_SECURITY = _Kind(_EVENTS.SecurityAlert, "U", _TYPES.SecurityConfiguration)
_REFUSED = _Kind(_EVENTS.SecurityAlert, "E", _TYPES.UseOfRestrictedFunction, is_refused=True)
_READ = _Kind(_EVENTS.DICOMInstancesAccessed, "R")
_CHANGED = _Kind(_EVENTS.DICOMInstancesAccessed, "U")
_IMPORTED = _Kind(_EVENTS.Import, "C")
_DELETED = _Kind(_EVENTS.DICOMStudyDeleted, "D")
_EXPORTED = _Kind(_EVENTS.Export, "R")
_QUERIED = _Kind(_EVENTS.Query, "E")
_NETWORK = _Kind(_EVENTS.SecurityAlert, "U", _TYPES.NetworkConfiguration)
# An action that is not listed is one of the application.
_OTHER = _Kind(_EVENTS.ApplicationActivity, "E")
_KINDS: Mapping[str, _Kind] = {
    "signed-in": _LOGIN,
    "signed-in-by-link": _LOGIN,
    "signed-in-by-passkey": _LOGIN,
    "sign-in-refused": _LOGIN_REFUSED,
    "second-factor-refused": _LOGIN_REFUSED,
    "password-change-refused": _LOGIN_REFUSED,
    "signed-out": _LOGOUT,
    "session-ended": _LOGOUT,
    "sessions-ended": _LOGOUT,
    "other-sessions-ended": _LOGOUT,
    "refused": _REFUSED,
    "person-added": _PERSON,
    "person-enabled": _PERSON,
    "person-disabled": _PERSON,
    "password-set": _PERSON,
    "password-changed": _PERSON,
    "link-added": _PERSON,
    "token-added": _PERSON,
    "token-revoked": _PERSON,
    "passkey-added": _PERSON,
    "passkey-removed": _PERSON,
    "second-factor-enabled": _PERSON,
    "second-factor-removed": _PERSON,
    "recovery-codes-renewed": _PERSON,
    "tenant-added": _SECURITY,
    "master-key-added": _SECURITY,
    "audit-viewed": _Kind(_EVENTS.AuditLogUsed, "R"),
    "study-viewed": _READ,
    "study-read": _READ,
    "study-unread": _CHANGED,
    "image-inferred": _CHANGED,
    "feedback-added": _CHANGED,
    "disagreement-closed": _CHANGED,
    "scope-overruled": _CHANGED,
    "study-details-changed": _CHANGED,
    "study-restored": _CHANGED,
    "study-held": _CHANGED,
    "report-made": _READ,
    "report-signed": _CHANGED,
    "study-created": _IMPORTED,
    "images-added": _IMPORTED,
    "image-received": _Kind(_EVENTS.DICOMInstancesTransferred, "C"),
    "study-deleted": _DELETED,
    "study-expired": _DELETED,
    "patient-erased": _Kind(_EVENTS.PatientRecord, "D"),
    "patient-exported": _EXPORTED,
    "feedback-exported": _EXPORTED,
    "support-exported": _EXPORTED,
    "worklist-viewed": _QUERIED,
    "archive-searched": _QUERIED,
    "subscription-added": _NETWORK,
    "subscription-removed": _NETWORK,
    **{f"role-set-{role}": _ROLE for role in get_args(Role)},
}


def audit_message(event: AuditEvent) -> bytes:
    """The message of one entry, as XML in UTF-8."""
    kind = _KINDS.get(event.action, _OTHER)
    message = Element("AuditMessage")
    about = SubElement(
        message,
        "EventIdentification",
        EventActionCode=kind.act,
        EventDateTime=event.at.isoformat(timespec="milliseconds"),
        EventOutcomeIndicator=_MINOR_FAILURE if kind.is_refused else _SUCCESS,
    )
    _coded(about, "EventID", kind.event)
    if kind.type is not None:
        _coded(about, "EventTypeCode", kind.type)
    SubElement(message, "ActiveParticipant", UserID=event.actor, UserIsRequestor="true")
    source = SubElement(message, "AuditSourceIdentification", AuditEnterpriseSiteID=event.tenant, AuditSourceID=_SOURCE)
    SubElement(source, "AuditSourceTypeCode", {"csd-code": _SOURCE_TYPE[0], "originalText": _SOURCE_TYPE[1]})
    _object(message, event)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + bytes(tostring(message, encoding="unicode"), "utf-8")


def _object(message: Element, event: AuditEvent) -> None:
    """Add the object of the entry by its id, with the action and the number of the entry."""
    # A system object (2) that is a resource (6), under an identifier of the application itself.
    thing = SubElement(
        message,
        "ParticipantObjectIdentification",
        ParticipantObjectID=event.subject,
        ParticipantObjectTypeCode="2",
        ParticipantObjectTypeCodeRole="6",
    )
    kind = {"csd-code": "12", "codeSystemName": "RFC-3881", "originalText": "URI"}
    SubElement(thing, "ParticipantObjectIDTypeCode", kind)
    for name, value in (("action", event.action), ("sequence", str(event.sequence))):
        SubElement(thing, "ParticipantObjectDetail", type=name, value=base64.b64encode(value.encode()).decode())


def _coded(parent: Element, name: str, code: Code) -> None:
    attributes = {"csd-code": code.value, "codeSystemName": code.scheme_designator, "originalText": code.meaning}
    SubElement(parent, name, attributes)
