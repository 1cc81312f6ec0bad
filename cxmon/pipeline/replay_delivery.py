"""What channels would have got, and when: the delivery itself, by a clock of its own, to channels that send nothing.

Between two looks of a replay time goes on as live: quiet hours end, company has come, a repeat is due, a silence runs
out, somebody acknowledges. Each is taken up at its own moment, in order.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cxmon.config.plan import Plan
from cxmon.contracts import Channel
from cxmon.errors import DeliveryError
from cxmon.model import Delivery, IncidentState, Message, OutboxRow, Receipt, Step
from cxmon.pipeline.again import intervals, tell_again
from cxmon.pipeline.check_telling import KEPT
from cxmon.pipeline.notify import Ticking, deliver
from cxmon.pipeline.replay_known import Hearsay
from cxmon.pipeline.route import channels_of
from cxmon.store import Overlay

MOST = 100_000


@dataclass
class Clock:
    """Goes on where it is put, or where a delivery waits for its pace."""

    now: datetime

    def seconds(self) -> float:
        return self.now.timestamp()

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def ticking(self) -> Ticking:
        return Ticking(seconds=self.seconds, wait=self.wait)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One message as a channel would have got it, with the rows of the outbox that it tells. `first`: nothing of its
    story, or of the message that it was told in, stood there before."""

    at: datetime
    channel: str
    message: Message
    first: bool
    rows: tuple[OutboxRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A channel that takes everything, keeps it, and shows it to nobody. It has the pace of the one it stands for, and
    gets edits that call nobody where that one does."""

    name: str
    pace_s: float
    clock: Clock
    heard: list[Sent]
    edits: bool = False
    type: str = "replay"
    draws: bool = False

    def deliver(self, message: Message, previous: Receipt | None, picture: bytes | None) -> Receipt:  # noqa: ARG002
        """Always arrives."""
        first = previous is None
        self.heard.append(Sent(at=self.clock.now, channel=self.name, message=message, first=first))
        return previous or Receipt(channel=self.name, ref=f"{len(self.heard)}")

    def find(self, message: Message, since: datetime, previous: Receipt | None = None) -> Receipt | None:  # noqa: ARG002
        """Nothing is ever in doubt here."""
        raise DeliveryError("a replay sends nothing", permanent=True)


@dataclass(kw_only=True)
class Deliveries:
    """The outbox of a replay at work. `heard` is what people did, `rounds` the moments at which live looked, in order:
    only there is anything told again."""

    plan: Plan
    store: Overlay
    heard: Hearsay
    rounds: Sequence[datetime]
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clock = Clock(datetime.min.replace(tzinfo=UTC))
        self._taken: list[Sent] = []
        self._listening = replace(self.plan, channels=self._listeners())
        self._repeats = intervals(self.plan)

    def look(self, now: datetime) -> None:
        """What a look has queued, as far as it is due."""
        self._go_on(now)

    def until(self, moment: datetime) -> None:
        """All that happens after the last moment and before `moment`, in order."""
        at = self._clock.now
        while at > datetime.min.replace(tzinfo=UTC):
            again = self._again(at)
            at = min(t for t in (self._due(at), self.heard.next, again, moment) if t is not None)
            if at >= moment:
                return
            self.heard.tell(self.store, at)
            if at == again:
                tell_again(self.plan, self.store, now=at)
            self._go_on(at)

    @property
    def waiting(self) -> list[OutboxRow]:
        """What waits for its moment still, oldest first."""
        return list(reversed(self.store.outbox.rows(Delivery.WAITING, limit=MOST)))

    def _listeners(self) -> Mapping[str, Channel]:
        return {
            name: Listener(
                name=name, pace_s=channel.pace_s, clock=self._clock, heard=self._taken,
                edits=getattr(channel, "edits", False),
            )
            for name, channel in channels_of(self.plan).items()
        }  # fmt: skip

    def _go_on(self, now: datetime) -> None:
        self._clock.now = max(now, self._clock.now)
        rows = {row.key: row for row in self.waiting}
        if not rows:
            return
        clock = self._clock
        done = deliver(self._listening, self.store, now=clock.now, worker="replay", ticking=clock.ticking)
        told: dict[str, list[OutboxRow]] = {}
        for one in done:
            if one.state is Delivery.SENT:
                told.setdefault(one.within or one.key, []).append(rows[one.key])
        self.sent += [replace(one, rows=tuple(told.get(one.message.key, ()))) for one in self._taken]
        self._taken.clear()

    def _due(self, at: datetime) -> datetime | None:
        """When the first of what waits goes out; what is due and did not fit into a run waits for the next one."""
        paused, heads = self.store.outbox.paused, dict[tuple[str, str], datetime]()
        for row in self.waiting:
            # Later news of a story goes out when what stands before it does.
            moment = max(row.not_before or at, paused(row.channel) or at)
            heads.setdefault((row.channel, row.message.thread), moment)
        return max(min(heads.values()), at + self.plan.schedule.deliver_every) if heads else None

    def _again(self, at: datetime) -> datetime | None:
        """The first look of live after `at` by which something may be told again, or at last."""
        kept = bool(self.store.incidents.noted(KEPT))
        moments = [s.ends for s in self.store.changes.silences()] if kept or self._repeats else []
        for incident in self.store.incidents.open() if self._repeats else ():
            if incident.state is IncidentState.OPEN:
                told = [t.at for t in self.store.incidents.history(incident.id) if t.step is not Step.NOTED]
                moments += [told[-1] + (int((at - told[-1]) / every) + 1) * every for every in self._repeats if told]
        later = [t for t in moments if t > at]
        place = bisect_left(self.rounds, min(later)) if later else len(self.rounds)
        return self.rounds[place] if place < len(self.rounds) else None
