"""Administration on the command line: `flask --app wsgi …`. Each command calls one use case and says what it did."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

from app.config import Settings
from app.detection import load_model_spec
from app.errors import ConfigError, FractureError
from app.records import Role
from app.security import new_master_key
from app.services import Desk, build_desk
from app.storage import migrate
from app.usecases.administration import maintenance as house
from app.usecases.administration import people
from app.usecases.feedback.export import Exported, export_feedback
from app.usecases.worklist import worklist

P = ParamSpec("P")

TENANT = click.option("--tenant", default="default", show_default=True, help="Whose people and studies these are.")
NAME = click.argument("name")


def is_administration() -> bool:
    """Whether `flask` is looking up one of the commands below, rather than serving, routing or opening a shell.

    Flask loads the application inside its command group for commands that only the application knows, and inside the
    command itself for its own (`run`, `routes`, `shell`).
    """
    context = click.get_current_context(silent=True)
    return context is not None and context.parent is None


def register_commands(cli: click.Group, settings: Settings) -> None:
    """Add the commands, working on what the settings name."""
    for group in (_database, _people, _tokens, _keys, _house, _feedback, _worklist):
        for command in group(settings):
            cli.add_command(command)


def _database(settings: Settings) -> tuple[click.Command, ...]:
    database = click.Group("database", help="The database and its schema.")

    @database.command("migrate")
    @_plain_errors
    def migrate_database() -> None:
        """Make the database, or bring it to this version's schema."""
        migrate(settings.database_url)
        click.echo("The database is up to date.")

    return (database,)


def _people(settings: Settings) -> tuple[click.Command, ...]:
    group = click.Group("people", help="Who may sign in.")

    @group.command("add")
    @NAME
    @click.option("--role", type=click.Choice(["clinician", "admin"]), required=True)
    @click.option("--no-password", is_flag=True, help="They sign in by links only.")
    @TENANT
    @_plain_errors
    def add(name: str, role: Role, no_password: bool, tenant: str) -> None:
        """Add a person; the password is read from standard input."""
        people.add_person(build_desk(settings), tenant, name, role, None if no_password else _password())
        click.echo(f"Added {name} ({role}) to tenant {tenant}.")

    @group.command("password")
    @NAME
    @TENANT
    @_plain_errors
    def password(name: str, tenant: str) -> None:
        """Set a new password, read from standard input."""
        people.set_password(build_desk(settings), tenant, name, _password())
        click.echo(f"The password of {name} is set.")

    @group.command("link")
    @NAME
    @TENANT
    @_plain_errors
    def link(name: str, tenant: str) -> None:
        """Print the path of a sign-in link that works once, within the hour."""
        click.echo(f"/sign-in/{people.add_link(build_desk(settings), tenant, name)}")

    return (group,)


def _tokens(settings: Settings) -> tuple[click.Command, ...]:
    group = click.Group("tokens", help="What lets programs use the API.")

    @group.command("add")
    @NAME
    @TENANT
    @_plain_errors
    def add(name: str, tenant: str) -> None:
        """Print a new API token that acts for a person; it is shown this once."""
        click.echo(people.add_token(build_desk(settings), tenant, name))

    return (group,)


def _keys(settings: Settings) -> tuple[click.Command, ...]:
    group = click.Group("keys", help="The master keys.")

    @group.command("new")
    def new() -> None:
        """Print a new master key, to be written before the others in MASTER_KEYS."""
        click.echo(new_master_key())

    @group.command("rotate")
    @click.option("--no-new", is_flag=True, help="Use the first key that is there instead of making one.")
    @_plain_errors
    def rotate(no_new: bool) -> None:
        """Make a new master key, and wrap every study's key by it."""
        click.echo(
            f"{house.rotate_keys(build_desk(settings), not no_new)} studies are now under the newest master key."
        )

    return (group,)


def _house(settings: Settings) -> tuple[click.Command, ...]:
    retention = click.Group("retention", help="How long studies are kept.")
    audit = click.Group("audit", help="Who did what.")

    @retention.command("purge")
    @_plain_errors
    def purge() -> None:
        """Delete studies older than RETENTION_DAYS."""
        click.echo(f"{house.purge_expired(build_desk(settings))} studies deleted.")

    @audit.command("verify")
    @_plain_errors
    def verify() -> None:
        """Check that no audit entry was changed, removed or inserted."""
        _say_audit(build_desk(settings))

    return retention, audit


def _feedback(settings: Settings) -> tuple[click.Command, ...]:
    group = click.Group("feedback", help="What readers said of images.")

    @group.command("export")
    @click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
    @click.option("--newest-wins", is_flag=True, help="Where readers contradict each other, take the newest answer.")
    @TENANT
    @_plain_errors
    def export(folder: Path, newest_wins: bool, tenant: str) -> None:
        """Write a de-identified data set for training into DIR, which must be new or empty.

        Images without a whole verdict, or with readers who contradict each other, are left out and counted in the
        manifest. The images are not encrypted: whoever names the folder answers for it.
        """
        regions = load_model_spec(settings.models_dir).regions
        _say_exported(export_feedback(build_desk(settings), tenant, folder, regions, newest_wins), folder)

    return (group,)


def _worklist(settings: Settings) -> tuple[click.Command, ...]:
    group = click.Group("worklist", help="The order in which studies are to be read.")

    @group.command("index")
    @_plain_errors
    def index() -> None:
        """Sort in every study that came before this version, or before SECRET_KEY changed."""
        click.echo(f"{worklist.index_all(build_desk(settings))} studies were sorted into the worklist.")

    return (group,)


def _say_exported(done: Exported, folder: Path) -> None:
    splits = ", ".join(f"{count} for {split}" for split, count in sorted(done.images.items()))
    click.echo(f"Images written to {folder}: {splits}. Boxes: {done.boxes}.")
    if done.left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(done.left_out.items()))
        click.echo(f"Left out: {reasons}.")
    if "val" not in done.images:
        click.echo("All come from one study, so none is kept for validation; training needs answers to another one.")


def _say_audit(desk: Desk) -> None:
    broken = {tenant: entry for tenant, entry in house.verify_audit(desk).items() if entry is not None}
    for tenant, entry in broken.items():
        click.echo(f"Tenant {tenant}: broken at entry {entry}.", err=True)
    if broken:
        raise click.exceptions.Exit(1)
    click.echo("The audit record is whole.")


def _password() -> str:
    """One line of standard input; asked for, unseen, when a person sits there."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise ConfigError("Give the password on standard input.")
    return line


def _plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Say an expected failure in its one line, and end with status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except FractureError as error:
            raise click.ClickException(str(error)) from error

    return wrapped
