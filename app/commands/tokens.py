"""`tokens …`: API tokens of people."""

import click

from app.commands.invocation import NAME, TENANT, actor, plain_errors
from app.config import Settings
from app.services import build_record_services
from app.usecases.administration import people


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `tokens`."""
    group = click.Group("tokens", help="Tokens by which programs use the API.")

    @group.command("add")
    @NAME
    @TENANT
    @plain_errors
    def add(name: str, tenant: str) -> None:
        """Print a new API token that acts for a person; it is shown this once."""
        click.echo(people.add_token(build_record_services(settings), actor(tenant), name))

    return (group,)
