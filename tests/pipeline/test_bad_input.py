"""What somebody got wrong in Slack or about it has one clear answer, in `cxmon doctor`, that says what mends it.

Elsewhere: overlapping routes in tests/config/test_routing_config.py; a silence without an end in
tests/config/test_wrong_configs.py, tests/actions/test_actions.py and tests/slack_app/test_buttons.py; there also a
button on an incident that no longer exists and two people who click at once; one on a decision that is gone in
tests/slack_app/test_deciding.py; a payload that would be too large is cut in tests/alerts/test_alert_hostile.py.
"""

from dataclasses import replace

import pytest
from fakeslack.plugin import fake_slack
from notify_world import NOW, Hasty, news, plan, row
from typer.testing import CliRunner

from cxmon.cli.app import build
from cxmon.model import Delivery, Secret
from cxmon.pipeline.notify import deliver
from cxmon.store import Store

__all__ = ["fake_slack"]

CONFIG = """
version: 1
store: {url}
sources: {{answers: {{type: csv, path: answers.csv}}}}
metrics:
  csat: {{source: answers, kind: proportion, better: higher, matters: 1pt, read: {{time: day, n: n, total: total}}}}
channels: {{slack: {{type: slack, token: "", channel: "#cx-alerts"}}}}
"""


def doctor(tmp_path, url):
    """The lines about messages."""
    (tmp_path / "cxmon.yaml").write_text(CONFIG.format(url=url), encoding="utf-8")
    done = CliRunner().invoke(build(), ["doctor", "--config", str(tmp_path / "cxmon.yaml")])
    return [line for line in done.output.splitlines() if "message to" in line]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda s: s.channels.clear(), "parked: Slack refuses: channel_not_found (renamed, deleted, or private wit"),
        (lambda s: s.channels.update(C0ALERTS="cx-alarms"), "parked: Slack refuses: channel_not_found (renamed, del"),
        (lambda s: s.scopes.discard("chat:write"), "parked: Slack refuses: missing_scope (the bot needs chat:write)"),
        (lambda s: s.outside.add("C0ALERTS"), "parked: Slack refuses: not_in_channel (invite the bot to the channel)"),
        (lambda s: s.archived.add("C0ALERTS"), "parked: Slack refuses: is_archived (unarchive the channel, or name"),
        (lambda s: setattr(s, "revoked", True), "parked: Slack refuses: token_revoked (the app needs a new token)"),
        (lambda s: s.fail("chat.postMessage", "msg_too_long", times=2), "dead: Slack refuses this message: msg_too_lo"),
    ],
    ids=["unknown channel", "renamed channel", "missing scope", "not invited", "archived", "revoked", "too large"],
)  # fmt: skip
def test_what_is_wrong_is_said_once_with_what_mends_it(fake_slack, sqlite_url, tmp_path, wrong, says):
    wrong(fake_slack)
    slack = Hasty(channel="#cx-alerts", token=Secret("xoxb-good"), base_url=fake_slack.url)
    given = replace(plan(fake_slack.url), channels={"slack": slack})
    with Store.open(sqlite_url) as store:
        store.outbox.queue([row(news())], NOW)
        (done,) = deliver(given, store, now=NOW, worker="w")
        assert done.state in {Delivery.PARKED, Delivery.DEAD}
    (line,) = doctor(tmp_path, sqlite_url)
    assert line.startswith(f"BAD  message to slack: {says}")


def test_a_name_that_was_given_anew_is_followed_by_the_id(fake_slack, sqlite_store):
    """A channel's id survives what its name does not."""
    fake_slack.channels["C0ALERTS"] = "cx-alarms"
    sqlite_store.outbox.queue([row(news())], NOW)
    (done,) = deliver(plan(fake_slack.url), sqlite_store, now=NOW, worker="w")
    assert done.state is Delivery.SENT
