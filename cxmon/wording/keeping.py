"""The alarm budget in words: what was promised, what was told, what of it people marked as not real, what a replay of
the same settings let expect, and how many could have been false."""

from datetime import datetime, timedelta

from cxmon.model import QUARTER, AlarmQuarter, AlarmsKept, Tone, written
from cxmon.wording import numbers as say
from cxmon.wording.numbers import counted, number, plain
from cxmon.wording.whole import Table

NOTE = (
    "A false alarm is one without a cause. Which ones were false nobody can count but those who look: they mark an "
    "alert as not real, in Slack, here or with `cxmon not-real`. Of the others at most those were false that nobody "
    "took up. `cxmon replay --keep` counts on the past what these settings would have told."
)

# A shorter replay brings no alert more often than not, which lets expect nothing.
LEAST_QUARTERS = 0.95


def promised(kept: AlarmsKept) -> str:
    """`At most 2 false alarms a quarter, over 106 watched figures`."""
    return f"At most {plain(kept.per_quarter)} false alarms a quarter, over {written(kept.series)} watched figures"


def quarter(one: AlarmQuarter) -> str:
    """`July to September 2026`."""
    last = one.begins + timedelta(days=80)
    return f"{one.begins:%B} to {last:%B %Y}"


def standing(one: AlarmQuarter, kept: AlarmsKept) -> tuple[str, Tone, str]:
    """(words, tone, shape): kept where even all that could have been false would be within the budget."""
    if not one.told:
        return "Nothing told", Tone.GREY, "check"
    if one.marked > kept.per_quarter:
        return "Not kept, as marked", Tone.AMBER, "warning"
    if one.marked + one.gone > kept.per_quarter:
        return "Perhaps not kept", Tone.AMBER, "warning"
    if one.told - one.taken_up > kept.per_quarter:
        return "Open whether kept", Tone.GREY, "hourglass_empty"
    return "Kept", Tone.GREY, "check"


def became(one: AlarmQuarter) -> str:
    """`4 incidents told: 1 marked as not real, 2 taken up, 1 still open and not taken up`."""
    if not one.told:
        return "no watch incident was told"
    left = one.told - one.taken_up - one.gone - one.marked
    parts = [
        (one.marked, "marked as not real"),
        (one.taken_up, "taken up"),
        (one.gone, "gone before anybody took it up"),
        (left, "still open and not taken up"),
    ]
    return f"{counted(one.told, 'incident')} told: " + ", ".join(f"{n} {what}" for n, what in parts if n)


def bearable(one: AlarmQuarter, kept: AlarmsKept) -> str:
    """What the budget allows in a time, as far as it is over: `at most 1.3 false ones promised`."""
    return f"at most {_few(kept.promised(one.begins, one.ends or kept.as_of))} false ones promised"


def expected(one: AlarmQuarter, kept: AlarmsKept) -> str:
    """What the replay lets expect of a time: `1.3, as by the replay`; empty where none was kept of these settings, or
    one so short that its count says little."""
    found = kept.replayed
    if found is None or found.settings != kept.settings or found.quarters < LEAST_QUARTERS:
        return ""
    return _few(found.per_quarter * ((one.ends or kept.as_of) - one.begins) / QUARTER)


def replayed(kept: AlarmsKept, zone: str) -> str:
    """What the last replay that was kept had brought, and whether it was run with these settings."""
    found = kept.replayed
    if found is None:
        return "No replay was kept to compare with: cxmon replay --since DAY --keep"
    span = f"{_day(found.since, zone)} to {_day(found.until, zone)}"
    near = f", {found.near} of them near a declared change" if found.near else ""
    brought = f"{counted(found.incidents, 'alert')} of the watches in {number(found.quarters, 1)} quarters{near}"
    if found.settings != kept.settings:
        return (
            f"The settings have changed since the replay of {span} (run on {_day(found.at, zone)}, {brought}): run it "
            "again with --keep"
        )
    if found.quarters < LEAST_QUARTERS:
        return (
            f"The replay of {span} (run on {_day(found.at, zone)}, {brought}) is too short to expect anything by: run "
            "one of a quarter or more with --keep"
        )
    rate = f", {_few(found.per_quarter)} a quarter" if found.incidents else ""
    return f"A replay of these settings over {span}, run on {_day(found.at, zone)}, brought {brought}{rate}"


