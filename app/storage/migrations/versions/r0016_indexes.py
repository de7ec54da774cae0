"""An index for every table whose rows go with a study, so that deleting one does not read all of them."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the indexes."""
    for table in ("received", "idempotency", "outbox"):
        op.create_index(f"ix_{table}_tenant_study", table, ["tenant", "study"])
