"""`retention purge` and `audit …`: how long records are kept, and who did what to them."""

import click

from app.commands.invocation import plain_errors
from app.config import Settings
from app.services import build_record_services
from app.usecases.administration import maintenance


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The groups `retention` and `audit`."""
    retention = click.Group("retention", help="How long studies are kept.")
    audit = click.Group("audit", help="The record of who did what.")

    @retention.command("purge")
    @plain_errors
    def purge() -> None:
        """Delete studies older than RETENTION_DAYS."""
        click.echo(f"{maintenance.purge_expired(build_record_services(settings))} studies deleted.")

    @audit.command("verify")
    @plain_errors
    def verify() -> None:
        """Check that no audit entry was changed, removed or inserted."""
        verdicts = maintenance.verify_audit(build_record_services(settings))
        broken = {tenant: entry for tenant, entry in verdicts.items() if entry is not None}
        for tenant, entry in broken.items():
            click.echo(f"Tenant {tenant}: broken at entry {entry}.", err=True)
        if broken:
            raise click.exceptions.Exit(1)
        click.echo("The audit record is whole.")

    return retention, audit
