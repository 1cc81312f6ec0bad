"""the first schema"""

from alembic import op

from cxmon.store import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    schema.metadata.create_all(op.get_bind())
    op.bulk_insert(schema.meta, [{"name": "version", "value": 0}])
