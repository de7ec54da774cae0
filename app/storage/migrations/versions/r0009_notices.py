"""Notices for the next page of their person, for every process that may answer it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "notices",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "id", "study", "person")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_notices"),
        sa.ForeignKeyConstraint(
            ["tenant", "study"], ["studies.tenant", "studies.id"], name="fk_notices_studies", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_notices_tenant_study_person", "notices", ["tenant", "study", "person"])
    op.create_index("ix_notices_created_at", "notices", ["created_at"])
