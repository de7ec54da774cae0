"""HTTP in, HTTP out: pages, API, sign-in; no decision about a radiograph is made here."""

from app.web.factory import command_carrier, create_app

__all__ = ["command_carrier", "create_app"]
