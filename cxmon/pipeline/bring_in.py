"""Decisions that stand in calendars, lists and trackers, into the registry as drafts."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cxmon.change_feeds import TYPES
from cxmon.config.plan import FeedPlan, Plan
from cxmon.contracts import AskedEntries, Entries, Rejected
from cxmon.decisions.drafting import draft, newest
from cxmon.errors import ConfigError, SourceError, StoreError
from cxmon.model import CHANGES, Change, Drafting, Health, Pull, Standing, Window, written
from cxmon.pipeline.collect import redacted, secrets_of
from cxmon.store import Brought, Store

log = logging.getLogger(__name__)

# More drafts than anybody can look through are no help: a feed of so many needs words that choose.
MOST_DRAFTS = 1_000
KINDS = {".csv": "csv", ".ics": "ical"}


@dataclass(frozen=True, kw_only=True)
class FeedImport:
    """What came of one feed. `passed_over`: entries that the feed's words did not choose, or of another time."""

    feed: str
    brought: Brought = field(default_factory=Brought)
    passed_over: int = 0
    hidden: int = 0
    rejected: tuple[Rejected, ...] = ()
    error: str = ""

    @property
    def ok(self) -> bool:
        return not self.error


def bring_in(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    feeds: Collection[str] | None = None,
    file: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[FeedImport]:
    """Reads the feeds (or those named) and brings their entries in as drafts; one that fails stops no other.

    `file` is read in place of what the feed is configured to read. It may hold a part only, so nothing is taken as gone
    because it is not in it.
    """
    done = []
    chosen = [one for one in plan.change_feeds if feeds is None or one.name in feeds]
    for number, one in enumerate(chosen):
        if progress is not None:
            progress(one.name, number, len(chosen))
        done.append(_one(plan, store, one, now, file))
        if file is None:
            store.pulls.record(_as_pull(done[-1], now))
    return done


def _as_pull(done: FeedImport, now: datetime) -> Pull:
    """What the health of sources shows of an import: whether it failed, how many drafts came, what was set aside."""
    brought = done.brought
    return Pull(
        source=done.feed, part=CHANGES, metrics=(), at=now, ok=done.ok, whole=True, error=done.error,
        rows=brought.new + brought.changed + brought.same,
        rejected=len(done.rejected),
        health=Health(standing=Standing.WHOLE if done.ok else Standing.FAILED),
    )  # fmt: skip


def for_file(plan: Plan, file: Path, owner: str) -> Plan:
    """The plan with one feed, called `file`, that reads a file as it comes: a list or a calendar by its ending."""
    kind = KINDS.get(file.suffix.lower())
    if kind is None:
        raise ConfigError([f"{file.name}: found the ending {file.suffix!r}, expected one of {', '.join(KINDS)}"])
    rules = Drafting(owner=role(owner))
    return replace(plan, change_feeds=(FeedPlan(name="file", feed=TYPES[kind](path=str(file)), rules=rules),))


def role(text: str) -> str:
    """Who answers for drafts. ConfigError where that is nobody, or somebody's address."""
    if not text.strip() or "@" in text:
        raise ConfigError(
            [f"--owner: found {'an address' if '@' in text else 'nothing'}, expected a role or department"]
        )
    return text.strip()


def chosen_feeds(plan: Plan, names: Collection[str] | None, file: Path | None) -> list[str]:
    """The feeds that are meant. ConfigError where there is none of that name, or a file could be for several."""
    known = [one.name for one in plan.change_feeds]
    if not known:
        expected = "change_feeds in it, or a file with --from and who answers for its drafts with --owner"
        raise ConfigError([f"{plan.path.name}: found no change_feeds, expected {expected}"])
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise ConfigError([f"no change feed {name!r}; there are {', '.join(known)}" for name in unknown])
    chosen = [name for name in known if names is None or name in names]
    if file is not None and len(chosen) > 1:
        # What a file is called says how it is read, where only one feed is of that type.
        kind = KINDS.get(file.suffix.lower(), "")
        chosen = [one.name for one in plan.change_feeds if one.name in chosen and one.feed.type == kind]
        if len(chosen) != 1:
            raise ConfigError([f"{file.name}: name the feed that it is for with --feed; there are {', '.join(known)}"])
    return chosen


def _one(plan: Plan, store: Store, feed: FeedPlan, now: datetime, file: Path | None) -> FeedImport:
    window = Window(now - plan.backfill, now + feed.ahead)
    asked = AskedEntries(name=feed.name, window=window, now=now, zone=plan.zone, file=file)
    try:
        entries = feed.feed.entries(asked)
        drafts, rejected, passed_over = _drafts(entries, feed, window)
        # Where something could not be read, it is not known what is missing.
        whole = window if file is None and not rejected else None
        brought = store.drafts.bring(drafts, feed.name, now=now, whole=whole)
    except (SourceError, StoreError) as error:
        return FeedImport(feed=feed.name, error=redacted(str(error), secrets_of(feed.feed)))
    except Exception as error:
        log.exception("feed %s failed", feed.name)
        return FeedImport(feed=feed.name, error=redacted(f"{type(error).__name__}: {error}", secrets_of(feed.feed)))
    return FeedImport(
        feed=feed.name, brought=brought, passed_over=passed_over, hidden=entries.hidden, rejected=rejected
    )


def _drafts(entries: Entries, feed: FeedPlan, window: Window) -> tuple[dict[str, Change], tuple[Rejected, ...], int]:
    """(drafts by id, what was set aside, how many entries were passed over)."""
    found: list[Change] = []
    rejected, passed_over = list(entries.rejected), 0
    for entry in entries.found:
        try:
            made = draft(entry, feed.name, feed.rules) if window.since <= entry.starts < window.until else None
        except ValueError as problem:
            rejected.append(Rejected(where=f"entry of {entry.starts:%Y-%m-%d}", reason=str(problem)))
            continue
        if made is None:
            passed_over += 1
        else:
            found.append(made)
    drafts = newest(found)
    if len(drafts) > MOST_DRAFTS:
        raise SourceError(
            f"{feed.name}: {written(len(drafts))} entries would be drafts, where {written(MOST_DRAFTS)} are the most; "
            "choose with `words`"
        )
    return drafts, tuple(rejected), passed_over
