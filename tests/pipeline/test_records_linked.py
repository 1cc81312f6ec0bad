"""An alert links to the worst tickets behind it: looked up when it goes out, kept in no message of ours."""

import json
import re
from datetime import timedelta

import pytest
from fakeslack.plugin import fake_slack  # noqa: F401
from fakeslack.rules import block_problems
from notify_world import Hasty, news
from test_behind import CSAT, NOW, answers, desk, take

from cxmon.alerts import blocks, letter, payload, text
from cxmon.checks import Threshold
from cxmon.config.plan import CheckPlan
from cxmon.model import Record, Secret
from cxmon.pipeline.behind import linked
from cxmon.pipeline.check import check
from cxmon.pipeline.notify import deliver
from cxmon.store import Store, codec

LINK = re.compile(r"<(https://desk\.example\.com/t/[^|>]+)\|([^>]+)>")
HOSTILE = ("<!channel>", "a|b", "x>y&z", "`*_~", "\u202eevil", "😀" * 300, "[a](https://e.example)", "1\n2", "")


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/s.db") as opened:
        yield opened


@pytest.fixture
def world(tmp_path, fake_slack):  # noqa: F811
    slack = Hasty(channel="C0ALERTS", token=Secret("xoxb-good"), base_url=fake_slack.url, timeout_s=20.0)
    floor = CheckPlan(name="floor", check=Threshold(floor=0.7), metrics=("csat",))
    return lambda **more: desk(tmp_path, CSAT, checks=(floor,), channels={"slack": slack}, **more)


def shown(slack):
    (first,) = slack.posts()
    return str(first["blocks"])


def test_the_worst_three_are_linked_in_slack_and_named_in_no_stored_message(store, world, fake_slack):  # noqa: F811
    take(store, CSAT, answers())
    check(world(), store, now=NOW)
    deliver(world(), store, now=NOW, worker="w")
    links = LINK.findall(shown(fake_slack))
    assert links == [(f"https://desk.example.com/t/phone-r49-{i}", f"phone-r49-{i}") for i in (11, 10, 9)]
    assert "84 records on the bad side" in shown(fake_slack)
    assert "phone-r" not in "".join(codec.dump(row) for row in store.outbox.rows())


def test_what_is_deleted_before_it_goes_out_is_not_linked(store, world, fake_slack):  # noqa: F811
    take(store, CSAT, answers())
    check(world(), store, now=NOW)
    store.facts.purge([CSAT], NOW + timedelta(days=1))
    deliver(world(), store, now=NOW, worker="w")
    assert LINK.findall(shown(fake_slack)) == []
    assert "84 records on the bad side" in shown(fake_slack)


def test_too_few_to_be_told_are_not_linked(store, world):
    take(store, CSAT, answers())
    check(world(), store, now=NOW)
    message = store.outbox.rows()[0].message
    assert linked(world(minimum_cell=1_000), store, message, now=NOW).records == ()


def test_no_id_can_break_a_message_or_its_link():
    records = tuple(Record(id=name, link=f"https://desk.example.com/t/{name}") for name in HOSTILE)
    told = news(records=(*records, Record(id="bad", link="javascript:alert(1)")))
    rendered = blocks.render(told)
    assert block_problems(rendered) == []
    flat = json.dumps(rendered, ensure_ascii=False)
    assert "<!channel>" not in flat
    assert "javascript" not in flat
    assert "\u202e" not in flat
    page = letter.page(told)
    assert "<!channel>" not in page
    assert "javascript" not in page
    assert "\u202e" not in text.render(told)
    assert payload.document(told, update=False, picture=None)["records"][-1]["link"] is None
