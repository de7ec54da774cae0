"""`webhooks …` and `outbox …`: tell other systems of studies, and look after messages that did not arrive."""

import json
from dataclasses import asdict

import click

from app.commands.invocation import TENANT, actor, plain_errors
from app.config import Settings
from app.services import build_record_services
from app.usecases.outbox import messages
from app.usecases.outbox.deliver import deliver
from app.usecases.outbox.senders import SENDERS


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The groups `webhooks` and `outbox`."""
    return _webhooks(settings), _outbox(settings)


def _webhooks(settings: Settings) -> click.Group:
    group = click.Group("webhooks", help="Addresses that are told of studies.")

    @group.command("add")
    @click.argument("url")
    @click.option("--event", "events", multiple=True, type=click.Choice(messages.EVENTS), help="All when left out.")
    @TENANT
    @plain_errors
    def add(url: str, events: tuple[messages.Event, ...], tenant: str) -> None:
        """Print the id and the secret of a new webhook, as JSON; the secret is shown this once."""
        new = messages.add_webhook(build_record_services(settings), actor(tenant), url, events or messages.EVENTS)
        click.echo(json.dumps(asdict(new)))

    @group.command("list")
    @TENANT
    @plain_errors
    def list_all(tenant: str) -> None:
        """Print the webhooks of a tenant, one JSON object a line."""
        for row in build_record_services(settings).store.outbox.subscriptions(tenant, messages.WEBHOOK):
            click.echo(json.dumps({"id": row.id, "url": row.address, "events": row.events}))

    @group.command("remove")
    @click.argument("webhook_id")
    @TENANT
    @plain_errors
    def remove(webhook_id: str, tenant: str) -> None:
        """Remove a webhook with the messages that wait for it."""
        messages.remove(build_record_services(settings), actor(tenant), webhook_id)

    return group


def _outbox(settings: Settings) -> click.Group:
    group = click.Group("outbox", help="Messages to other systems.")

    @group.command("list")
    @click.option("--dead", is_flag=True, help="Those that were given up, instead of those that wait.")
    @TENANT
    @plain_errors
    def list_all(dead: bool, tenant: str) -> None:
        """Print messages, one JSON object a line."""
        for row in build_record_services(settings).store.outbox.messages(tenant, dead=dead):
            about = {"id": row.id, "event": row.event, "study": row.study, "subscription": row.subscription}
            tried = {"attempts": row.attempts, "error": row.error, "due_at": row.due_at.isoformat()}
            click.echo(json.dumps(about | tried))

    @group.command("retry")
    @click.argument("message_id")
    @TENANT
    @plain_errors
    def retry(message_id: str, tenant: str) -> None:
        """Try a dead message again."""
        messages.revive(build_record_services(settings), actor(tenant), message_id)

    @group.command("send")
    @plain_errors
    def send() -> None:
        """Send what is due now; the server does so by itself."""
        click.echo(f"{deliver(build_record_services(settings), SENDERS)} messages were tried.")

    return group
