"""Send a message as a webhook: ids and results, never patient data."""

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from app.services import RecordServices
from app.storage import MessageRow, SubscriptionRow
from app.usecases.outbox.deliver import DeliveryFailed
from app.usecases.sealed_records import open_study
from app.usecases.triage import study_verdict

TIMEOUT_S = 10.0
# What RFC 9110 and the specification of Standard Webhooks call final: the receiver wants no such message again.
GONE = 410


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: it could lead to an address that nobody subscribed."""

    def redirect_request(self, *_: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Refuse."""


def send_webhook(services: RecordServices, message: MessageRow, subscription: SubscriptionRow) -> None:
    """POST one message, signed.

    Raises:
        DeliveryFailed: the receiver does not answer with 2xx in time.
        StudyNotFound, StoredDataDamaged: the study was deleted, or does not open.
    """
    body = _body(services, message)
    signed = services.webhook_keys.headers(message.tenant, subscription.id, message.id, services.clock(), body)
    headers = {"Content-Type": "application/json", "User-Agent": "fracture-detection", **signed}
    request = urllib.request.Request(subscription.address, body, headers, method="POST")  # noqa: S310 - checked when added
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT_S):
            return
    except urllib.error.HTTPError as refusal:
        refusal.close()
        raise DeliveryFailed(f"http-{refusal.code}", is_final=refusal.code == GONE) from None
    except (OSError, HTTPException, ValueError):
        raise DeliveryFailed("no-answer") from None


def _body(services: RecordServices, message: MessageRow) -> bytes:
    study = open_study(services, services.store.studies.get(message.tenant, message.study))
    outcome = study.decision.outcome if study.decision else None
    result = {"study_id": study.id, "verdict": study_verdict(study), "outcome": outcome}
    return json.dumps({"type": message.event, "timestamp": message.created_at.isoformat(), "data": result}).encode()
