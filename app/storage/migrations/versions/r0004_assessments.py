"""Name the sealed column after its content: the assessment of an image."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Rename the column; the ciphertext stays."""
    op.alter_column("images", "sealed_reading", new_column_name="sealed_assessment")
