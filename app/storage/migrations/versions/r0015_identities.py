"""Identities of people at an identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "identities",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "person", "issuer", "subject")),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", name="pk_identities"),
        sa.UniqueConstraint("tenant", "issuer", "subject", name="uq_identities_tenant_issuer_subject"),
        sa.ForeignKeyConstraint(
            ["tenant", "person"], ["people.tenant", "people.id"], name="fk_identities_people", ondelete="CASCADE"
        ),
    )
