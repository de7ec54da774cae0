"""How far the audit record was sent to each receiver."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "audit_exports",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "receiver")),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "receiver", name="pk_audit_exports"),
    )
