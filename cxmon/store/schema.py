"""The tables as the code reads and writes them; `migrations/` makes them, and a test holds the two together.

Instants that only we read are microseconds (`Instant`); period starts and `seen_at` are whole epoch seconds, since
they travel as integer arrays.
"""

from typing import Any

import sqlalchemy as sa

from cxmon.store.codec import Instant

metadata = sa.MetaData()

# SQLite numbers rows by itself for INTEGER only.
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_F = sa.Double


def _table(name: str, *parts: Any) -> sa.Table:
    """A table that is read by its whole primary key: without SQLite's hidden row number."""
    return sa.Table(name, metadata, *parts, sqlite_with_rowid=False)


def _figures() -> list[sa.Column[Any]]:
    return [
        sa.Column("n", _F, nullable=False),
        sa.Column("total", _F, nullable=False),
        sa.Column("squares", _F),
        sa.Column("base", _F),
        sa.Column("base_squares", _F),
        sa.Column("cross_", _F),
    ]


meta = _table("meta", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.BigInteger, nullable=False))

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("segment", sa.Text, nullable=False),
    sa.Column("grain", sa.Text, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("week_start", sa.Integer, nullable=False),
    # For readers of the flat view only: both are part of the definition.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("quantile", _F),
    sa.UniqueConstraint("metric", "definition", "grain", "zone", "week_start", "segment", name="series_identity"),
)

