"""a table for where checks stopped"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("check_name", sa.Text, primary_key=True, nullable=False),
        sa.Column("subject", sa.Text, primary_key=True, nullable=False),
        sa.Column("key", sa.Text, primary_key=True, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
