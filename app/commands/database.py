"""`database migrate`."""

import click

from app.commands.invocation import plain_errors
from app.config import Settings
from app.storage import migrate


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `database`."""
    group = click.Group("database", help="The database and its schema.")

    @group.command("migrate")
    @plain_errors
    def migrate_database() -> None:
        """Make the database, or bring it to this version's schema."""
        migrate(settings.database_url)
        click.echo("The database is up to date.")

    return (group,)
