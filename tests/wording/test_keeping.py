"""The alarm budget in words: promised, sent, marked as not real, and what a replay lets expect, from one value."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cxmon.model import AlarmQuarter, AlarmsKept, KeptReplay
from cxmon.wording import keeping

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
RUNNING = AlarmQuarter(begins=datetime(2026, 10, 1, tzinfo=UTC), ends=NOW, told=5, taken_up=1, gone=1, marked=2)
BEFORE = AlarmQuarter(
    begins=datetime(2026, 7, 1, tzinfo=UTC), ends=datetime(2026, 10, 1, tzinfo=UTC), told=0, taken_up=0, gone=0
)
LATELY = AlarmQuarter(
    begins=datetime(2026, 11, 20, 8, tzinfo=UTC), ends=NOW, told=2, taken_up=0, gone=0, marked=1, marked_late=1
)
REPLAY = KeptReplay(
    at=NOW, since=datetime(2025, 11, 26, tzinfo=UTC), until=datetime(2026, 11, 26, tzinfo=UTC), incidents=8, near=1,
    settings="s1",
)  # fmt: skip
KEPT = AlarmsKept(
    as_of=NOW, per_quarter=2.0, series=38, quarters=(RUNNING, BEFORE), watches=("watch",), settings="s1",
    replayed=REPLAY,
)  # fmt: skip


def test_the_digest_says_what_was_sent_marked_promised_and_to_be_expected():
    running, measured = "October to December 2026 so far", "alerts to be expected by the replay"
    brought = "brought 8 alerts of the watches in 4.0 quarters, 1 of them near a declared change, 2.0 a quarter"
    promised, late = "at most 0.2 false ones promised", "of those sent before 1 marked as not real"
    assert keeping.lines(KEPT, LATELY, "UTC") == (
        "At most 2 false alarms a quarter, over 38 watched figures.",
        f"Since 20 Nov 2026: 2 alerts sent, 1 of them marked as not real; {late}; {promised}, 0.2 {measured}",
        f"{running}: 5 alerts sent, 2 of them marked as not real; at most 1.3 false ones promised, 1.3 {measured}",
        f"July to September 2026: no alert sent; at most 2.0 false ones promised, 2.0 {measured}",
        f"A replay of these settings over 26 Nov 2025 to 26 Nov 2026, run on 27 Nov 2026, {brought}.",
    )
    assert keeping.table(KEPT, LATELY, "UTC").rows[1] == (running, "5", "2", "1.3", "1.3")
    assert keeping.brief(KEPT, LATELY, "UTC").startswith("Alarms since 20 Nov 2026: 2 alerts sent, 1 of them marked")
    quiet = replace(LATELY, told=0, marked=0, marked_late=0)
    assert keeping.brief(KEPT, quiet, "UTC") == ""
    others = replace(KEPT, quarters=(replace(RUNNING, others=3, others_marked=1), BEFORE))
    assert keeping.lines(others, LATELY, "UTC")[-1] == (
        "Checks without a budget (bounds, funnels) sent 3 alerts in October to December 2026 so far, 1 of them marked "
        "as not real."
    )


def test_a_replay_of_other_settings_is_named_and_lends_no_figure():
    changed = replace(KEPT, settings="s2")
    assert "to be expected" not in " ".join(keeping.lines(changed, LATELY, "UTC"))
    assert keeping.replayed(changed, "UTC").startswith("The settings have changed since the replay of 26 Nov 2025 to ")
    assert keeping.table(changed, LATELY, "UTC").rows[0][-1] == "not known"
    short = replace(KEPT, replayed=replace(REPLAY, since=datetime(2026, 10, 26, tzinfo=UTC), incidents=0, near=0))
    assert "to be expected" not in " ".join(keeping.lines(short, LATELY, "UTC"))
    assert "is too short to expect anything by" in keeping.replayed(short, "UTC")
    none = replace(KEPT, replayed=None)
    assert keeping.replayed(none, "UTC") == "No replay was kept to compare with: cxmon replay --since DAY --keep"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"told": 0, "taken_up": 0, "gone": 0, "marked": 0}, "Nothing told"),
        ({"told": 5, "taken_up": 1, "gone": 0, "marked": 3}, "Not kept, as marked"),
        ({"told": 5, "taken_up": 1, "gone": 2, "marked": 1}, "Perhaps not kept"),
        ({"told": 5, "taken_up": 2, "gone": 1, "marked": 1}, "Open whether kept"),
        ({"told": 5, "taken_up": 3, "gone": 1, "marked": 1}, "Kept"),
    ],
)
def test_what_people_marked_counts_as_false_and_the_rest_as_it_may_be(counts, words):
    assert keeping.standing(replace(RUNNING, **counts), KEPT)[0] == words
