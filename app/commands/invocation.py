"""The shared parts of a command: its options, its actor, and failures in one line."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click

from app.errors import ConfigError, FractureError
from app.records import Actor
from app.usecases import audit

P = ParamSpec("P")

TENANT = click.option("--tenant", default="default", show_default=True, help="The tenant that this concerns.")
NAME = click.argument("name")


def actor(tenant: str) -> Actor:
    """The operating-system user as an actor in one tenant."""
    return audit.command_actor(tenant)


def password() -> str:
    """One line of standard input; asked for, unseen, when it is a terminal."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise ConfigError("Give the password on standard input.")
    return line


def plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Print an expected failure in its one line, and end with status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except FractureError as error:
            raise click.ClickException(str(error)) from error

    return wrapped
