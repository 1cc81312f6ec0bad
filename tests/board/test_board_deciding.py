"""From a proposal to a live change and an answer, on the pages, by roles."""

import json
import shutil
from pathlib import Path

import pytest
import worlds
from opening import opened, unexplained

from cxmon.model import Act, Outcome, Segment, Status
from cxmon.store import Store
from cxmon.store.story import whole

VIEWS = Path(__file__).parents[2] / "dashboards" / "views"
CONFIG = """\
store: sqlite:///store.db
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat:
    source: answers
    kind: proportion
    better: higher
    matters: 1pt
    dimensions: [channel]
    read: {time: day, value: satisfied}
"""


@pytest.fixture
def desk(seeded_url, tmp_path, monkeypatch):
    """(address of a store of its own, a page opened on it)."""
    shutil.copy(seeded_url.removeprefix("sqlite:///"), tmp_path / "store.db")
    (tmp_path / "cxmon.yaml").write_text(CONFIG)
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("CXMON_STORE_URL", url)
    monkeypatch.setenv("CXMON_CONFIG", str(tmp_path / "cxmon.yaml"))

    return url, opened


def ran(app):
    assert not app.exception, app.exception
    return app


def press(app, label):
    (button,) = [b for b in app.button if b.label == label]
    return ran(button.click().run())


def fill(app, **texts):
    for label, text in texts.items():
        (field,) = [f for f in app.text_input if label in {f.key, f.label}]
        field.set_value(text)


def said(app):
    parts = [m.value for kind in (app.markdown, app.caption, app.success, app.error) for m in kind]
    return "\n".join(parts).replace("\\", "")


def test_a_change_may_be_proposed_for_a_value_along_which_nothing_is_drawn(desk):
    """Whoever runs one hub decides about it, though the board draws its figures for all hubs together."""
    url, page = desk
    before = page("propose").multiselect
    assert [one.label for one in before if one.key.startswith("scope_")] == ["channel"]
    csat = next(m for m in worlds.METRICS if m.id == "csat")
    worlds.collected(url, csat, Segment.of(hub="lyon", channel="parcel"))
    app = page("propose")
    assert app.multiselect(key="scope_hub").options == ["lyon"]
    assert "parcel" in app.multiselect(key="scope_channel").options


def test_a_viewer_proposes_and_an_editor_reviews_and_signs(desk, monkeypatch):
    url, page = desk
    monkeypatch.setenv("CXMON_BOARD_READ_ONLY", "1")
    app = page("propose")
    fill(app, title="Chat hours cut", owner="Operations", limit_csat="2min", by="Support EMEA", why="saves a shift")
    app.multiselect(key="watched").set_value(["csat"])
    app.multiselect(key="scope_channel").set_value(["chat"])
    app = press(app, "Propose")
    assert "limits.csat: found '2min' for csat (a proportion), expected points such as 2pt" in said(app)
    fill(app, limit_csat="2pt")
    app = press(app, "What could we see, and when?")
    assert "CSAT, chat: nothing can be said" in said(app)
    assert unexplained(app) == []
    app = press(app, "Propose")
    assert "Proposed: Chat hours cut, from" in said(app)

    app = page("decision", change="chat-hours-cut")
    assert "Proposed, not reviewed" in said(app)
    assert "CSAT: 2 points" in said(app)
    assert "Only editors may review a proposed change; you are a viewer." in said(app)
    assert [b.label for b in app.button] == []

    monkeypatch.delenv("CXMON_BOARD_READ_ONLY")
    app = page("decision", change="chat-hours-cut")
    assert "Sign the limits and put it live" not in [b.label for b in app.button]
    fill(app, review_by="CX team", review_why="limits agreed", **{"review_chat-hours-cut_csat": "1.5pt"})
    app = press(app, "Mark as reviewed")
    assert "Reviewed by CX team" in said(app)
    assert "CSAT: 1.5 points" in said(app)
    fill(app, sign_by="CX team", sign_why="board of 27 November")
    app = press(app, "Sign the limits and put it live")
    assert "Chat hours cut, hash " in said(app)

    with Store.open(url, read_only=True) as store:
        declared = store.changes.get("chat-hours-cut")
        trail = store.audit.all("chat-hours-cut")
        story = whole(store, "chat-hours-cut", {m.id: m for m in store.catalogue.load().metrics}, "UTC")
    assert declared.change.status is Status.LIVE
    assert declared.change.limits["csat"].text == "1.5pt"
    assert [(s.act, s.by, s.outcome) for s in trail] == [
        (Act.PROPOSE, "Support EMEA", Outcome.DONE),
        (Act.REVIEW, "CX team", Outcome.DONE),
        (Act.SIGN, "CX team", Outcome.DONE),
    ]
    assert trail[2].content == trail[1].content == declared.frozen_hash != trail[0].content
    assert all(s.who.endswith(" at this machine") for s in trail)
    from cxmon.wording.whole import sections

    (signed,) = [s.table for s in sections(story) if s.heading == "Who signed what"]
    assert [row[1:] for row in signed.rows][-1] == (
        "Signed and put live", "CX team", "board of 27 November", declared.frozen_hash,
    )  # fmt: skip
    assert "at this machine" not in json.dumps([s.table.rows for s in sections(story) if s.table])


def test_an_editor_answers_a_decision_and_a_viewer_is_told_why_not(desk, monkeypatch):
    url, page = desk
    monkeypatch.setenv("CXMON_BOARD_READ_ONLY", "1")
    assert "Only editors may answer a decision; you are a viewer." in said(page("decision", change="refunds"))
    monkeypatch.delenv("CXMON_BOARD_READ_ONLY")
    app = page("decision", change="refunds")
    fill(app, **{"For which role or department": "ana@example.com", "Why": "too many complaints"})
    app = press(app, "Record")
    assert "name a role or department, not a person" in said(app)
    fill(app, **{"For which role or department": "Operations"})
    app = press(app, "Record")
    assert "Recorded: " in said(app)
    with Store.open(url, read_only=True) as store:
        (response,) = store.changes.responses("refunds")
        (signed,) = store.audit.all("refunds")
    assert (response.by, response.why) == ("Operations", "too many complaints")
    assert (signed.act, signed.by, signed.outcome) == (Act.RESPOND, "Operations", Outcome.DONE)


def test_what_is_signed_is_what_was_reviewed(desk):
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta

    from cxmon import signing
    from cxmon.errors import ActionError

    url, _ = desk
    now = datetime(2026, 11, 27, tzinfo=UTC)
    with Store.open(url) as store:
        live = store.changes.get("bot").change
        draft = replace(live, id="bot-2", status=Status.DRAFT)
        store.changes.put(draft, now=now, origin="board")
        with pytest.raises(ActionError, match="has to be reviewed before it is signed"):
            signing.put_live(store, draft, now=now, origin="board")
        with pytest.raises(ActionError, match="was edited since"):
            signing.put_live(store, replace(draft, horizon_days=10), now=now, origin="board")
        with pytest.raises(ActionError, match="choose another title"):
            # The same at the same moment would be the same press again.
            signing.propose(store, draft, now=now + timedelta(minutes=1), origin="board")
