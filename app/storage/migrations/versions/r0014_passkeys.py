"""Passkeys of people."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "passkeys",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "id", "person")),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("credential", "public_key")),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_passkeys"),
        sa.UniqueConstraint("credential", name="uq_passkeys_credential"),
        sa.ForeignKeyConstraint(
            ["tenant", "person"], ["people.tenant", "people.id"], name="fk_passkeys_people", ondelete="CASCADE"
        ),
    )
