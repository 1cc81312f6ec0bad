"""What waits is told: after quiet hours as it stands, in company, once a wider incident is over, and again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakeslack.plugin import fake_slack
from judge_world import csat
from notify_world import Hasty, news

from cxmon import actions
from cxmon.checks import Threshold, Watch
from cxmon.config.plan import CheckPlan, Plan
from cxmon.errors import ActionError
from cxmon.incidents import Event
from cxmon.model import (
    EVERYONE,
    BusinessHours,
    Company,
    Delivery,
    Finding,
    Incident,
    IncidentState,
    Mute,
    News,
    Route,
    Secret,
    Segment,
    Severity,
    Silence,
    State,
    Step,
    Tone,
    Transition,
)
from cxmon.pipeline.again import due_again, tell_again
from cxmon.pipeline.check_telling import tell
from cxmon.pipeline.notify import deliver
from cxmon.pipeline.route import Router, due
from cxmon.pipeline.together import LEAST

__all__ = ["fake_slack"]

NIGHT = datetime(2026, 3, 4, 22, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
PHONE = Segment.of(channel="phone")
DESK = BusinessHours(name="desk", zone="UTC", week=(((480, 1080),),) * 7)
NIGHTS = Mute(id="nights", hours=DESK, outside=True, exempt=(Severity.OVER_LIMIT,))
ABOUT = News(metrics=("csat",), segment=PHONE, check="drift", severity=Severity.WORSE)


@pytest.fixture
def world(fake_slack, sqlite_store, tmp_path):
    fake_slack.pace_s = 0.0
    slack = Hasty(channel="C0ALERTS", token=Secret("xoxb-good"), base_url=fake_slack.url, timeout_s=20.0)
    checks = (
        CheckPlan(name="drift", check=Watch(), metrics=("csat",)),
        CheckPlan(name="floor", check=Threshold(floor="74%"), metrics=("csat",)),
    )
    plan = Plan(path=tmp_path / "cxmon.yaml", store_url="", channels={"slack": slack}, mutes={"nights": NIGHTS},
                checks=checks, routes=(Route(channel="slack", mutes=("nights",)),))  # fmt: skip
    return plan, sqlite_store, fake_slack


def put(plan, store, message, at, about=ABOUT):
    placed = Router(plan, store, now=at).place(message, about)
    store.outbox.queue(placed.rows, at)
    return placed


def sent(plan, store, at):
    return [d.key.split("|")[1] for d in deliver(plan, store, now=at, worker="w") if d.state is Delivery.SENT]


def test_what_comes_at_night_is_told_in_the_morning_as_it_stands(world):
    plan, store, slack = world
    put(plan, store, news("opened"), NIGHT)
    assert sent(plan, store, NIGHT) == []
    put(plan, store, news("ended", tone=Tone.TEAL, badge="Recovered"), NIGHT + timedelta(hours=3))
    assert sent(plan, store, MORNING - timedelta(seconds=1)) == []
    deliver(plan, store, now=MORNING, worker="w")
    (post,) = slack.posts()
    said = str(post["blocks"])
    assert "CSAT ended in incident:a" in said
    assert "Told late: it came in quiet hours. At first: Worse than expected, CSAT opened" in said
    deliver(plan, store, now=MORNING, worker="w")
    assert {r.state for r in store.outbox.rows()} == {Delivery.SENT}
    assert slack.replies(post["ts"]) == []


def test_news_of_a_known_story_waits_too_and_is_one_reply(world):
    plan, store, slack = world
    put(plan, store, news("opened"), MORNING)
    assert sent(plan, store, MORNING) == ["opened"]
    for number in range(3):
        put(plan, store, news("worsened", version=str(number)), NIGHT + timedelta(days=1))
    assert sent(plan, store, NIGHT + timedelta(days=1)) == []
    deliver(plan, store, now=MORNING + timedelta(days=2), worker="w")
    (post,) = slack.posts()
    assert len(slack.replies(post["ts"])) == 1
    assert {r.state for r in store.outbox.rows()} == {Delivery.SENT}


def test_what_must_be_told_at_night_takes_its_story_with_it(world):
    plan, store, slack = world
    put(plan, store, news("opened"), NIGHT)
    put(plan, store, news("worsened"), NIGHT, replace(ABOUT, severity=Severity.OVER_LIMIT))
    deliver(plan, store, now=NIGHT, worker="w")
    (post,) = slack.posts()
    assert "CSAT worsened in incident:a" in str(post["blocks"])


def test_first_news_waits_for_company():
    route = Company(group_wait=timedelta(minutes=1), group_interval=timedelta(minutes=10))
    soon = NIGHT + timedelta(seconds=20)
    assert due(NIGHT, route, None, None) == NIGHT + timedelta(minutes=1)
    assert due(NIGHT, route, soon, NIGHT) == soon
    assert due(NIGHT, route, None, NIGHT - timedelta(minutes=4)) == NIGHT + timedelta(minutes=6)
    assert due(NIGHT, route, None, NIGHT - timedelta(hours=4)) == NIGHT + timedelta(minutes=1)
    # Another route's company comes later than this one waits.
    assert due(NIGHT, route, NIGHT + timedelta(minutes=30), None) == NIGHT + timedelta(minutes=1)


def test_a_route_says_how_long_it_waits_before_its_channel_does(world):
    plan, store, _ = world
    minute, slow = timedelta(minutes=1), Segment.of(channel="chat")
    routes = (Route(channel="slack", segment=PHONE, group_wait=minute), Route(channel="slack"))
    plan = replace(plan, routes=routes, company={"slack": Company(group_wait=30 * minute, repeat_interval=60 * minute)})
    put(plan, store, news(thread="incident:slow"), NIGHT, replace(ABOUT, segment=slow))
    put(plan, store, news(thread="incident:fast"), NIGHT)
    assert sent(plan, store, NIGHT + minute / 2) == []
    assert [d.key.split("|")[0] for d in deliver(plan, store, now=NIGHT + minute, worker="w")] == ["incident:fast"]
    assert len(sent(plan, store, NIGHT + 30 * minute)) == 1
    rules = Router(plan, store, now=NIGHT).rules
    assert rules.company_in("slack", routes[0]) == Company(group_wait=minute, repeat_interval=60 * minute)
    assert rules.company_in("another", routes[0]) == Company()


def test_those_that_waited_go_out_in_one_message(world):
    plan, store, slack = world
    plan = replace(plan, routes=(Route(channel="slack", group_wait=timedelta(minutes=1)),))
    for number in range(LEAST):
        put(plan, store, news(thread=f"incident:{number}"), NIGHT + timedelta(seconds=5 * number))
    assert sent(plan, store, NIGHT + timedelta(seconds=59)) == []
    assert len(sent(plan, store, NIGHT + timedelta(seconds=60))) == LEAST
    assert len(slack.posts()) == 1


# Incidents of two checks on one metric


def incident(id_, check, root, **more):
    look = Finding(check=check, metric="csat", segment=root, at=MORNING, state=State.BREACH, reason="too low")
    given = {"state": IncidentState.OPEN, "since": MORNING, "latest": look, "worst": look} | more
    return Incident(id=id_, check=check, subject="csat", root=root, members=(root,), opened_at=MORNING,
                    last_breach_at=MORNING, **given)  # fmt: skip


@pytest.fixture
def both(world):
    """The plan with csat, and no quiet hours."""
    plan, store, slack = world
    return replace(plan, metrics={"csat": csat()}, routes=()), store, slack


def told(plan, store, i, kind, at=MORNING, step=Step.OPENED):
    """The steps that are sent of one look that brought one transition, written as a check writes it."""
    seen = store.incidents.evaluated_through(i.check, "csat")
    event = Event(transition=Transition(incident=i.id, step=step, at=at, reason=f"{step.value}: too low"), incident=i)
    telling = tell(
        plan, store, [event], metric=plan.metrics["csat"], check=i.check, check_type=kind, changes=(), now=at
    )
    store.incidents.commit(check=i.check, subject="csat", seen_through=seen, through=at, incidents=[i],
                           transitions=telling.transitions, outbox=telling.rows, now=at)  # fmt: skip
    return [r.key.split("|")[1] for r in telling.rows]


def test_a_part_is_told_of_once_the_whole_is_over(both):
    plan, store, _ = both
    whole = incident("whole", "drift", EVERYONE)
    part = incident("part", "drift2", PHONE)
    plan = replace(plan, checks=(*plan.checks, CheckPlan(name="drift2", check=Watch(), metrics=("csat",))))
    assert told(plan, store, whole, "watch") == ["opened"]
    assert told(plan, store, part, "watch") == []
    assert any("inhibited: that it opened was not sent, incident whole on all customers" in line
               for line in actions.why(store, "part"))  # fmt: skip
    assert tell_again(plan, store, now=MORNING + timedelta(hours=1)) == []
    over = replace(whole, state=IncidentState.ENDED, ended_at=MORNING + timedelta(hours=2))
    told(plan, store, over, "watch", MORNING + timedelta(hours=2), Step.ENDED)
    (note,) = tell_again(plan, store, now=MORNING + timedelta(hours=3))
    assert note.reason == "wider incident over: that it opened is told now"
    assert [r.message.thread for r in store.outbox.rows()] == ["incident:part", "incident:whole", "incident:whole"]
    assert tell_again(plan, store, now=MORNING + timedelta(hours=4)) == []


def test_a_graver_part_is_told(both):
    plan, store, _ = both
    told(plan, store, incident("whole", "drift", EVERYONE), "watch")
    assert told(plan, store, incident("part", "floor", PHONE), "threshold") == ["opened"]


def test_what_nobody_acknowledges_is_told_again_aloud_until_somebody_does(both):
    plan, store, slack = both
    plan = replace(plan, routes=(Route(channel="slack", repeat_interval=timedelta(days=1)),))
    told(plan, store, incident("a", "drift", PHONE), "watch")
    assert sent(plan, store, MORNING) == ["opened"]
    assert tell_again(plan, store, now=MORNING + timedelta(hours=23)) == []
    (step,) = tell_again(plan, store, now=MORNING + timedelta(days=3, hours=2))
    assert step.reason == "repeated: open for 3 days and acknowledged by nobody"
    assert tell_again(plan, store, now=MORNING + timedelta(days=3, hours=3)) == []
    assert sent(plan, store, MORNING + timedelta(days=3, hours=3)) == ["repeated"]
    (post,) = slack.posts()
    (reply,) = slack.replies(post["ts"])
    assert reply["text"] == "Still open: open for 3 days and acknowledged by nobody. By the newest figures: too low"
    assert [c.args.get("reply_broadcast") for c in slack.calls if c.method == "chat.postMessage"] == [None, True]
    actions.acknowledge(store, "a", by="Support", now=MORNING + timedelta(days=4))
    assert tell_again(plan, store, now=MORNING + timedelta(days=9)) == []


def test_what_is_silenced_is_not_told_again(both):
    plan, store, _ = both
    # The channel says it where no route does.
    plan = replace(plan, company={"slack": Company(repeat_interval=timedelta(days=1))})
    told(plan, store, incident("a", "drift", PHONE), "watch")
    quiet = Silence(id="q", metric="csat", segment=PHONE, starts=MORNING, ends=MORNING + timedelta(days=5), by="CX",
                    why="known")  # fmt: skip
    store.changes.put_silence(quiet, origin="cli")
    assert tell_again(plan, store, now=MORNING + timedelta(days=3)) == []
    assert len(tell_again(plan, store, now=MORNING + timedelta(days=6))) == 1


def test_a_silence_that_never_ends_is_an_error(both):
    _, store, _ = both
    with pytest.raises(ActionError, match="expected an end within a year of its start"):
        actions.silence(store, starts=MORNING, ends=MORNING + timedelta(days=9000), by="CX", why="noise")


def test_the_moment_of_a_repeat_is_the_same_for_all_who_look():
    day = timedelta(days=1)
    assert due_again(MORNING, day, MORNING + day - timedelta(seconds=1)) is None
    assert (
        due_again(MORNING, day, MORNING + 2.5 * day)
        == due_again(MORNING, day, MORNING + 2.9 * day)
        == MORNING + 2 * day
    )
