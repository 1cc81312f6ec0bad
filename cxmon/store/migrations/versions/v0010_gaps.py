"""since when a gap is read again, so that a replay knows it until then"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("gap", sa.Column("closed_at", sa.BigInteger))
