"""`keys …`: make and rotate master keys."""

import click

from app.commands.invocation import plain_errors
from app.config import Settings
from app.security import new_master_key
from app.services import build_record_services
from app.usecases import audit
from app.usecases.administration import maintenance


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `keys`."""
    group = click.Group("keys", help="The master keys.")

    @group.command("new")
    def new() -> None:
        """Print a new master key, to be written before the others in MASTER_KEYS."""
        click.echo(new_master_key())

    @group.command("rotate")
    @click.option("--no-new", is_flag=True, help="Use the first key that is there instead of making one.")
    @plain_errors
    def rotate(no_new: bool) -> None:
        """Make a new master key, and wrap every study's key by it."""
        rotated = maintenance.rotate_keys(build_record_services(settings), audit.command_user(), not no_new)
        click.echo(f"{rotated} studies are now under the newest master key.")

    @group.command("authenticate")
    @plain_errors
    def authenticate() -> None:
        """Authenticate people and audit records by the first secret of SECRET_KEY.

        Put a new secret before the others, restart, run this, note the heads that it prints, and issue new API tokens;
        then the older secrets may be removed.
        """
        for tenant, head in maintenance.authenticate_again(build_record_services(settings), audit.command_user()):
            click.echo(f"{tenant} {head}")

    return (group,)
