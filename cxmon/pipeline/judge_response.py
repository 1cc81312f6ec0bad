"""Who still answers: the response rate beside a survey's harm, estimated as any metric is, and what it does to it."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from cxmon.decisions import Share, due_date, response_rate
from cxmon.model import Amount, Better, Change, Code, Harm, Interval, Kind, Metric, ResponseRate
from cxmon.panel import Floats, Panel
from cxmon.pipeline.estimating import Asking, one_by_one
from cxmon.pipeline.judge_evidence import Evidence, inquiry
from cxmon.pipeline.judge_staged import staged_inquiry

LOG = logging.getLogger("cxmon.judge")

# The rate is read as daily as the verdict; its last periods by themselves are not asked.
SHARE = Share(so_far=(1 - response_rate.CONFIDENCE) / 2, now=(1 - response_rate.CONFIDENCE) / 2)
# Any move counts: how large one is shows in the bounds.
ANY = Amount(1e-9, relative=False, text="any")
NOBODY = "nothing says who was asked (`response_of`)"
# More cells than this with more answers than asked: those asked are counted otherwise than the answers.
ODD = 0.01


def answered(
    found: Evidence, change: Change, others: Sequence[Change], leaves: Panel, asked: Panel, *, now: datetime
) -> Evidence:
    """The evidence with the response rate, as `responded` finds it, each question by itself."""
    return one_by_one(responded(found, change, others, leaves, asked, now=now))


def responded(
    found: Evidence, change: Change, others: Sequence[Change], leaves: Panel, asked: Panel, *, now: datetime
) -> Asking[Evidence]:
    """The evidence with the response rate: `asked` are the leaves of the metric that counts who was asked, as known at
    `now`, and `leaves` those of the survey. What was not estimated stays as it is."""
    harm, metric = found.harm, leaves.metric
    if harm.window_end is None or harm.code is Code.WAITING:
        return found
    try:
        rate = yield from _rate(change, others, leaves, asked, harm.window_end, now)
    except Exception as error:  # noqa: BLE001 - the verdict is told without the rate, and the reason with it.
        LOG.warning("response rate change=%s metric=%s error=%s", change.id, metric.id, error)
        rate = _unknown(asked.metric.id, f"could not be worked out: {str(error) or type(error).__name__}")
    harm = _awaited(response_rate.judged(harm, metric, rate), harm, metric, now)
    aim = None if found.aim is None else response_rate.aimed(found.aim, harm, metric)
    return replace(found, harm=harm, aim=aim)


def unasked(found: Evidence) -> Evidence:
    """The evidence on a survey of which nothing says who was asked: it stands, and says that its rate is not known."""
    if found.harm.window_end is None or found.harm.code is Code.WAITING:
        return found
    return replace(found, harm=replace(found.harm, response_rate=_unknown("", NOBODY)))


def _awaited(harm: Harm, before: Harm, metric: Metric, now: datetime) -> Harm:
    """A verdict that waits for its response rate says when it is due: as its range with the missing answers has it."""
    bounds = None if harm.response_rate is None else harm.response_rate.bounds
    if bounds is None or harm.code is before.code or harm.code is not Code.UNDECIDED or harm.closed:
        return harm
    wide = Interval(estimate=harm.so_far.estimate, low=bounds[0], high=bounds[1])
    return replace(harm, due=due_date(replace(harm, so_far=wide), metric, now))


def rate_panel(leaves: Panel, asked: Panel, *, now: datetime) -> Panel:
    """The response rate as a panel of kind proportion: n = asked, total = answered, over the survey's periods. Where
    the count of those asked is not complete at `now`, nothing is known."""
    metric = leaves.metric
    known = sorted({s.along(metric.dimensions) for s in asked.segments})
    counts = asked.roll_up(known)
    segments = tuple(sorted({*leaves.segments, *known}))
    count = counts.total if asked.metric.kind is Kind.LEVEL else counts.n
    n = _on(leaves, counts, segments, np.where(asked.mature(now), count, 0.0))
    answers = _on(leaves, leaves, segments, leaves.n)
    rate = replace(
        metric, label=f"response rate of {metric.label}", kind=Kind.PROPORTION, better=Better.HIGHER, matters=ANY,
        unit="", per=1.0, matures_after=timedelta(0), settle=timedelta(0), guards=(), scale=None, response_of="",
    )  # fmt: skip
    return Panel(
        metric=rate, segments=segments, starts=leaves.starts, n=n, total=np.minimum(answers, n),
        left_out=leaves.left_out,
    )  # fmt: skip


def _rate(
    change: Change, others: Sequence[Change], leaves: Panel, asked: Panel, until: datetime, now: datetime
) -> Asking[ResponseRate]:
    """The response rate over the survey's own window, which ends at `until`."""
    last = int(np.searchsorted(leaves.ends(), until.timestamp(), "right"))
    shown = leaves.cut(0, last)
    if not asked.n[:, asked.mature(now)].any():
        return _unknown(asked.metric.id, f"no figures of {asked.metric.label} yet")
    panel = rate_panel(shown, asked, now=now)
    odd = _more_than_asked(shown, panel)
    if odd > ODD:
        return _unknown(asked.metric.id, f"{odd:.0%} of its figures have more answers than {asked.metric.label} counts")
    plain = replace(change, limits={}, aims={})
    if change.stages:
        found = yield from staged_inquiry(plain, others, panel, SHARE, now=until, brief=True)
    else:
        found = yield from inquiry(plain, others, panel, SHARE, now=until, brief=True)
    return response_rate.rate_of(asked.metric.id, found.harm)


def _unknown(asked: str, reason: str) -> ResponseRate:
    nan = float("nan")
    return ResponseRate(of=asked, actual=nan, expected=nan, low=nan, high=nan, asked=0.0, reason=reason)


def _on(leaves: Panel, panel: Panel, segments: Sequence[object], matrix: Floats) -> Floats:
    """A matrix of `panel` on the survey's periods and on `segments`, 0 where it has none."""
    out = np.zeros((len(segments), len(leaves.starts)))
    where = {segment: i for i, segment in enumerate(segments)}
    shared, mine, theirs = np.intersect1d(leaves.starts, panel.starts, return_indices=True)
    rows = np.array([where[segment] for segment in panel.segments], np.int64)
    if len(shared):
        out[np.ix_(rows, mine)] = matrix[:, theirs]
    return out


def _more_than_asked(leaves: Panel, rate: Panel) -> float:
    """The share of figures with answers that have more of them than were asked."""
    answers = _on(rate, leaves, rate.segments, leaves.n)
    given = (answers > 0) & (rate.n > 0).any(0)
    return float((answers > rate.n)[given].sum()) / int(given.sum()) if given.any() else 0.0
