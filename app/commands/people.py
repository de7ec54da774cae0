"""`people …`, `sessions …` and `tenants …`."""

import json

import click

from app.commands.invocation import NAME, TENANT, actor, password, plain_errors
from app.config import Settings
from app.records import Role
from app.services import build_record_services
from app.usecases import audit
from app.usecases.access import second_factor, single_sign_on
from app.usecases.administration import people
from app.usecases.administration.roles import PERMISSIONS_OF_ROLE

ROLE = click.Choice(list(PERMISSIONS_OF_ROLE))


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The groups `people`, `sessions` and `tenants`."""
    return _people(settings), _sessions(settings), _tenants(settings)


def _people(settings: Settings) -> click.Group:
    group = click.Group("people", help="The people who may sign in.")
    _add_and_list(group, settings)
    _access(group, settings)
    _other_ways_in(group, settings)
    return group


def _add_and_list(group: click.Group, settings: Settings) -> None:
    @group.command("add")
    @NAME
    @click.option("--role", type=ROLE, required=True)
    @click.option("--no-password", is_flag=True, help="They sign in by links only.")
    @TENANT
    @plain_errors
    def add(name: str, role: Role, no_password: bool, tenant: str) -> None:
        """Add a person; the password is taken from standard input."""
        chosen = None if no_password else password()
        people.add_person(build_record_services(settings), actor(tenant), name, role, chosen)
        click.echo(f"Added {name} ({role}) to tenant {tenant}.")

    @group.command("list")
    @TENANT
    @plain_errors
    def list_people(tenant: str) -> None:
        """Print everybody of a tenant, one JSON object a line."""
        for row, is_genuine in people.list_people(build_record_services(settings), tenant):
            state = ("active" if row.is_enabled else "disabled") if is_genuine else "forged"
            identity = {"id": row.person.id, "name": row.person.name, "role": row.person.role, "state": state}
            more = {"has_password": row.password_hash is not None, "created_at": row.created_at.isoformat()}
            click.echo(json.dumps(identity | more, ensure_ascii=False))


def _access(group: click.Group, settings: Settings) -> None:
    @group.command("disable")
    @NAME
    @TENANT
    @plain_errors
    def disable(name: str, tenant: str) -> None:
        """Let a person sign in no more; their sessions, tokens and links end at once."""
        people.set_enabled(build_record_services(settings), actor(tenant), name, False)
        click.echo(f"{name} is disabled.")

    @group.command("enable")
    @NAME
    @TENANT
    @plain_errors
    def enable(name: str, tenant: str) -> None:
        """Let a person sign in again."""
        people.set_enabled(build_record_services(settings), actor(tenant), name, True)
        click.echo(f"{name} is enabled.")

    @group.command("role")
    @NAME
    @click.argument("role", type=ROLE)
    @TENANT
    @plain_errors
    def set_role(name: str, role: Role, tenant: str) -> None:
        """Give a person another role; their sessions, tokens and links end at once."""
        people.set_role(build_record_services(settings), actor(tenant), name, role)
        click.echo(f"{name} is {role} now.")

    @group.command("password")
    @NAME
    @TENANT
    @plain_errors
    def set_password(name: str, tenant: str) -> None:
        """Set a new password, taken from standard input; sessions, tokens and links end at once."""
        people.set_password(build_record_services(settings), actor(tenant), name, password())
        click.echo(f"The password of {name} is set.")

    @group.command("link")
    @NAME
    @TENANT
    @plain_errors
    def link(name: str, tenant: str) -> None:
        """Print the path of a sign-in link that works once, within the hour."""
        click.echo(f"/sign-in/{people.add_link(build_record_services(settings), actor(tenant), name)}")


def _other_ways_in(group: click.Group, settings: Settings) -> None:
    @group.command("reset-second-factor")
    @NAME
    @TENANT
    @plain_errors
    def reset_second_factor(name: str, tenant: str) -> None:
        """Remove second factor and passkeys of somebody who lost them; their sessions, tokens and links end at once."""
        second_factor.reset(build_record_services(settings), actor(tenant), name)
        click.echo(f"{name} has no second factor and no passkeys any more.")

    @group.command("connect")
    @NAME
    @click.argument("subject")
    @TENANT
    @plain_errors
    def connect(name: str, subject: str, tenant: str) -> None:
        """Let a person come in by single sign-on, where they are called SUBJECT (the claim `sub`)."""
        single_sign_on.connect_identity(build_record_services(settings), actor(tenant), name, subject)
        click.echo(f"{name} may come in by single sign-on.")


def _sessions(settings: Settings) -> click.Group:
    group = click.Group("sessions", help="Browsers that are signed in.")

    @group.command("end")
    @NAME
    @TENANT
    @plain_errors
    def end(name: str, tenant: str) -> None:
        """End every session of a person."""
        ended = people.end_sessions(build_record_services(settings), actor(tenant), name)
        click.echo(f"{ended} sessions ended.")

    return group


def _tenants(settings: Settings) -> click.Group:
    group = click.Group("tenants", help="Clinics or departments, none of which sees the records of another.")

    @group.command("add")
    @click.argument("tenant")
    @plain_errors
    def add(tenant: str) -> None:
        """Add a tenant."""
        people.add_tenant(build_record_services(settings), audit.command_user(), tenant)
        click.echo(f"Added tenant {tenant}.")

    @group.command("list")
    @plain_errors
    def list_tenants() -> None:
        """Print every tenant, one JSON object a line."""
        for name, created_at in people.list_tenants(build_record_services(settings)):
            click.echo(json.dumps({"name": name, "created_at": created_at.isoformat()}, ensure_ascii=False))

    return group
