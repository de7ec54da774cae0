"""Feedback of readers on images."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table; nothing that is there changes."""
    op.create_table(
        "feedback",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "id", "study", "image", "person")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_feedback"),
        sa.ForeignKeyConstraint(
            ["tenant", "image"], ["images.tenant", "images.id"], name="fk_feedback_images", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_feedback_tenant_study", "feedback", ["tenant", "study"])
    op.create_index("ix_feedback_tenant_image", "feedback", ["tenant", "image"])
    op.create_index("ix_feedback_tenant_created_at_id", "feedback", ["tenant", "created_at", "id"])