def lines(kept: AlarmsKept, lately: AlarmQuarter | None, zone: str) -> tuple[str, ...]:
    """What was promised, told, marked and to be expected: since the last digest, per quarter, and by the replay."""
    if lately is None:
        newest = kept.quarters[0]
        return (f"{promised(kept)}; {became(newest)} ({quarter(newest)})",)
    rows = [(f"Since {_day(lately.begins, zone)}", lately), *((_named(one, kept), one) for one in kept.quarters)]
    told = [f"{name}: {_sent(one)}; {measured(one, kept)}" for name, one in rows]
    return (f"{promised(kept)}.", *told, *_notes(kept, lately, zone))


def table(kept: AlarmsKept, lately: AlarmQuarter | None, zone: str) -> Table | None:
    """The same as a table, a row a time; None where nothing is known but the promise."""
    if lately is None:
        return None
    rows = [(f"Since {_day(lately.begins, zone)}", lately), *((_named(one, kept), one) for one in kept.quarters)]
    heads = (
        "time",
        "alerts sent",
        "marked as not real",
        "false ones promised at most",
        "alerts expected by the replay",
    )
    cells = tuple(
        (
            name, str(one.told), str(one.marked), _few(kept.promised(one.begins, one.ends or kept.as_of)),
            expected(one, kept) or "not known",
        )
        for name, one in rows
    )  # fmt: skip
    return Table(headers=heads, rows=cells)


def notes(kept: AlarmsKept, lately: AlarmQuarter | None, zone: str) -> tuple[str, ...] | None:
    """What a page says below the table; None where there is no table."""
    return None if lately is None else (f"{promised(kept)}.", *_notes(kept, lately, zone))


def brief(kept: AlarmsKept, lately: AlarmQuarter | None, zone: str) -> str:
    """One line of a chat; empty where nothing was sent and nothing was marked."""
    if lately is None or not (lately.told or lately.marked_late):
        return ""
    return f"Alarms since {_day(lately.begins, zone)}: {_sent(lately)}; {measured(lately, kept)}."


def _notes(kept: AlarmsKept, lately: AlarmQuarter, zone: str) -> tuple[str, ...]:
    newest = kept.quarters[0]
    found = [f"{replayed(kept, zone)}."]
    if newest.others or lately.others:
        marked = f", {newest.others_marked} of them marked as not real" if newest.others_marked else ""
        sent = counted(newest.others, "alert")
        found.append(f"Checks without a budget (bounds, funnels) sent {sent} in {_named(newest, kept)}{marked}.")
    return tuple(found)


def _sent(one: AlarmQuarter) -> str:
    """`2 alerts sent, 1 of them marked as not real, and 1 sent before`."""
    if not one.told:
        sent = "no alert sent"
    else:
        marked = f"{one.marked} of them" if one.marked else "none"
        sent = f"{counted(one.told, 'alert')} sent, {marked} marked as not real"
    return sent + (f"; of those sent before {one.marked_late} marked as not real" if one.marked_late else "")


def measured(one: AlarmQuarter, kept: AlarmsKept) -> str:
    """What it is measured by: the promise, and the replay where one is known."""
    said = expected(one, kept)
    return bearable(one, kept) + (f", {said} alerts to be expected by the replay" if said else "")


def _named(one: AlarmQuarter, kept: AlarmsKept) -> str:
    return quarter(one) + (" so far" if one == kept.quarters[0] else "")


def _few(x: float) -> str:
    """A number of alerts: one digit after the point, two where that would be nothing, none for nothing."""
    return number(x, 2 if x < 0.1 else 1) if x else "0"


def _day(at: datetime, zone: str) -> str:
    return f"{say.day(at, zone)} {at:%Y}"
