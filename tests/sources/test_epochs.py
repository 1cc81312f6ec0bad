"""Epochs that records hold, in seconds or milliseconds, as numbers or as texts."""

from dataclasses import replace

import pytest
from test_rest_source import CSAT, NOW, STREAM, T0, answers, pull, rest
from vendor_stub import Desk, serving

from cxmon import feeds
from cxmon.aggregate import Page

SECONDS = 1_780_000_000
WRITTEN = (SECONDS, SECONDS * 1000, f"{SECONDS}", f"{SECONDS}000", "2026-05-28T20:26:40Z")


@pytest.mark.parametrize("written", WRITTEN)
def test_an_epoch_is_one_in_each_form(written):
    assert feeds.epoch(written) == SECONDS
    spent = feeds.Field(path="b", minutes_after="a").getter()
    for before in (SECONDS - 300, (SECONDS - 300) * 1000, f"{SECONDS - 300}", f"{SECONDS - 300}000"):
        assert spent({"a": before, "b": written}) == 5


@pytest.mark.parametrize("written", [f"{SECONDS}00000", f"{SECONDS}x", f"-{SECONDS}", "١٧٨٠٠٠٠٠٠٠"])
def test_what_is_no_epoch_is_told(written):
    with pytest.raises(ValueError, match="no instant in ISO 8601 and no epoch seconds"):
        feeds.epoch(written)


def test_eight_digits_are_a_date_and_thirteen_are_none():
    assert feeds.epoch("20260528") == feeds.epoch("2026-05-28")
    # ISO 8601 could take it for a minute of the year 1712.
    assert feeds.epoch("1712010212345") == 1_712_010_212


def test_a_time_in_milliseconds_says_so_with_divide_and_may_be_a_text():
    rows = answers(3)
    rows[0]["created"] = f"{rows[0]['created']}000"
    rows[1]["created"] *= 1000
    rows[2]["created"] = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    desk = Desk(rows)
    stream = replace(STREAM, fields=STREAM.fields | {"at": feeds.Field(path="created", divide=1000.0)})
    with serving(desk) as vendor:
        (page,) = pull(rest(vendor, stream))
    counted = Page(records=page.upserts, now=NOW).counted(CSAT)
    assert (counted.rejected, counted.at.tolist()) == ((), [T0, T0 + 3600, int(NOW.timestamp())])
