"""records that come in pieces, as far as they have come"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "piece",
        *(sa.Column(name, sa.Text, primary_key=True, nullable=False) for name in ("source", "stream", "id")),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at_utc", sa.BigInteger, nullable=False),
        sa.Index("piece_time", "at_utc"),
        sqlite_with_rowid=False,
    )
