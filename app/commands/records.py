"""`retention purge` and `audit …`: how long records are kept, and who did what to them."""

import json

import click

from app.commands.invocation import TENANT, plain_errors
from app.config import Settings
from app.services import build_record_services
from app.usecases.administration import maintenance
from app.usecases.administration.audit_record import Head, audit_head, broken_entry, show_audit


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The groups `retention` and `audit`."""
    return _retention(settings), _audit(settings)


def _retention(settings: Settings) -> click.Group:
    group = click.Group("retention", help="How long studies are kept.")

    @group.command("purge")
    @click.option("--clock-is-right", is_flag=True, help="Purge also where nothing was entered for 90 days.")
    @plain_errors
    def purge(clock_is_right: bool) -> None:
        """Destroy studies older than RETENTION_DAYS or 30 days in the bin; remove expired sessions and tokens."""
        purged = maintenance.purge_expired(build_record_services(settings), is_clock_right=clock_is_right)
        click.echo(
            f"{purged.expired + purged.from_bin} studies deleted: {purged.expired} older than RETENTION_DAYS, "
            f"{purged.from_bin} after 30 days in the bin."
        )

    return group


def _audit(settings: Settings) -> click.Group:
    group = click.Group("audit", help="The record of who did what.")

    @group.command("show")
    @click.option("--limit", type=click.IntRange(min=1), help="The newest so many only.")
    @TENANT
    @plain_errors
    def show(limit: int | None, tenant: str) -> None:
        """Print the entries of a tenant, oldest first, one JSON object a line."""
        for entry in show_audit(build_record_services(settings), tenant, limit):
            event = entry.event
            line = {"sequence": event.sequence, "at": event.at.isoformat(), "actor": event.actor}
            click.echo(json.dumps({**line, "action": event.action, "subject": event.subject, "mac": entry.mac.hex()}))

    @group.command("head")
    @TENANT
    @plain_errors
    def head(tenant: str) -> None:
        """Print SEQ:MAC of the last entry, to be noted outside this database."""
        click.echo(str(audit_head(build_record_services(settings), tenant)))

    @group.command("verify")
    @click.option("--since", metavar="SEQ:MAC", help="A head that was noted earlier, which the record must contain.")
    @TENANT
    @plain_errors
    def verify(since: str | None, tenant: str) -> None:
        """Check that no entry was changed, removed or inserted; with --since also that none was cut off."""
        noted = Head.parse(since) if since else None
        broken = broken_entry(build_record_services(settings), tenant, noted)
        if broken is not None:
            click.echo(f"Tenant {tenant}: broken at entry {broken}.", err=True)
            raise click.exceptions.Exit(1)
        click.echo("The audit record is whole.")

    return group
