"""`originals …`: files as they came, in the database or in the bucket of ORIGINALS_URL."""

from typing import Literal

import click

from app.commands.invocation import plain_errors
from app.config import Settings
from app.services import build_record_services
from app.usecases import audit
from app.usecases.administration import originals


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `originals`."""
    group = click.Group("originals", help="Files as they came, in the database or in a bucket.")

    @group.command("move")
    @click.option("--to", "target", type=click.Choice(["bucket", "database"]), required=True)
    @plain_errors
    def move(target: Literal["bucket", "database"]) -> None:
        """Move all originals into the bucket of ORIGINALS_URL, or back; also while the app serves."""
        services, user = build_record_services(settings), audit.command_user()
        to_bucket = target == "bucket"
        moved = originals.move_to_bucket(services, user) if to_bucket else originals.move_to_database(services, user)
        click.echo(f"{moved} originals moved.")

    @group.command("sweep")
    @plain_errors
    def sweep() -> None:
        """Remove objects older than a day that no image names."""
        removed = originals.sweep_orphans(build_record_services(settings), audit.command_user())
        click.echo(f"{removed} orphans removed.")

    return (group,)
