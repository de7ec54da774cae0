"""As much of a browser as forms and cookies need, for processes on several ports of one host."""

import http.cookiejar
import json
import secrets
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.fleet import any_certificate, form_token


@dataclass(frozen=True)
class Page:
    """An answer: status, address after redirects, headers and body."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Does not follow a redirect."""

    def redirect_request(self, *_request: object) -> None:
        return None


class Visitor:
    """Keeps cookies, which hold for every port of a host, and follows redirects."""

    def __init__(self, token: str | None = None, context: ssl.SSLContext | None = None) -> None:
        """token: of the API, sent as bearer."""
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        tls = urllib.request.HTTPSHandler(context=context or any_certificate())
        self._opener = urllib.request.build_opener(jar, tls)
        self._staying = urllib.request.build_opener(jar, tls, _Stay)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, url: str) -> Page:
        return self.send("GET", url)

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        follow: bool = True,
    ) -> Page:
        request = urllib.request.Request(url, body, {**self._headers, **(headers or {})}, method=method)
        try:
            with (self._opener if follow else self._staying).open(request, timeout=120) as answer:
                return Page(answer.status, answer.url, answer.headers, answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Page(refusal.code, refusal.url, refusal.headers, refusal.read())

    def submit(self, form_url: str, url: str, **fields: str) -> Page:
        """Open a page, and send its form with these fields to `url`."""
        fields["csrf_token"] = form_token(self.get(form_url).text)
        return self.send("POST", url, urllib.parse.urlencode(fields).encode())

    def send_files(
        self,
        url: str,
        files: Mapping[str, bytes],
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        follow: bool = True,
    ) -> Page:
        """Send a form with files by their names, as `multipart/form-data`."""
        boundary = secrets.token_hex(16)
        body = b""
        for name, value in (fields or {}).items():
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, content in files.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
            body += head.encode() + content + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.send("POST", url, body, {**kind, **(headers or {})}, follow=follow)
