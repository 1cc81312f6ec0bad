"""tables for a year's harm allowance: its frozen baseline, and how much of it is used"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for name in ("allowance", "allowance_baseline"):
        op.create_table(
            name,
            sa.Column("metric", sa.Text, primary_key=True, nullable=False),
            sa.Column("year", sa.BigInteger, primary_key=True, nullable=False),
            sa.Column("doc", sa.Text, nullable=False),
        )
