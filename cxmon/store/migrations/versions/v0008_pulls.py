"""what each pull from a source brought, and runs whose figures are held back"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "pull",
        sa.Column("source", sa.Text, primary_key=True, nullable=False),
        sa.Column("part", sa.Text, primary_key=True, nullable=False),
        sa.Column("at", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("whole", sa.Boolean, primary_key=True, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
        sa.Column("health", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gap",
        sa.Column("metric", sa.Text, primary_key=True, nullable=False),
        sa.Column("since", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("known_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.add_column("run", sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()))
