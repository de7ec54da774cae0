"""Administration on the command line: `flask --app wsgi …`. Each command calls one use case and prints its result."""

import click

from app.commands import database, feedback, keys, originals, outbox, patients, people, records, tokens, worklist
from app.config import Settings

GROUPS = (database, people, tokens, keys, records, originals, feedback, worklist, outbox, patients)


def is_administration() -> bool:
    """Whether `flask` is looking up one of the commands below, rather than serving, routing or opening a shell.

    Flask loads the application inside its command group for commands that only the application knows, and inside the
    command itself for its own (`run`, `routes`, `shell`).
    """
    context = click.get_current_context(silent=True)
    return context is not None and context.parent is None


def register_commands(cli: click.Group, settings: Settings) -> None:
    """Add the commands, working on the database and keys of the settings."""
    for group in GROUPS:
        for command in group.commands(settings):
            cli.add_command(command)
