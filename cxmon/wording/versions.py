"""Why a verdict changed, in sentences: what was said before, until when, and what has become known since."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from cxmon.model import Cause, Code, Grade, Metric, PriceCode, Reason, Verdict, Version, written
from cxmon.wording import numbers as say
from cxmon.wording.displacing import small
from cxmon.wording.evidence import grade
from cxmon.wording.pricing import turned_words
from cxmon.wording.screen import WITHIN, count_word, screen

Metrics = Mapping[str, Metric]
Titles = Mapping[str, str] | None

_ALONE = {
    Cause.REVISED: "; over the very same days the verdict is another one",
    Cause.MORE_DAYS: "; the days judged before still say what was said then",
}


def why(version: Version, metrics: Metrics, zone: str = "UTC", titles: Titles = None) -> tuple[str, ...]:
    """One sentence a reason, what turned the verdict first; without full stops."""
    return tuple(_WORDS[r.cause](r, metrics, zone, titles or {}) + _turned(r) for r in version.reasons)


def said_until(version: Version, zone: str = "UTC") -> str:
    """`2 Oct`, or with the last look that said the same: `2 Oct, still on 14 Oct`."""
    first, last = say.day(version.said_from, zone, now=version.said_to), say.day(version.said_to, zone)
    return first if version.said_from == version.said_to or first == last else f"{first}, still on {last}"


def turns(version: Version, metrics: Metrics) -> tuple[str, ...]:
    """`CSAT turned from “too early” to “over the limit”`, one metric that turned each."""
    return tuple(
        f"{_label(t.metric, metrics)} left the range that was told"
        if t.before == t.after
        else f"{_label(t.metric, metrics)} turned from {' to '.join(map(_quoted, (t.before, t.after), t.within))}"
        for t in version.turned
    )


def before(version: Version) -> str:
    """`Too early`: what the version before said; `nothing` for the first."""
    return screen(Code(version.before))[0] if version.before else "nothing"


def changed(version: Version, metrics: Metrics, zone: str = "UTC", titles: Titles = None) -> str:
    """All reasons in one line for a message: `What changed since version 2: ...`; empty for the first version."""
    if not version.before:
        return ""
    told = "; ".join((*turns(version, metrics), *why(version, metrics, zone, titles)))
    return f"What changed since version {version.number - 1}: {told}."


def unheard(before: Verdict, zone: str = "UTC") -> str:
    """What stands between the version that was told last and `before`, the one that turned: it was no news."""
    said = screen(before)[0].lower()
    return (
        f"The versions since, up to version {before.version} of {say.day(before.as_of, zone)} ({said}), were no news."
    )


def _quoted(code: str, within: bool) -> str:
    words = WITHIN if code == Code.WORSE and within else screen(Code(code))[0]
    return f"“{words.lower()}”"


def _turned(reason: Reason) -> str:
    return _ALONE.get(reason.cause, "") if reason.decisive else ""


def _first(_: Reason, __: Metrics, ___: str, ____: Mapping[str, str]) -> str:
    return "the first verdict"


def _revised(reason: Reason, metrics: Metrics, zone: str, _: Mapping[str, str]) -> str:
    """`figures of earlier days were revised: to 3 Oct CSAT was 84.1 %, is 85.2 % now; 210 more answers came in`."""
    metric = metrics.get(reason.metric)
    if metric is None:
        return f"figures of earlier days of {reason.metric} were revised"
    to = f"to {_last_day(reason.until, zone)} " if reason.until is not None else ""
    was, now = say.value(metric, reason.before), say.value(metric, reason.after)
    same = f"{metric.label} {to}reads {now} as before" if was == now else f"{metric.label} {to}was {was}, is {now} now"
    text = f"figures of earlier days were revised: {same}"
    if not math.isfinite(reason.count) or round(reason.count) == 0:
        return text
    count, what = written(abs(reason.count)), count_word(metric)
    return f"{text}; {count} more {what} came in" if reason.count > 0 else f"{text}; {count} {what} fewer are counted"


def _more_days(reason: Reason, metrics: Metrics, zone: str, _: Mapping[str, str]) -> str:
    metric = metrics.get(reason.metric)
    label = metric.label if metric is not None else reason.metric
    grain = metric.grain.value if metric is not None else "period"
    count = say.counted(round(reason.count), f"more {grain}")
    to = f", to {_last_day(reason.until, zone)}" if reason.until is not None else ""
    return f"{count} of {label} {'is' if round(reason.count) == 1 else 'are'} judged{to}"


def _edited(reason: Reason, _: Metrics, __: str, ___: Mapping[str, str]) -> str:
    return "the declaration was edited" + (f": {'; '.join(reason.names)}" if reason.names else "")


def _other_change(reason: Reason, _: Metrics, __: str, titles: Mapping[str, str]) -> str:
    named = " and ".join(titles.get(name, name) for name in reason.names)
    return f"another change touches the same customers: {named}"


def _opinion(reason: Reason, metrics: Metrics, __: str, ___: Mapping[str, str]) -> str:
    label = _label(reason.metric, metrics)
    if "disagrees" in reason.names:
        return f"a second method disagrees on {label} now"
    return f"no second method disagrees on {label} any more"


def _compared(reason: Reason, metrics: Metrics, __: str, ___: Mapping[str, str]) -> str:
    was, now = (grade(Grade(name)) for name in reason.names)
    return f"the evidence on {_label(reason.metric, metrics)} was {was}, is {now} now"


def _measurement(reason: Reason, metrics: Metrics, __: str, ___: Mapping[str, str]) -> str:
    return f"{_label(reason.metric, metrics)} cannot be compared any more: {'; '.join(reason.names)}"


def _settings(reason: Reason, metrics: Metrics, __: str, ___: Mapping[str, str]) -> str:
    return f"settings of {_label(reason.metric, metrics)} were changed: {'; '.join(reason.names)}"


def _method(reason: Reason, _: Metrics, __: str, ___: Mapping[str, str]) -> str:
    return f"cxmon itself was updated, from {reason.names[0]} to {reason.names[1]}"


def _window(reason: Reason, metrics: Metrics, zone: str, _: Mapping[str, str]) -> str:
    to = f" on {_last_day(reason.until, zone)}" if reason.until is not None else ""
    return f"the days for which {_label(reason.metric, metrics)} is judged ended{to}"


def _price(reason: Reason, _: Metrics, __: str, ___: Mapping[str, str]) -> str:
    was, now, graded = reason.names
    if not now:
        return "the price is not known any more"
    return small(turned_words(PriceCode(was) if was else None, PriceCode(now), Grade(graded)))


def _left_out(reason: Reason, metrics: Metrics, _: str, __: Mapping[str, str]) -> str:
    label = _label(reason.metric, metrics)
    return f"{label}: {'; '.join(reason.names)}" if reason.names else f"{label}: days that were left out count again"


def _last_day(until: datetime, zone: str) -> str:
    """The last day of a window that ends before `until`, as every other line of a verdict names it."""
    return say.day(until - timedelta(microseconds=1), zone)


def _label(metric: str, metrics: Metrics) -> str:
    return metrics[metric].label if metric in metrics else metric


_WORDS: dict[Cause, Callable[[Reason, Metrics, str, Mapping[str, str]], str]] = {
    Cause.FIRST: _first,
    Cause.REVISED: _revised,
    Cause.MORE_DAYS: _more_days,
    Cause.EDITED: _edited,
    Cause.OTHER_CHANGE: _other_change,
    Cause.MEASUREMENT: _measurement,
    Cause.STAGE: lambda r, _, __, ___: f"the roll-out reached {' and '.join(r.names)}",
    Cause.OPINION: _opinion,
    Cause.COMPARED: _compared,
    Cause.WATCHED: lambda r, m, _, __: f"{_label(r.metric, m)} is watched now",
    Cause.UNWATCHED: lambda r, m, _, __: f"{_label(r.metric, m)} is watched no more",
    Cause.WINDOW: _window,
    Cause.SETTINGS: _settings,
    Cause.METHOD: _method,
    Cause.PRICE: _price,
    Cause.LEFT_OUT: _left_out,
    Cause.UNRECORDED: lambda *_: "why was not recorded",
}
