"""What the demo desk's channels told in 18 months, told again: the transcript on record is what readers see, and short.

benchmarks/slack_transcript.py replays the desk and writes both files anew.
"""

import json
import re
from collections import Counter
from datetime import datetime

import pytest
from fakeslack.transcript import DRAWN, NEW, REPLY, retell
from golden_payloads import FOLDER

from cxmon.model import Message
from cxmon.store import codec

# Slack shows a message up to about here without "show more".
LONGEST_REPLY, MOST_LINES = 400, 16


@pytest.fixture(scope="module")
def news():
    lines = (FOLDER / "desk-news.jsonl").read_text(encoding="utf-8").splitlines()
    return [codec.load(tuple[datetime, str, Message], line) for line in lines]


@pytest.fixture(scope="module")
def sizes():
    """Of the pictures that the desk's messages had, by a message's key."""
    lines = (FOLDER / "desk-pictures.txt").read_text(encoding="utf-8").splitlines()
    return {key: tuple(json.loads(f"{size}]")) for size, _, key in (line.partition("] ") for line in lines)}


@pytest.fixture(scope="module")
def slack(news, sizes, tmp_path_factory):
    slack, wrong = retell(news, tmp_path_factory.mktemp("told"), sizes)
    # Every payload was valid, nothing had to be sent twice, and the pace was kept.
    assert wrong == []
    return slack


def test_the_transcript_on_record_is_what_is_seen(slack):
    assert slack.written() == (FOLDER / "desk-transcript.txt").read_text(encoding="utf-8")


def test_people_are_called_for_news_and_for_nothing_else(news, slack):
    """A story is one message; what follows is an edit of it, with one reply where it is news."""
    first = {message.thread: i for i, (_, _, message) in reversed(list(enumerate(news)))}
    said = [m.reply for i, (_, _, m) in enumerate(news) if first[m.thread] != i and m.reply]
    assert Counter(t.sort for t in slack.told)[NEW] == len(first)
    assert Counter(t.sort for t in slack.told)[REPLY] == len(said)
    calls = [t for t in slack.told if t.sort in {NEW, REPLY}]
    assert len(calls) < 2 * 18
    assert len({(t.ts, t.lines) for t in calls}) == len(calls)


def test_a_picture_says_in_words_what_it_shows(news, sizes, slack):
    drawn = [t for t in slack.told if t.sort == DRAWN]
    assert drawn
    # One that comes with later news shows other figures in the same words: nothing new is read.
    assert len(drawn) <= len(sizes)
    for one in drawn:
        (line,) = one.lines
        width, height = map(int, re.match(r"\[picture (\d+) × (\d+)\] ", line).groups())
        assert 600 <= width <= 2_000
        assert 200 <= height <= 4_000
        assert len(line) > 30


def test_one_digest_is_on_record_in_full(news, slack):
    (digest,) = [m for _, _, m in news if m.thread.startswith("digest:")]
    (told,) = [t for t in slack.told if t.sort == NEW and any(digest.badge in line for line in t.lines)]
    assert told.lines[0] == digest.title
    assert len(told.lines) > len(digest.lines)
    assert digest.badge in told.lines[1]


def test_an_end_is_said_in_its_thread_and_one_of_a_silenced_story_as_a_message_of_its_own(news, slack):
    first = {message.thread: message.key for _, _, message in reversed(news)}
    ended = [m for _, _, m in news if "|ended|" in m.key]
    alone = [m for m in ended if first[m.thread] == m.key]
    assert len(ended) > len(alone)
    for sort, ends in ((REPLY, [m for m in ended if m not in alone]), (NEW, alone)):
        said = "\n".join("\n".join(t.lines) for t in slack.told if t.sort == sort)
        assert all(m.title in said for m in ends)


def test_what_calls_somebody_is_short(slack):
    for one in slack.told:
        if one.sort == REPLY:
            assert sum(map(len, one.lines)) <= LONGEST_REPLY
        if one.sort == NEW and not any("The week of" in line for line in one.lines):
            assert len(one.lines) <= MOST_LINES
            assert len(one.lines[0]) <= 150
