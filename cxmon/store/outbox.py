"""Messages on their way: queued once, claimed by one worker at a time, in order within their thread."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from cxmon.failpoints import failpoint
from cxmon.model import Delivery, Message, OutboxRow, Receipt
from cxmon.store import bulk, codec, schema
from cxmon.store.engine import Database

_t = schema.outbox

# While one of these stands before it in its thread, a later message waits: replies never overtake what they answer.
_IN_THE_WAY = (Delivery.WAITING.value, Delivery.SENDING.value, Delivery.PARKED.value)

# A worker asks these every few seconds, and SQLAlchemy takes longer to write one than the database to answer it.
_now: sa.BindParameter[datetime] = sa.bindparam("now")
_most = sa.bindparam("most", type_=sa.Integer)
_before = _t.alias("before")
_blocked = sa.exists().where(
    _before.c.channel == _t.c.channel, _before.c.thread == _t.c.thread, _before.c.seq < _t.c.seq,
    _before.c.state.in_(_IN_THE_WAY),
)  # fmt: skip
_due = sa.and_(
    _t.c.state == Delivery.WAITING.value, sa.or_(_t.c.not_before.is_(None), _t.c.not_before <= _now),
    _t.c.channel.not_in(sa.select(schema.pause.c.channel).where(schema.pause.c.until > _now)),
)  # fmt: skip
_DUE = sa.select(_t).where(_due, ~_blocked).order_by(_t.c.seq).limit(_most)
_CROWDED = sa.select(_t.c.channel).where(_due).group_by(_t.c.channel).having(sa.func.count() >= sa.bindparam("least"))
_STUCK = sa.select(_t).where(
    _t.c.state == Delivery.SENDING.value, _t.c.claimed_at <= sa.bindparam("claimed"), _t.c.lease_until <= _now
).order_by(_t.c.seq)  # fmt: skip
_STORY = sa.select(_t).where(_t.c.thread == sa.bindparam("thread")).order_by(_t.c.seq)
_NEWEST = sa.select(_t).order_by(_t.c.seq.desc()).limit(_most)
_NEWEST_OF = _NEWEST.where(_t.c.state == sa.bindparam("state"))
_PARKED = sa.select(_t.c.channel, _t.c.queued_at, _t.c.error).where(
    _t.c.state == Delivery.PARKED.value
).order_by(_t.c.seq.desc())  # fmt: skip


@cache
def _held(prefix: str) -> tuple[sa.Select[Any], sa.Update]:
    """One of the rows that wait with an error that begins so while newer news of their story is not held back; and that
    they are all due now."""
    newer = _t.alias("newer")
    free = sa.exists().where(
        newer.c.channel == _t.c.channel, newer.c.thread == _t.c.thread, newer.c.seq > _t.c.seq,
        newer.c.state == Delivery.WAITING.value, ~newer.c.error.startswith(prefix),
    )  # fmt: skip
    held = sa.and_(_t.c.state == Delivery.WAITING.value, _t.c.error.startswith(prefix), _t.c.not_before > _now, free)
    return sa.select(_t.c.seq).where(held).limit(1), sa.update(_t).where(held).values(not_before=_now)


class OutboxStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def claim(self, now: datetime, *, worker: str, limit: int = 20, lease_s: float = 60) -> list[OutboxRow]:
        """Takes up to `limit` due rows for `worker`, oldest first, at most the first one of each thread and channel.

        They are `sending` until `sent`, `later`, `park` or `dead`; a row that stays so beyond its lease is `doubtful`.
        Channels that are paused are passed over.
        """
        asked = {"now": now, "most": limit}
        # An idle worker asks every few seconds: it must neither hold up writers nor grow the data version.
        with self._db.read() as conn:
            if conn.execute(_DUE, {**asked, "most": 1}).first() is None:
                return []
        with self._db.write() as conn:
            found = conn.execute(_DUE, asked).mappings().all()
            _lease(conn, [r["seq"] for r in found], now, worker=worker, lease_s=lease_s)
            claimed = {"state": Delivery.SENDING.value, "claimed_at": now}
            rows = [_row({**r, **claimed, "attempts": r["attempts"] + 1}) for r in found]
            failpoint("outbox-claim-before-commit")
        failpoint("outbox-claim-after-commit")
        return rows

    def sent(self, key: str, receipt: Receipt, now: datetime) -> None:
        """It arrived."""
        done = {"state": Delivery.SENT.value, "receipt": codec.dump(receipt), "sent_at": now, "error": ""}
        with self._db.write() as conn:
            conn.execute(sa.update(_t).where(_t.c.key == key).values(**done, not_before=None))
            failpoint("outbox-sent-before-commit")
        failpoint("outbox-sent-after-commit")

    def sent_together(self, keys: Sequence[str], receipt: Receipt, now: datetime) -> None:
        """One message told them all: all or none are sent."""
        done = {"state": Delivery.SENT.value, "receipt": codec.dump(receipt), "sent_at": now, "error": ""}
        with self._db.write() as conn:
            conn.execute(sa.update(_t).where(bulk.any_of(_t.c.key, keys, conn)).values(**done, not_before=None))
            failpoint("outbox-together-before-commit")
        failpoint("outbox-together-after-commit")

    def take(self, keys: Sequence[str], now: datetime, *, worker: str, lease_s: float, error: str) -> bool:
        """Claims all these waiting rows at once for one message, which `error` names while it is in doubt; False, and
        none is claimed, where somebody else has one of them."""
        with self._db.write() as conn:
            waiting = sa.and_(bulk.any_of(_t.c.key, keys, conn), _t.c.state == Delivery.WAITING.value)
            seqs = list(conn.execute(sa.select(_t.c.seq).where(waiting)).scalars())
            if len(seqs) != len(set(keys)):
                return False
            _lease(conn, seqs, now, worker=worker, lease_s=lease_s)
            conn.execute(sa.update(_t).where(bulk.any_of(_t.c.seq, seqs, conn)).values(error=error))
        failpoint("outbox-take-together-after-commit")
        return True

    def later_together(self, keys: Sequence[str], error: str, not_before: datetime) -> None:
        """None of them arrived: try again from `not_before` on."""
        self._change(keys, {"state": Delivery.WAITING.value, "error": error, "not_before": not_before})

    def crowded(self, now: datetime, least: int) -> list[str]:
        """The channels, not paused, in which at least `least` rows are due."""
        with self._db.read() as conn:
            return sorted(conn.execute(_CROWDED, {"now": now, "least": least}).scalars())

    def pending(self, channel: str) -> list[OutboxRow]:
        """All rows of a channel that wait, oldest first, without those of stories of which one is on its way."""
        stuck = sa.select(_t.c.thread).where(
            _t.c.channel == channel, _t.c.state.in_([Delivery.SENDING.value, Delivery.PARKED.value])
        )
        chosen = sa.select(_t).where(
            _t.c.channel == channel, _t.c.state == Delivery.WAITING.value, _t.c.thread.not_in(stuck)
        )
        with self._db.read() as conn:
            return [_row(r) for r in conn.execute(chosen.order_by(_t.c.seq)).mappings().all()]

    def homes(self, channel: str, threads: Sequence[str]) -> dict[str, Receipt]:
        """Where the first message of each of these stories landed in a channel; those never told are left out."""
        with self._db.read() as conn:
            told = sa.and_(_t.c.channel == channel, _t.c.state == Delivery.SENT.value, _t.c.receipt.is_not(None))
            chosen = sa.select(_t.c.thread, _t.c.receipt).where(told, bulk.any_of(_t.c.thread, threads, conn))
            first = {row.thread: row.receipt for row in conn.execute(chosen.order_by(_t.c.seq.desc()))}
        known = {doc: codec.load(Receipt, doc) for doc in set(first.values())}
        return {thread: known[doc] for thread, doc in first.items()}

    def told_with(self, receipt: Receipt, channel: str) -> list[OutboxRow]:
        """The newest row of every story that one message told together in a channel, in the order they were told."""
        with self._db.read() as conn:
            same = sa.and_(_t.c.channel == channel, _t.c.receipt == codec.dump(receipt))
            threads = list(dict.fromkeys(conn.execute(sa.select(_t.c.thread).where(same).order_by(_t.c.seq)).scalars()))
            mine = sa.and_(_t.c.channel == channel, bulk.any_of(_t.c.thread, threads, conn))
            newest = sa.select(sa.func.max(_t.c.seq)).where(mine).group_by(_t.c.thread)
            rows = {r["thread"]: _row(r) for r in conn.execute(sa.select(_t).where(_t.c.seq.in_(newest))).mappings()}
        return [rows[thread] for thread in threads]

    def release(self, prefix: str, now: datetime) -> int:
        """Rows that wait with an error that begins so are due at once where newer news of their story is not held back:
        what may be told takes the story's older news with it. Returns how many."""
        asked = {"now": now}
        with self._db.read() as conn:
            if conn.execute(_held(prefix)[0], asked).first() is None:
                return 0
        with self._db.write() as conn:
            return int(conn.execute(_held(prefix)[1], asked).rowcount)

    def later(self, key: str, error: str, not_before: datetime) -> None:
        """It did not arrive: try again, no earlier than `not_before`. A row that was sent stays sent."""
        self._change([key], {"state": Delivery.WAITING.value, "error": error, "not_before": not_before})

    def park(self, key: str | Sequence[str], error: str) -> None:
        """It, or all of them, cannot arrive until somebody mends something; `unpark` or `later` takes it up again."""
        keys = [key] if isinstance(key, str) else key
        self._change(keys, {"state": Delivery.PARKED.value, "error": error})

    def dead(self, key: str, error: str) -> None:
        """It will never be sent; its thread goes on without it."""
        self._change([key], {"state": Delivery.DEAD.value, "error": error})

    def unpark(self, channel: str, now: datetime) -> int:
        """Sends the parked rows of a channel on their way again; returns how many."""
        parked = sa.and_(_t.c.channel == channel, _t.c.state == Delivery.PARKED.value)
        with self._db.write() as conn:
            changed = sa.update(_t).where(parked).values(state=Delivery.WAITING.value, not_before=now)
            return int(conn.execute(changed).rowcount)

    def doubtful(self, now: datetime, older_than_s: float) -> list[OutboxRow]:
        """Rows that were claimed at least `older_than_s` ago, whose lease has run out, and that may or may not have
        arrived; oldest first.

        Whoever gets them holds them for another `older_than_s`, so two workers never reconcile the same row.
        `claimed_at` of the rows is that of the claim in doubt: look for the message from then on.
        """
        asked = {"now": now, "claimed": now - timedelta(seconds=older_than_s)}
        with self._db.read() as conn:
            if conn.execute(_STUCK.limit(1), asked).first() is None:
                return []
        with self._db.write() as conn:
            found = conn.execute(_STUCK, asked).mappings().all()
            until = now + timedelta(seconds=older_than_s)
            held = bulk.any_of(_t.c.seq, [r["seq"] for r in found], conn)
            conn.execute(sa.update(_t).where(held).values(lease_until=until))
            return [_row(r) for r in found]

    def first_receipt(self, thread: str, channel: str) -> Receipt | None:
        """Where the thread's first message landed in this channel."""
        first = (
            sa.select(_t.c.receipt)
            .where(_t.c.thread == thread, _t.c.channel == channel, _t.c.state == Delivery.SENT.value)
            .order_by(_t.c.seq)
            .limit(1)
        )
        with self._db.read() as conn:
            doc = conn.execute(first).scalar()
        return None if doc is None else codec.load(Receipt, doc)

    def rows(self, state: Delivery | None = None, limit: int = 200) -> list[OutboxRow]:
        """Newest first, of one state or of all."""
        chosen, asked = (_NEWEST, {}) if state is None else (_NEWEST_OF, {"state": Delivery(state).value})
        with self._db.read() as conn:
            return [_row(r) for r in conn.execute(chosen, {**asked, "most": limit}).mappings().all()]

    def newest(self, thread: str) -> dict[str, OutboxRow]:
        """The newest row of a story in each channel that it was queued for."""
        return {row.channel: row for row in self.story(thread)}

    def story(self, thread: str) -> list[OutboxRow]:
        """Every message of a story, in the order in which they were queued."""
        with self._db.read() as conn:
            return [_row(r) for r in conn.execute(_STORY, {"thread": thread}).mappings().all()]

    def blocked(self) -> dict[str, tuple[datetime, str]]:
        """By channel that takes nothing: when its oldest parked row was queued, and why that one is parked."""
        with self._db.read() as conn:
            found = conn.execute(_PARKED).all()
        return {channel: (since, error) for channel, since, error in found}

    def unsent(self, channel: str, now: datetime, limit: int = 1_000) -> list[OutboxRow]:
        """What is due in a channel or parked for it, oldest first; what waits for company or for an hour is not."""
        parked = _t.c.state == Delivery.PARKED.value
        due = sa.and_(_t.c.state == Delivery.WAITING.value, sa.or_(_t.c.not_before.is_(None), _t.c.not_before <= now))
        mine = sa.and_(_t.c.channel == channel, sa.or_(parked, due))
        with self._db.read() as conn:
            return [_row(r) for r in conn.execute(sa.select(_t).where(mine).order_by(_t.c.seq).limit(limit)).mappings()]

    def threads(self, prefix: str) -> list[str]:
        """The stories whose name begins with `prefix`, the newest first."""
        mine = sa.select(_t.c.thread).where(_t.c.thread.startswith(prefix, autoescape=True))
        with self._db.read() as conn:
            return list(dict.fromkeys(conn.execute(mine.order_by(_t.c.seq.desc())).scalars().all()))

    def known(self, keys: Sequence[str]) -> set[str]:
        """Those of `keys` that were queued before."""
        with self._db.read() as conn:
            return set(conn.execute(sa.select(_t.c.key).where(_t.c.key.in_(keys))).scalars().all())

    def channels_of(self, thread: str, among: Sequence[str]) -> list[str]:
        """Those of the channels `among` that know a story, or will once what is queued is sent."""
        mine = (_t.c.channel.in_(among), _t.c.thread == thread, _t.c.state != Delivery.DEAD.value)
        chosen = sa.select(_t.c.channel).where(*mine).distinct()
        with self._db.read() as conn:
            return sorted(conn.execute(chosen).scalars())

    def coming(self, channel: str, now: datetime) -> datetime | None:
        """When the next news that waits for company goes out in a channel; what a mute holds back is none."""
        waits = (_t.c.channel == channel, _t.c.state == Delivery.WAITING.value, _t.c.not_before > now, _t.c.error == "")
        with self._db.read() as conn:
            return conn.execute(
                sa.select(sa.func.min(_t.c.not_before, type_=_t.c.not_before.type)).where(*waits)
            ).scalar()

    def last(self, channel: str) -> datetime | None:
        """When a story was last told for the first time in a channel."""
        before = _t.alias("before")
        earlier = sa.exists().where(
            before.c.channel == _t.c.channel, before.c.thread == _t.c.thread, before.c.seq < _t.c.seq
        )
        newest = sa.select(_t.c.sent_at).where(_t.c.channel == channel, _t.c.sent_at.is_not(None), ~earlier)
        with self._db.read() as conn:
            return conn.execute(newest.order_by(_t.c.sent_at.desc()).limit(1)).scalar()

    def queue(self, rows: Sequence[OutboxRow], now: datetime) -> None:
        """Adds rows outside any incident (digests, tests of a channel); known keys are left out."""
        with self._db.write() as conn:
            queue(conn, rows, now)

    def pause(self, channel: str, until: datetime) -> None:
        """Nothing is claimed for this channel before `until`."""
        t = schema.pause
        with self._db.write() as conn:
            conn.execute(sa.delete(t).where(t.c.channel == channel))
            conn.execute(sa.insert(t).values(channel=channel, until=until))

    def paused(self, channel: str) -> datetime | None:
        """Until when the channel was paused last; the caller compares it with now."""
        t = schema.pause.c
        with self._db.read() as conn:
            return conn.execute(sa.select(t.until).where(t.channel == channel)).scalar()

    def _change(self, keys: Sequence[str], values: dict[str, Any]) -> None:
        with self._db.write() as conn:
            open_rows = sa.and_(bulk.any_of(_t.c.key, keys, conn), _t.c.state != Delivery.SENT.value)
            conn.execute(sa.update(_t).where(open_rows).values(values))


