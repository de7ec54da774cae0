"""Sessions with the way, browser and address that they were begun by; open sessions end."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_PERSON = (["tenant", "person"], ["people.tenant", "people.id"])
_TIMES = ("created_at", "expires_at", "last_seen_at")


def upgrade() -> None:
    """Make the table anew: the MAC of a session covers the new columns."""
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "id", "person")),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in _TIMES),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("method", "browser", "address")),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_sessions"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
        sa.ForeignKeyConstraint(*_PERSON, name="fk_sessions_people", ondelete="CASCADE"),
    )
