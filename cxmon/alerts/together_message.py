"""Many stories at once in one message that a person can read: how many, of which sort, the gravest by name. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from cxmon import wording
from cxmon.alerts.parts import view_link
from cxmon.model import Fact, Message, Tone, written
from cxmon.wording import messages as say
from cxmon.wording.messages import lower

# How many are named; the board has all.
NAMED = 10
_GRAVITY = (Tone.RED, Tone.AMBER, Tone.GREY, Tone.TEAL)


def for_many(
    members: Sequence[Message],
    *,
    key: str,
    at: datetime,
    labels: Mapping[str, str],
    zone: str = "UTC",
    board_url: str = "",
    news: Sequence[Message] = (),
) -> Message:
    """The message for stories that are told together, each as it stands by now.

    `members` is the newest message of each story, `labels` maps metrics' ids to labels. `news` are those of which
    something is told now, where the message stands already: they are the reply. ValueError without members.
    """
    if not members:
        raise ValueError("for_many: found no members, expected at least one message")
    ranked = by_gravity(members)
    what = "verdict" if all(m.thread.startswith("change:") for m in members) else "alert"
    gravest, total = ranked[0], wording.counted(len(members), what)
    counts = _badges(ranked)
    listed = ", ".join(f"{written(n)} {lower(badge)}" for badge, n in counts)
    title = f"{total} ({listed})" if len(counts) > 1 else f"{total}, all {lower(counts[0][0])}"
    shown = ranked[:NAMED]
    more = len(ranked) - len(shown)
    lines = (say.GRAVEST_FIRST, *(f"{m.badge}: {m.title}" for m in shown))
    rest = (say.named_more(more),) if more else ()
    return Message(
        key=key,
        thread=key.rpartition("|")[0],
        tone=gravest.tone,
        badge=say.MANY,
        title=title,
        text=f"{title}. Gravest: {gravest.title}",
        lines=(*lines, *rest),
        facts=tuple(_of_metrics(ranked, labels)),
        footer=say.as_of_many(at, zone),
        link=view_link(board_url),
        picture=gravest.picture,
        reply=_reply(news) if news else None,
        at=at,
    )


def by_gravity(members: Sequence[Message]) -> list[Message]:
    """The gravest first: by tone, then by size, then in the order they came."""
    return sorted(members, key=lambda m: (_GRAVITY.index(m.tone), -m.weight))


def _badges(ranked: Sequence[Message]) -> list[tuple[str, int]]:
    """Each badge with its count, the gravest first."""
    counts = Counter(m.badge for m in ranked)
    first = {badge: i for i, badge in reversed(list(enumerate(m.badge for m in ranked)))}
    return sorted(counts.items(), key=lambda c: first[c[0]])


def _of_metrics(ranked: Sequence[Message], labels: Mapping[str, str]) -> list[Fact]:
    """How the stories spread over the metrics, where it is known."""
    counts = Counter(m.picture.metric for m in ranked if m.picture is not None)
    text = ", ".join(f"{labels.get(metric, metric)} {written(n)}" for metric, n in counts.most_common(NAMED))
    return [Fact(label=say.BY_METRIC, text=text)] if text else []


def _reply(news: Sequence[Message]) -> str:
    ranked = by_gravity(news)
    if len(ranked) == 1:
        return ranked[0].reply or ranked[0].text
    counts = ", ".join(f"{written(n)} {lower(badge)}" for badge, n in _badges(ranked))
    named = [f"{m.badge}: {m.title}" for m in ranked[:NAMED]]
    more = len(ranked) - len(named)
    return "\n".join([say.news_of(len(ranked), counts), *named, *([f"and {written(more)} more"] if more else [])])
