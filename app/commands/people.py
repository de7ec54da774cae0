"""`people …`: add people, set passwords, make sign-in links."""

import click

from app.commands.invocation import NAME, TENANT, actor, password, plain_errors
from app.config import Settings
from app.records import Role
from app.services import build_record_services
from app.usecases.administration import people


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `people`."""
    group = click.Group("people", help="The people who may sign in.")

    @group.command("add")
    @NAME
    @click.option("--role", type=click.Choice(["clinician", "admin"]), required=True)
    @click.option("--no-password", is_flag=True, help="They sign in by links only.")
    @TENANT
    @plain_errors
    def add(name: str, role: Role, no_password: bool, tenant: str) -> None:
        """Add a person; the password is taken from standard input."""
        chosen = None if no_password else password()
        people.add_person(build_record_services(settings), actor(tenant), name, role, chosen)
        click.echo(f"Added {name} ({role}) to tenant {tenant}.")

    @group.command("password")
    @NAME
    @TENANT
    @plain_errors
    def set_password(name: str, tenant: str) -> None:
        """Set a new password, taken from standard input."""
        people.set_password(build_record_services(settings), actor(tenant), name, password())
        click.echo(f"The password of {name} is set.")

    @group.command("link")
    @NAME
    @TENANT
    @plain_errors
    def link(name: str, tenant: str) -> None:
        """Print the path of a sign-in link that works once, within the hour."""
        click.echo(f"/sign-in/{people.add_link(build_record_services(settings), actor(tenant), name)}")

    return (group,)
