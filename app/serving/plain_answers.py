"""Answers that the application is not asked for: there is no request to hand over, or no thread to spare."""

import json
import secrets
from http import HTTPStatus

from app.errors import BadRequest, Busy, SlowRequest, UploadTooLarge
from app.serving.exchange import Answer

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{status} {phrase}</title><h1>{phrase}</h1><p>{message}</p></html>
"""
_CODE_AND_MESSAGE = {
    408: (SlowRequest.code, SlowRequest.message),
    413: (UploadTooLarge.code, UploadTooLarge.message),
    500: ("internal", "Something went wrong on the server. Nothing of what was stored before is lost."),
    503: (Busy.code, Busy.message),
}


def plain_answer(status: int, received: bytes) -> Answer:
    """Answer with an error and end the connection: JSON for the API, else a page.

    received: the beginning of the request, which tells them apart.
    """
    code, message = _CODE_AND_MESSAGE.get(status, (BadRequest.code, BadRequest.message))
    phrase = HTTPStatus(status).phrase
    if b" /api/" in received[:64]:
        about = {"code": code, "message": message, "request_id": secrets.token_hex(8)}
        kind, text = "application/json", json.dumps({"error": about})
    else:
        kind, text = "text/html; charset=utf-8", _PAGE.format(status=status, phrase=phrase, message=message)
    content = text.encode()
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Content-Security-Policy: default-src 'none'",
        "Connection: close",
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        lines.append(f"Retry-After: {Busy.retry_after_s}")
    return Answer(("\r\n".join(lines).encode() + b"\r\n\r\n" + content,), closes=True)
