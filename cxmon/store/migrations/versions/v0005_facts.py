"""facts as the sources of vendors write them, and how far their feeds have been read"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # No source has written facts until now, so nothing is lost with the table as it was.
    op.drop_table("fact")
    op.create_table(
        "fact",
        *(sa.Column(name, sa.Text, primary_key=True, nullable=False) for name in ("metric", "definition", "id")),
        sa.Column("at_utc", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("base", sa.Double, nullable=False),
        sa.Column("known_utc", sa.BigInteger, nullable=False),
        sa.Column("changed_utc", sa.BigInteger, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Index("fact_time", "metric", "definition", "at_utc"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "touched",
        *(sa.Column(name, sa.Text, primary_key=True, nullable=False) for name in ("metric", "definition")),
        sa.Column("start_utc", sa.BigInteger, primary_key=True, nullable=False),
        sqlite_with_rowid=False,
    )
    for name in ("since_utc", "kept_from", "complete_at"):
        op.add_column("progress", sa.Column(name, sa.BigInteger))
