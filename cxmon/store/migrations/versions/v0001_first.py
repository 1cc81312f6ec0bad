"""the first schema

The tables are written out here, and not taken from `cxmon.store.schema`, so that a later edit there changes nothing in
what this step does.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_made = sa.MetaData()


def _col(name: str, kind: Any, *, key: bool = False, null: bool = False, unique: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=null, unique=unique or None)


def _key(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    return _col(name, kind, key=True)


def _serial(name: str) -> sa.Column[Any]:
    return _col(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), key=True)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [_col(name, sa.Text) for name in names]


def _big(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return [_col(name, sa.BigInteger, null=null) for name in names]


def _float(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return [_col(name, sa.Double, null=null) for name in names]


def _cell() -> list[sa.Column[Any]]:
    of_series = sa.Column("series_id", sa.BigInteger, sa.ForeignKey("series.id"), primary_key=True)
    return [of_series, _key("start_utc", sa.BigInteger)]


def _figures() -> list[sa.Column[Any]]:
    return [*_float("n", "total"), *_float("squares", "base", "base_squares", "cross_", null=True)]


def _incident(*, key: bool) -> sa.Column[Any]:
    return sa.Column("incident", sa.Text, sa.ForeignKey("incident.id"), primary_key=key)


def _table(name: str, *parts: Any, rowid: bool = False) -> None:
    sa.Table(name, _made, *parts, sqlite_with_rowid=rowid)


def _figure_tables() -> None:
    _table(
        "series",
        _serial("id"),
        *_text("metric", "definition", "segment", "grain", "zone"),
        _col("week_start", sa.Integer),
        *_text("kind"),
        *_float("quantile", null=True),
        sa.UniqueConstraint("metric", "definition", "grain", "zone", "week_start", "segment", name="series_identity"),
        rowid=True,
    )
    _table("observation", *_cell(), *_figures(), _col("revision", sa.Integer), *_big("seen_at"))
    _table(
        "observation_history", *_cell(), _key("revision", sa.Integer), *_figures(), *_big("seen_at", "superseded_at")
    )
    _table("sketch", *_cell(), _key("revision", sa.Integer), _col("data", sa.LargeBinary))
    _table("quantile_value", *_cell(), _key("q", sa.Double), *_float("value", "variance", null=True))
    _table(
        "fact",
        *(_key("metric"), _key("definition"), _key("id")),
        *_big("at_utc"),
        *_text("segment"),
        *_float("value", "base"),
        *_big("known_at"),
        sa.Index("fact_time", "metric", "definition", "at_utc"),
    )


def _collecting_tables() -> None:
    _table("meta", _key("name"), *_big("value"))
    _table(
        "progress",
        _key("metric"),
        _key("definition"),
        *_big("watermark", null=True),
        _col("cursor", sa.Text, null=True),
    )
    _table(
        "rejected_row",
        _serial("id"),
        *_text("metric"),
        *_big("at"),
        *_text("place", "reason", "value"),
        sa.UniqueConstraint("metric", "place", "reason", "value", name="rejected_row_once"),
        rowid=True,
    )
    _table(
        "run",
        _serial("id"),
        *_text("metric", "source"),
        *_big("started_at", "finished_at"),
        _col("ok", sa.Boolean),
        *_big("written", "revised", "rejected"),
        *_text("error"),
        sa.Index("run_metric", "metric", "id"),
        rowid=True,
    )
    _table("catalogue", _key("name"), *_text("doc"))


def _decision_tables() -> None:
    _table(
        "change",
        _key("id"),
        *_text("origin", "status"),
        *_big("starts", "declared_at"),
        _col("frozen_hash", sa.Text, null=True),
        *_big("frozen_at", null=True),
        *_text("asked_hash", "edits", "doc"),
    )
    _table(
        "response",
        _serial("id"),
        *_text("subject"),
        *_big("at"),
        *_text("doc"),
        sa.UniqueConstraint("subject", "doc", name="response_once"),
        rowid=True,
    )
    _table("silence", _key("id"), *_text("origin"), *_big("starts", "ends"), *_text("doc"))
    _table("verdict", _key("change"), _key("version", sa.Integer), *_big("as_of"), *_text("code", "doc"))
    _table("band", _key("metric"), _key("key"), *_big("as_of"), *_text("doc"))


def _alert_tables() -> None:
    _table(
        "incident",
        _key("id"),
        *_text("check_name", "subject", "state"),
        *_big("opened_at"),
        *_big("ended_at", null=True),
        *_text("doc"),
        sa.Index("incident_state", "state", "check_name"),
    )
    only_open = sa.text("is_open")
    _table(
        "incident_series",
        _incident(key=True),
        _key("segment"),
        *_text("check_name", "subject"),
        _col("is_open", sa.Boolean),
        sa.Index(
            "incident_series_open",
            *("check_name", "subject", "segment"),
            unique=True,
            sqlite_where=only_open,
            postgresql_where=only_open,
        ),
    )
    _table("transition", _incident(key=True), _key("seq", sa.Integer), *_text("step"), *_big("at"), *_text("doc"))
    _table("evaluated", _key("check_name"), _key("subject"), *_big("through"))
    _table(
        "outbox",
        _serial("seq"),
        _col("key", sa.Text, unique=True),
        *_text("channel", "thread", "state"),
        _col("attempts", sa.Integer),
        *_big("not_before", "claimed_at", "lease_until", null=True),
        _col("worker", sa.Text, null=True),
        *_big("queued_at"),
        *_big("sent_at", null=True),
        *_text("error"),
        _col("receipt", sa.Text, null=True),
        *_text("doc"),
        sa.Index("outbox_state", "state", "seq"),
        sa.Index("outbox_thread", "channel", "thread", "seq"),
        rowid=True,
    )
    _table("pause", _key("channel"), *_big("until"))
    _table("lease", _key("name"), *_text("holder"), *_big("until"))


# One row a cell with its figure ready made, for any tool that reads SQL. {start} and {seen} are timestamps in UTC.
_FLAT = """
CREATE VIEW observation_flat AS
SELECT s.metric, s.definition, s.kind, s.segment, s.grain, s.zone, {start} AS period_start, o.n, o.total,
  CASE s.kind
    WHEN 'ratio' THEN o.total / nullif(o.base, 0)
    WHEN 'quantile' THEN q.value
    WHEN 'level' THEN o.total
    ELSE o.total / o.n
  END AS value, o.revision, {seen} AS seen_at
FROM observation o
JOIN series s ON s.id = o.series_id
LEFT JOIN quantile_value q ON q.series_id = o.series_id AND q.start_utc = o.start_utc AND q.q = s.quantile
WHERE o.n > 0
"""


def upgrade() -> None:
    for tables in (_figure_tables, _collecting_tables, _decision_tables, _alert_tables):
        tables()
    bind = op.get_bind()
    _made.create_all(bind)
    stamp = "datetime({}, 'unixepoch')" if bind.dialect.name == "sqlite" else "to_timestamp({})"
    op.execute(_FLAT.format(start=stamp.format("o.start_utc"), seen=stamp.format("o.seen_at")))
    op.bulk_insert(_made.tables["meta"], [{"name": "version", "value": 0}])
