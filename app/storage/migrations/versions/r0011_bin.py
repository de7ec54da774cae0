"""Deleted studies wait in a bin; a study may be held; thumbnails, and preferences of people."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add three columns, their index and two tables."""
    op.add_column("studies", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.add_column("studies", sa.Column("deleted_by", sa.Text))
    op.add_column("studies", sa.Column("is_held", sa.Boolean, nullable=False, server_default=sa.false()))
    in_bin = sa.text("deleted_at IS NOT NULL")
    op.create_index(
        "ix_studies_tenant_deleted_at_id",
        "studies",
        ["tenant", "deleted_at", "id"],
        sqlite_where=in_bin,
        postgresql_where=in_bin,
    )
    op.create_table(
        "thumbnails",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "image")),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "image", name="pk_thumbnails"),
        sa.ForeignKeyConstraint(
            ["tenant", "image"], ["images.tenant", "images.id"], name="fk_thumbnails_images", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "preferences",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "person", "name", "value")),
        sa.PrimaryKeyConstraint("tenant", "person", "name", name="pk_preferences"),
        sa.ForeignKeyConstraint(
            ["tenant", "person"], ["people.tenant", "people.id"], name="fk_preferences_people", ondelete="CASCADE"
        ),
    )