def queue(conn: sa.Connection, rows: Sequence[OutboxRow], now: datetime) -> None:
    """Adds rows inside a transaction; a key that is known is left as it is."""
    keys = {r.key for r in rows}
    if not keys:
        return
    known = set(conn.execute(sa.select(_t.c.key).where(bulk.any_of(_t.c.key, keys, conn))).scalars())
    fresh = {r.key: r for r in reversed(rows) if r.key not in known}
    values = [
        {
            "key": r.key,
            "channel": r.channel,
            "thread": r.message.thread,
            "state": r.state.value,
            "attempts": r.attempts,
            "not_before": r.not_before,
            "queued_at": now,
            "error": r.error,
            "receipt": None if r.receipt is None else codec.dump(r.receipt),
            "doc": codec.dump(r.message),
        }
        for r in reversed(fresh.values())
    ]
    if values:
        conn.execute(sa.insert(_t), values)


def _lease(conn: sa.Connection, seqs: list[int], now: datetime, *, worker: str, lease_s: float) -> None:
    values = {
        "state": Delivery.SENDING.value,
        "attempts": _t.c.attempts + 1,
        "claimed_at": now,
        "lease_until": now + timedelta(seconds=lease_s),
        "worker": worker,
    }
    conn.execute(sa.update(_t).where(bulk.any_of(_t.c.seq, seqs, conn)).values(values))


def _row(r: Any) -> OutboxRow:
    return OutboxRow(
        key=r["key"],
        channel=r["channel"],
        message=codec.load(Message, r["doc"]),
        state=Delivery(r["state"]),
        attempts=r["attempts"],
        not_before=r["not_before"],
        claimed_at=r["claimed_at"],
        queued_at=r["queued_at"],
        error=r["error"],
        receipt=None if r["receipt"] is None else codec.load(Receipt, r["receipt"]),
    )
