"""a table for where targets stand"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "target",
        sa.Column("id", sa.Text, primary_key=True, nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
    )
