"""Originals in a bucket: the key of the object that holds one."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column; originals that are there stay in the database."""
    op.add_column("originals", sa.Column("object", sa.Text))
    op.create_index("ix_originals_object", "originals", ["object"], unique=True)
