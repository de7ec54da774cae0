"""Keep patients, closed disagreements, signed reports, repeatable requests and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_STUDY = (["tenant", "study"], ["studies.tenant", "studies.id"])


def upgrade() -> None:
    """Add one column and five tables."""
    op.add_column("studies", sa.Column("sealed_details", sa.LargeBinary))
    _closings()
    _reports()
    _idempotency()
    _outbox()


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in names]


def _blobs(*names: str) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary, nullable=False) for name in names]


def _of_study(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(*_STUDY, name=f"fk_{table}_studies", ondelete="CASCADE")


def _closings() -> None:
    op.create_table(
        "closings",
        *_texts("tenant", "id", "study", "person"),
        *_times("created_at"),
        *_blobs("sealed"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_closings"),
        _of_study("closings"),
    )
    op.create_index("ix_closings_tenant_study", "closings", ["tenant", "study"])


def _reports() -> None:
    op.create_table(
        "reports",
        *_texts("tenant", "id", "study"),
        sa.Column("version", sa.Integer, nullable=False),
        *_texts("person"),
        *_times("created_at"),
        *_blobs("sealed"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_reports"),
        sa.UniqueConstraint("tenant", "study", "version", name="uq_reports_tenant_study_version"),
        _of_study("reports"),
    )


def _idempotency() -> None:
    op.create_table(
        "idempotency",
        *_texts("tenant", "person"),
        *_blobs("digest", "fingerprint"),
        *_texts("study"),
        *_times("created_at"),
        *_blobs("sealed"),
        sa.PrimaryKeyConstraint("tenant", "person", "digest", name="pk_idempotency"),
        _of_study("idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])


def _outbox() -> None:
    op.create_table(
        "subscriptions",
        *_texts("tenant", "id", "channel", "address", "events"),
        *_times("created_at"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_subscriptions"),
    )
    op.create_table(
        "outbox",
        *_texts("tenant", "id", "subscription", "event", "study"),
        *_times("created_at", "due_at"),
        sa.Column("attempts", sa.Integer, nullable=False),
        *_texts("error"),
        sa.Column("is_dead", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_outbox"),
        sa.ForeignKeyConstraint(
            ["tenant", "subscription"],
            ["subscriptions.tenant", "subscriptions.id"],
            name="fk_outbox_subscriptions",
            ondelete="CASCADE",
        ),
        _of_study("outbox"),
    )
    op.create_index("ix_outbox_is_dead_due_at", "outbox", ["is_dead", "due_at"])
