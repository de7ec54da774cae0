"""`database migrate` and `database backup`."""

from pathlib import Path

import click

from app.commands.invocation import plain_errors
from app.config import Settings
from app.storage import open_store
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

    @group.command("backup")
    @click.argument("file", type=click.Path(path_type=Path))
    @plain_errors
    def back_up(file: Path) -> None:
        """Copy a SQLite database to the new FILE, also while the application serves; keep keys elsewhere."""
        open_store(settings.database_url).back_up(file)
        click.echo(f"The database is in {file}.")

    return (group,)
