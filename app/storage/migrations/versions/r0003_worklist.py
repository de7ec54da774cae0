"""The worklist: who has read which study, and a blind index to sort and filter by."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_STUDY = (["tenant", "study"], ["studies.tenant", "studies.id"])


def upgrade() -> None:
    """Add both; a person who gave an answer has read the study. The application, which has the key, fills the index."""
    op.add_column("studies", sa.Column("is_read", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("studies", sa.Column("indexed_by", sa.LargeBinary))
    op.create_index(
        "ix_studies_tenant_indexed_by_created_at_id", "studies", ["tenant", "indexed_by", "created_at", "id"]
    )
    _read_marks()
    _worklist()


def _read_marks() -> None:
    op.create_table(
        "read_marks",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "study", "person")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "study", "person", name="pk_read_marks"),
        sa.ForeignKeyConstraint(*_STUDY, name="fk_read_marks_studies", ondelete="CASCADE"),
    )
    op.execute(
        "INSERT INTO read_marks (tenant, study, person, at) "
        "SELECT tenant, study, person, max(created_at) FROM feedback GROUP BY tenant, study, person"
    )
    # Views that came after the last answer have been read by nobody.
    op.execute(
        "UPDATE studies SET is_read = true WHERE "
        "(SELECT max(at) FROM read_marks WHERE read_marks.tenant = studies.tenant AND read_marks.study = studies.id)"
        " >= (SELECT max(created_at) FROM images WHERE images.tenant = studies.tenant AND images.study = studies.id)"
    )


def _worklist() -> None:
    op.create_table(
        "worklist",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "study")),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("facet", "bucket", "broad_bucket")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "study", "facet", name="pk_worklist"),
        sa.ForeignKeyConstraint(*_STUDY, name="fk_worklist_studies", ondelete="CASCADE"),
    )
    for bucket in ("bucket", "broad_bucket"):
        columns = ["tenant", "facet", bucket, "created_at", "study"]
        op.create_index("ix_worklist_" + "_".join(columns), "worklist", columns)
