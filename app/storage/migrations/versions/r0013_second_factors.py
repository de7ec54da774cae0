"""Second factors; open sessions end, as their MAC covers whether they wait for one."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the table and two columns."""
    op.execute("DELETE FROM sessions")
    op.add_column("sessions", sa.Column("awaits", sa.Text, nullable=False, server_default=""))
    op.add_column("people", sa.Column("has_second_factor", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "second_factors",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "person")),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", name="pk_second_factors"),
        sa.ForeignKeyConstraint(
            ["tenant", "person"], ["people.tenant", "people.id"], name="fk_second_factors_people", ondelete="CASCADE"
        ),
    )
