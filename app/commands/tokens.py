"""`tokens …`: API tokens of people."""

import json
from datetime import datetime

import click

from app.commands.invocation import NAME, TENANT, actor, plain_errors
from app.config import Settings
from app.services import build_record_services
from app.usecases.administration import tokens
from app.usecases.administration.roles import PERMISSIONS


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `tokens`."""
    group = click.Group("tokens", help="Tokens by which programs use the API.")

    @group.command("add")
    @NAME
    @click.option("--days", type=click.IntRange(min=1, max=36_500), help="Days after which it is not valid any more.")
    @click.option("--scope", "scopes", multiple=True, type=click.Choice(PERMISSIONS), help="May be given repeatedly.")
    @TENANT
    @plain_errors
    def add(name: str, days: int | None, scopes: tuple[str, ...], tenant: str) -> None:
        """Print a new API token that acts for a person; it is shown this once.

        Without options it may do all that its person may, without end.
        """
        services = build_record_services(settings)
        click.echo(tokens.add_token(services, actor(tenant), name, days=days, scopes=scopes))

    @group.command("list")
    @NAME
    @TENANT
    @plain_errors
    def list_tokens(name: str, tenant: str) -> None:
        """Print the tokens of a person, one JSON object a line; the tokens themselves are not stored."""
        for row in tokens.list_tokens(build_record_services(settings), tenant, name):
            times = {"expires_at": _time(row.expires_at), "last_used_at": _time(row.last_used_at)}
            line = {"id": row.id, "scopes": row.scopes, "created_at": _time(row.created_at), **times}
            click.echo(json.dumps(line))

    @group.command("revoke")
    @click.argument("token_id", metavar="ID")
    @TENANT
    @plain_errors
    def revoke(token_id: str, tenant: str) -> None:
        """Make a token invalid at once."""
        tokens.revoke_token(build_record_services(settings), actor(tenant), token_id)
        click.echo("The token is revoked.")

    return (group,)


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
