"""Forward the audit record of every tenant to a syslog receiver, each entry once the one before it is sent."""

from app.records import AuditEntry
from app.services import RecordServices
from app.usecases.audit_export.messages import audit_message
from app.usecases.audit_export.syslog import Receiver, sending

_AT_ONCE = 200


def forward(services: RecordServices, receiver: Receiver) -> int:
    """Send every entry that the receiver has not got; says how many.

    Syslog has no acknowledgement: what a receiver loses after the connection took it is lost, and entries of a
    connection that breaks are sent again.

    Raises:
        PeerUnavailable: the receiver does not answer; entries wait.
        ConfigError: the files for TLS cannot be used.
    """
    return sum(_forward_tenant(services, receiver, tenant) for tenant in services.store.audit.tenants())


def _forward_tenant(services: RecordServices, receiver: Receiver, tenant: str) -> int:
    done = 0
    while entries := _next(services, receiver, tenant):
        with sending(receiver) as send:
            for entry in entries:
                send(audit_message(entry.event), entry.event.at)
        services.store.audit.note_exported(tenant, receiver.address, entries[-1].event.sequence)
        done += len(entries)
    return done


def _next(services: RecordServices, receiver: Receiver, tenant: str) -> tuple[AuditEntry, ...]:
    position = services.store.audit.exported(tenant, receiver.address)
    return services.store.audit.after(tenant, position, _AT_ONCE)
