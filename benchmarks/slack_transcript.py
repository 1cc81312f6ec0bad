"""What would the desk's channel have looked like? Its 18 months, delivered to the strict stand-in for Slack.

    python benchmarks/slack_transcript.py DESK     # some minutes, most of it the replay

DESK is the folder of a desk (`cxmon demo desk --dir DESK --no-serve`); it is only read. The period is replayed with
what was known on each day, and every message goes through the real outbox and Slack channel to the fake, with
fast-forwarded time. What began before the period is left out. The last week's digest comes at the end, with what the
replay had said of each decision and incident by then; pictures are drawn for their size, of the desk's newest figures.
The news and what readers saw of it are written to tests/alerts/golden (`--out` to elsewhere), where
tests/alerts/test_transcript.py tells the same news again and holds the rules. The command ends with 1 where the fake
refused anything, or saw more or fewer messages than the replay says.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fakeslack.transcript import DRAWN, EDIT, NEW, REPLY, retell, size_of

from cxmon.alerts.digest_message import for_digest
from cxmon.cli.common import load_plan
from cxmon.config import parse_instant
from cxmon.model import Message
from cxmon.pipeline.digest import read
from cxmon.pipeline.drawing import draw
from cxmon.pipeline.replay import period, replay
from cxmon.store import Store, codec

ROOT = Path(__file__).parents[1]
EIGHTEEN_MONTHS = timedelta(days=548)


def drawn(plan, store, messages):
    """Width and height of each message's picture by its key; those of the same series are as large."""
    found, sizes = {}, {}
    for message in messages:
        wanted = message.picture
        if wanted is not None:
            same = (wanted.metric, wanted.segment, wanted.change, len(wanted.below), len(wanted.subtitle))
            if same not in found:
                found[same] = draw(store, plan.metrics, message)
            if found[same] is not None:
                sizes[message.key] = size_of(found[same])
    return sizes


def digest_of(plan, store, replayed, since, now):
    """The week's digest: figures and targets as the desk's store has them, and what was said of decisions and incidents
    as the replay said it, since the desk itself was looked at once."""
    week, said = (read(plan, one, None, since=since, now=now) for one in (store, replayed))
    return replace(
        week, verdicts=said.verdicts, before=said.before, incidents=said.incidents, responses=said.responses,
        allowances=said.allowances, alarms=said.alarms, alarm_table=said.alarm_table, alarm_notes=said.alarm_notes,
        alarms_brief=said.alarms_brief,
    )  # fmt: skip


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("desk", type=Path)
    asked.add_argument("--since", help="from when; without it 18 months")
    asked.add_argument("--until")
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument("--recorded", action="store_true", help="tell the news on record, without a replay")
    asked.add_argument("--out", type=Path, default=ROOT / "tests" / "alerts" / "golden")
    given = asked.parse_args()
    # Without a token the desk's channel is the terminal, which gets no edits that call nobody.
    os.environ.setdefault("SLACK_BOT_TOKEN", "xoxb-nobody")
    plan = load_plan(given.desk / "cxmon.yaml")
    with Store.open(plan.store_url, read_only=True) as store:
        until = parse_instant(given.until, plan.zone) if given.until else None
        first = parse_instant(given.since, plan.zone) if given.since else datetime(2000, 1, 1, tzinfo=UTC)
        since, until = period(plan, store, first, until)
        if given.recorded:
            lines = (given.out / "desk-news.jsonl").read_text(encoding="utf-8").splitlines()
            news, counts = [codec.load(tuple[datetime, str, Message], line) for line in lines], None
            digest = next(message for _, _, message in news if message.thread.startswith("digest:"))
            news = [one for one in news if not one[2].thread.startswith("digest:")]
        else:
            since, weeks = since if given.since else until - EIGHTEEN_MONTHS, []
            found = replay(
                plan, store, since=since, until=until, processes=given.processes,
                at_end=lambda known: weeks.append(digest_of(plan, store, known, until - timedelta(days=7), until)),
            )  # fmt: skip
            old = {a.message.thread for a in found.alerts if a.standing}
            news = [(a.at, a.channel, a.message) for a in found.alerts if a.message.thread not in old]
            counts = Counter(a.sort for a in found.alerts if a.message.thread not in old)
            digest = for_digest(weeks[0], key=f"digest:desk|digest|1|{news[0][1]}", thread="digest:desk",
                                board_url=plan.board_url)  # fmt: skip
        sizes = drawn(plan, store, (digest, *(message for _, _, message in news)))
    news.append((until, news[0][1], digest))
    with tempfile.TemporaryDirectory() as folder:
        slack, wrong = retell(news, Path(folder), sizes)
    lines = [f"{json.dumps(size)} {key}\n" for key, size in sizes.items()]
    (given.out / "desk-pictures.txt").write_text("".join(lines), encoding="utf-8")
    (given.out / "desk-news.jsonl").write_text("".join(f"{codec.dump(n)}\n" for n in news), encoding="utf-8")
    (given.out / "desk-transcript.txt").write_text(slack.written(), encoding="utf-8")
    sorts = {sort: sum(t.sort == sort for t in slack.told) for sort in (NEW, REPLY, EDIT, DRAWN)}
    print(f"{len(news)} messages, the digest among them: {sorts}")
    if counts is not None and (sorts[NEW] - 1, sorts[REPLY]) != (counts["new"], counts["reply"]):
        wrong.append(f"the replay says {dict(counts)}")
    for problem in wrong:
        print(f"WRONG {problem}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
