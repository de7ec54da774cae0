"""`database migrate`."""

import click

from app.commands.invocation import plain_errors
from app.config import Settings
from app.usecases import audit
from app.usecases.administration.upgrade import upgrade_database


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `database`."""
    group = click.Group("database", help="The database and its schema.")

    @group.command("migrate")
    @plain_errors
    def migrate_database() -> None:
        """Make the database, or bring it to this version's schema."""
        upgrade_database(settings, audit.command_user())
        click.echo("The database is up to date.")

    return (group,)
