"""Objects received from other systems: which are stored already, and which wait for inference."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "received",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "image", "study")),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("instance", "study_uid", "content")),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "image", name="pk_received"),
        sa.UniqueConstraint("tenant", "instance", name="uq_received_tenant_instance"),
        sa.ForeignKeyConstraint(
            ["tenant", "study"], ["studies.tenant", "studies.id"], name="fk_received_studies", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_received_tenant_study_uid_received_at", "received", ["tenant", "study_uid", "received_at"])
    op.create_index("ix_received_due_at", "received", ["due_at"])
