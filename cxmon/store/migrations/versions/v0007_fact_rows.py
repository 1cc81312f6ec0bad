"""facts of a record and week in one row, whatever number of metrics they are of"""

import struct

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_PACKED = struct.Struct("<iqddqq")
_WEEK = 7 * 86_400
_PAGE = 10_000


def upgrade() -> None:
    op.add_column("progress", sa.Column("stream", sa.Text))
    op.create_table(
        "fact_series",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("metric", "definition", "segment")),
        sa.UniqueConstraint("metric", "definition", "segment", name="fact_series_identity"),
        sqlite_with_rowid=False,
    )
    op.rename_table("fact", "fact_before")
    op.create_table(
        "fact",
        sa.Column("week", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("stream", sa.Text, primary_key=True, nullable=False),
        sa.Column("id", sa.Text, primary_key=True, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Index("fact_record", "id", "stream"),
        sqlite_with_rowid=False,
    )
    _copied(op.get_bind())
    op.drop_table("fact_before")


def _copied(conn: sa.Connection) -> None:
    """Facts stand one to a row still, each metric's under a name of its own, since nothing says of which stream they
    are. What is read of a vendor later is put there as well."""
    conn.execute(
        sa.text("INSERT INTO fact_series (id, metric, definition, segment) "
                "SELECT row_number() OVER (ORDER BY metric, definition, segment), metric, definition, segment "
                "FROM (SELECT DISTINCT metric, definition, segment FROM fact_before) AS named")
    )  # fmt: skip
    # Whoever has facts has a row that says how far they were read.
    conn.execute(
        sa.text("UPDATE progress SET stream = metric || ' ' || definition WHERE EXISTS (SELECT 1 FROM fact_before f "
                "WHERE f.metric = progress.metric AND f.definition = progress.definition)")
    )  # fmt: skip
    asked = sa.text(
        "SELECT f.metric || ' ' || f.definition, f.id, f.customer, s.id, f.at_utc, f.value, f.base, f.known_utc, "
        "f.changed_utc FROM fact_before f JOIN fact_series s ON s.metric = f.metric AND s.definition = f.definition "
        "AND s.segment = f.segment"
    )
    into = sa.text("INSERT INTO fact (stream, week, id, customer, data) VALUES (:stream, :week, :id, :customer, :data)")
    for page in conn.execute(asked.execution_options(yield_per=_PAGE)).partitions():
        conn.execute(into, [_row(*found) for found in page])


def _row(
    stream: str, name: str, customer: str, series: int, at: int, value: float | None, *rest: float
) -> dict[str, object]:
    base, known, changed = rest
    data = _PACKED.pack(series, at, float("nan") if value is None else value, base, int(known), int(changed))
    return {"stream": stream, "week": at // _WEEK, "id": name, "customer": customer, "data": data}
