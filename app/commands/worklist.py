"""`worklist index`."""

import click

from app.commands.invocation import plain_errors
from app.config import Settings
from app.services import build_record_services
from app.usecases import audit
from app.usecases.worklist import worklist


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `worklist`."""
    group = click.Group("worklist", help="The order in which studies are to be read.")

    @group.command("index")
    @plain_errors
    def index() -> None:
        """Sort in every study that came before this version, or before SECRET_KEY changed."""
        indexed = worklist.index_all(build_record_services(settings), audit.command_user())
        click.echo(f"{indexed} studies were sorted into the worklist.")

    return (group,)
