"""What could be wrong with a verdict, which side effects were watched, and how it was worked out: lines to be read."""

import math
from collections.abc import Mapping, Sequence

from cxmon.model import Change, Code, Declared, Grade, Harm, Metric, Verdict, number_format, written
from cxmon.wording import numbers as say
from cxmon.wording.answering import responded
from cxmon.wording.evidence import disputes, remarks, remarks_on_all, seconded, unusual
from cxmon.wording.screen import screen
from cxmon.wording.sizes import in_words
from cxmon.wording.verdicts import by_gravity

Metrics = Mapping[str, Metric]

_SETTINGS = (
    ("matters", "smallest difference that matters"),
    ("grain", "one figure a"),
    ("matures_after", "complete after"),
    ("zone", "days of"),
    ("holidays", "holidays"),
)


def doubts(verdict: Verdict, declared: Declared, metrics: Metrics) -> tuple[str, ...]:
    """What speaks against taking a verdict at its word, the weightiest first: late or edited declarations, nobody to
    compare with, methods that disagree, other changes near, segments set aside, who answers, what it rests on."""
    harms = by_gravity(verdict.harms)
    lines = _declared(declared)
    alone = [h for h in harms if h.grade is Grade.BEFORE_AFTER and not h.disputed and math.isfinite(h.so_far.high)]
    for some, why in (
        ([h for h in alone if not h.controls], "there were no untouched segments to compare with"),
        ([h for h in alone if h.controls], "the untouched segments beside it are not known to move alike"),
    ):
        if some:
            lines.append(
                f"{_labels(some, metrics)}: before and after only, {why}. "
                "Anything else that began at the same time counts as its effect"
            )
    alike = remarks_on_all(harms)
    lines += [f"For every metric: {one}" for one in alike]
    for harm in harms:
        metric = metrics[harm.metric]
        rate = harm.response_rate
        moved = rate is not None and (rate.moved or rate.bounds is not None or not math.isfinite(rate.actual))
        found = (
            disputes(metric, harm),
            harm.reason if harm.code in {Code.ENTANGLED, Code.NOT_COMPARABLE, Code.WAITING} else "",
            _moved(len(harm.controls_moved)),
            responded(harm, metric) if moved else "",
            *(one for one in remarks(harm) if one not in alike),
        )
        lines += [f"{metric.label}: {one}" for one in found if one]
    return tuple(lines) or ("Nothing is known that speaks against it",)


def guarded(verdict: Verdict, change: Change, metrics: Metrics, titles: Mapping[str, str] | None = None) -> list[str]:
    """One line a side effect that was declared as watched, or was judged without a limit of its own."""
    lines = []
    harms = {harm.metric: harm for harm in verdict.harms}
    own = [m for m in harms if m not in change.limits and m not in change.aims and m not in change.guards]
    for metric_id in (*change.guards, *own):
        harm, metric = harms.get(metric_id), metrics.get(metric_id)
        if harm is None or metric is None:
            lines.append(f"{metric.label if metric else metric_id}: not judged")
            continue
        limit = f"limit {say.limit(metric, harm)}"
        limit += "" if metric_id in change.limits else ", the smallest difference that matters: nobody set another"
        lines.append(f"{metric.label}: {screen(harm, titles=titles)[0]}; {say.largest(metric, harm)} ({limit})")
    return lines


def worked_out(verdict: Verdict, metrics: Metrics) -> list[str]:
    """How each metric was judged, with the settings that it rests on."""
    settings = verdict.first.settings if verdict.first is not None else {}
    lines = []
    for harm in by_gravity(verdict.harms):
        metric = metrics[harm.metric]
        rests = (_compared(harm), _read(harm, metric), _set(settings.get(harm.metric, {})))
        lines.append(f"{metric.label}: {'; '.join(part for part in rests if part)}")
    method = verdict.first.method if verdict.first is not None else ""
    lines += [f"Worked out by cxmon {method}; version {verdict.version} of the verdict"] if method else []
    return lines


def how_unusual(verdict: Verdict, metrics: Metrics) -> list[str]:
    """How unusual each move is, in time and among segments, and what other methods say."""
    lines = []
    for harm in by_gravity(verdict.harms):
        metric = metrics[harm.metric]
        agreed = "" if harm.disputed else seconded(harm.opinions)
        parts = [part for part in (unusual(metric, harm), agreed) if part]
        lines += [f"{metric.label}: {'; '.join(parts)}"] if parts else []
    return lines


def _declared(declared: Declared) -> list[str]:
    late, edits = declared.days_late, len(declared.edits)
    lines = []
    if late:
        lines.append(f"Declared {say.days(late)} after it began: its limits may have been set with figures in sight")
    if edits:
        lines.append(f"Its declaration was edited {say.counted(edits, 'time')} since; the edits stand below")
    return lines


def _moved(count: int) -> str:
    """Untouched segments that are no witnesses; their names stand with the metric."""
    which = "segment moved by itself" if count == 1 else "segments moved by themselves"
    return f"{count} untouched {which} since and count{'s' if count == 1 else ''} little or not at all" if count else ""


def _compared(harm: Harm) -> str:
    if harm.controls:
        return f"compared with {', '.join(harm.controls)}"
    return "compared with its own past, by weekday, trend and season"


def _read(harm: Harm, metric: Metric) -> str:
    if not harm.n_post:
        return ""
    before, since = (say.counted(n, metric.grain.value) for n in (harm.n_pre, harm.n_post))
    read = f"{before} before and {since} since, {written(harm.answers)} answers or cases since"
    sure = 100 * harm.confidence
    ranged = f"a {say.number(sure, 1)} % range that may be read every day" if math.isfinite(sure) else ""
    return ", ".join(part for part in (read, ranged) if part)


def _set(settings: Mapping[str, str]) -> str:
    said = {name: text for name, text in settings.items() if text not in {"", "None"}}
    told = [f"{words} {_in_words(said[name])}" for name, words in _SETTINGS if name in said]
    return ", ".join(told)


def _in_words(text: str) -> str:
    """A setting as people read it: sizes and durations are kept as the configuration has them, `1pt`, `8d`."""
    shown = in_words(number_format().of(text)) if text[:1].isdigit() else text
    if not shown.endswith(" d"):
        return shown
    return {"0 d": "its end", "1 d": "1 day"}.get(shown, f"{shown}ays")


def _labels(harms: Sequence[Harm], metrics: Metrics) -> str:
    return ", ".join(metrics[harm.metric].label for harm in harms)
