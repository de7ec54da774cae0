"""`retention purge` and `audit …`: how long records are kept, and who did what to them."""

import json
import signal
from pathlib import Path
from threading import Event

import click

from app.commands.invocation import TENANT, plain_errors
from app.config import Settings
from app.errors import Unavailable
from app.exchange_errors import PeerUnavailable
from app.services import RecordServices, build_record_services
from app.usecases.administration import maintenance
from app.usecases.administration.audit_record import Head, audit_head, broken_entry, show_audit
from app.usecases.audit_export.forward import forward
from app.usecases.audit_export.syslog import Receiver, parse_receiver

_PASS_S = 2.0
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


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

    @group.command("forward")
    @click.argument("address")
    @click.option("--ca", type=_FILE, help="PEM of the receiver's authorities; the usual ones without it.")
    @click.option("--certificate", type=_FILE, help="PEM of a certificate of our own.")
    @click.option("--key", type=_FILE, help="PEM of its key.")
    @click.option("--once", is_flag=True, help="Send what is there, and end.")
    @plain_errors
    def forward_all(address: str, ca: Path | None, certificate: Path | None, key: Path | None, once: bool) -> None:
        """Send every tenant's entries to ADDRESS as DICOM audit messages until stopped.

        ADDRESS is syslog+tls://HOST:PORT, syslog+tcp://HOST:PORT or syslog+udp://HOST:PORT.
        """
        services = build_record_services(settings)
        receiver = parse_receiver(address, ca=ca, certificate=certificate, key=key)
        if once:
            click.echo(f"{forward(services, receiver)} entries sent.")
        else:
            _forward_until_stopped(services, receiver)
        services.store.close()

    return group


def _forward_until_stopped(services: RecordServices, receiver: Receiver) -> None:
    """Send new entries every few seconds; a receiver that is away is told of once, and tried again."""
    stopped, is_away = Event(), False
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    click.echo(f"forwarding to {receiver.address}")
    while not stopped.wait(_PASS_S):
        try:
            forward(services, receiver)
            is_away = False
        except (PeerUnavailable, Unavailable) as failure:
            if not is_away:
                click.echo(f"{failure} Trying again.", err=True)
            is_away = True
