"""what was done in Slack once, who listens there, and days that are left out of what is expected"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "heard",
        sa.Column("key", sa.Text, primary_key=True, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "listener",
        sa.Column("channel", sa.Text, primary_key=True, nullable=False),
        sa.Column("holder", sa.Text, primary_key=True, nullable=False),
        sa.Column("hears", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "left_out",
        sa.Column("id", sa.Text, primary_key=True, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