observation = _table(
    "observation",
    sa.Column("series_id", sa.BigInteger, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("start_utc", sa.BigInteger, primary_key=True),
    *_figures(),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
)

observation_history = _table(
    "observation_history",
    sa.Column("series_id", sa.BigInteger, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("start_utc", sa.BigInteger, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    *_figures(),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.Column("superseded_at", sa.BigInteger, nullable=False),
)

# All revisions stand here: the join on `revision` finds the current one as well as a past one.
sketch = _table(
    "sketch",
    sa.Column("series_id", sa.BigInteger, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("start_utc", sa.BigInteger, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

quantile_value = _table(
    "quantile_value",
    sa.Column("series_id", sa.BigInteger, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("start_utc", sa.BigInteger, primary_key=True),
    sa.Column("q", _F, primary_key=True),
    sa.Column("value", _F),
    sa.Column("variance", _F),
)

# What a record of a vendor's stream brings to its metrics in one week: `data` is packed as
# `fact_rows` says, `customer` a keyed hash or nothing. Neither key begins with the stream: SQLite takes it for rare.
fact = _table(
    "fact",
    sa.Column("week", sa.BigInteger, primary_key=True),
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Index("fact_record", "id", "stream"),
)

# Whom people asked to forget: keyed hashes as in `fact`, and which key made them. What comes of them is no fact.
forgotten = _table(
    "forgotten",
    sa.Column("customer", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
)

# The numbers by which facts name their metric and segment.
fact_series = _table(
    "fact_series",
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("segment", sa.Text, nullable=False),
    sa.UniqueConstraint("metric", "definition", "segment", name="fact_series_identity"),
)

# Records that come in pieces, as far as they have come: `state` is a line of JSON, {piece: value}, `at_utc` when the
# youngest piece happened.
piece = _table(
    "piece",
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("at_utc", sa.BigInteger, nullable=False),
    sa.Index("piece_time", "at_utc"),
)

# Periods whose facts changed and that have not been aggregated again yet.
touched = _table(
    "touched",
    sa.Column("metric", sa.Text, primary_key=True),
    sa.Column("definition", sa.Text, primary_key=True),
    sa.Column("start_utc", sa.BigInteger, primary_key=True),
)

# `since_utc`: from when on facts are complete; `kept_from`: those of earlier periods have been deleted; `complete_at`:
# when the run began that last read the feed to its end; `stream`: under which name its facts stand.
progress = _table(
    "progress",
    sa.Column("metric", sa.Text, primary_key=True),
    sa.Column("definition", sa.Text, primary_key=True),
    sa.Column("watermark", sa.BigInteger),
    sa.Column("cursor", sa.Text),
    sa.Column("since_utc", sa.BigInteger),
    sa.Column("kept_from", sa.BigInteger),
    sa.Column("complete_at", sa.BigInteger),
    sa.Column("stream", sa.Text),
)

rejected_row = sa.Table(
    "rejected_row",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.UniqueConstraint("metric", "place", "reason", "value", name="rejected_row_once"),
)

run = sa.Table(
    "run",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("finished_at", Instant, nullable=False),
    sa.Column("ok", sa.Boolean, nullable=False),
    sa.Column("written", sa.BigInteger, nullable=False),
    sa.Column("revised", sa.BigInteger, nullable=False),
    sa.Column("rejected", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("run_metric", "metric", "id"),
)

# What came of one part of a source at one time. Of two at once, one read the past and one went on.
pull = _table(
    "pull",
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("at", Instant, primary_key=True),
    sa.Column("whole", sa.Boolean, primary_key=True),
    sa.Column("doc", sa.Text, nullable=False),
    sa.Column("health", sa.Text),
)

# Stretches whose figures were never delivered, since when that is known, and since when they are read again.
gap = _table(
    "gap",
    sa.Column("metric", sa.Text, primary_key=True),
    sa.Column("since", Instant, primary_key=True),
    sa.Column("until", Instant, nullable=False),
    sa.Column("known_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
)

catalogue = _table("catalogue", sa.Column("name", sa.Text, primary_key=True), sa.Column("doc", sa.Text, nullable=False))

change = _table(
    "change",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("starts", Instant, nullable=False),
    sa.Column("declared_at", Instant, nullable=False),
    sa.Column("frozen_hash", sa.Text),
    sa.Column("frozen_at", Instant),
    sa.Column("asked_hash", sa.Text, nullable=False),
    sa.Column("edits", sa.Text, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
)

response = sa.Table(
    "response",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
    sa.UniqueConstraint("subject", "doc", name="response_once"),
)

silence = _table(
    "silence",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("starts", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
)

verdict = _table(
    "verdict",
    sa.Column("change", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
)

band = _table(
    "band",
    sa.Column("metric", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
)

target = _table(
    "target",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
)

incident = _table(
    "incident",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("check_name", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("doc", sa.Text, nullable=False),
    sa.Index("incident_state", "state", "check_name"),
)

incident_series = _table(
    "incident_series",
    sa.Column("incident", sa.Text, sa.ForeignKey("incident.id"), primary_key=True),
    sa.Column("segment", sa.Text, primary_key=True),
    sa.Column("check_name", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Index(
        "incident_series_open",
        "check_name",
        "subject",
        "segment",
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    ),
)

transition = _table(
    "transition",
    sa.Column("incident", sa.Text, sa.ForeignKey("incident.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
)

evaluated = _table(
    "evaluated",
    sa.Column("check_name", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("through", Instant, nullable=False),
)

checkpoint = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("check_name", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

allowance = _table(
    "allowance",
    sa.Column("metric", sa.Text, primary_key=True),
    sa.Column("year", Instant, primary_key=True),
    sa.Column("doc", sa.Text, nullable=False),
)

allowance_baseline = _table(
    "allowance_baseline",
    sa.Column("metric", sa.Text, primary_key=True),
    sa.Column("year", Instant, primary_key=True),
    sa.Column("doc", sa.Text, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("thread", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", Instant),
    sa.Column("claimed_at", Instant),
    sa.Column("lease_until", Instant),
    sa.Column("worker", sa.Text),
    sa.Column("queued_at", Instant, nullable=False),
    sa.Column("sent_at", Instant),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("receipt", sa.Text),
    sa.Column("doc", sa.Text, nullable=False),
    sa.Index("outbox_state", "state", "seq"),
    sa.Index("outbox_thread", "channel", "thread", "seq"),
)

pause = _table("pause", sa.Column("channel", sa.Text, primary_key=True), sa.Column("until", Instant, nullable=False))

lease = _table(
    "lease",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", Instant, nullable=False),
)

# What was done in Slack, so that an envelope that comes twice is acted on once.
heard = _table("heard", sa.Column("key", sa.Text, primary_key=True), sa.Column("at", Instant, nullable=False))

# What was pressed or sent there and is not done yet, with the envelope that asked for it.
click = _table(
    "click",
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("app", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("lease_until", Instant, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
)

listener = _table(
    "listener",
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, primary_key=True),
    sa.Column("hears", sa.Boolean, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

left_out = _table(
    "left_out",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("doc", sa.Text, nullable=False),
)
