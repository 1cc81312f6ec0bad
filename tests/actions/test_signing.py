"""What signed-in people do: allowed first, in the trail before it is done, and how it came out after."""

from datetime import UTC, datetime

import pytest

from cxmon import signing
from cxmon.decisions import proposals
from cxmon.errors import ActionError
from cxmon.model import Act, Category, Change, Outcome, Role, Signed, Status
from cxmon.store import Store

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


@pytest.fixture
def url(tmp_path):
    address = f"sqlite:///{tmp_path / 'store.db'}"
    Store.open(address).close()
    return address


def signed(act=Act.RESPOND, role=Role.EDITOR, **more):
    given = {"subject": "desk", "who": "ana@example.com", "by": "CX team", "why": "too many complaints", "at": NOW}
    return Signed(act=act, role=role, origin="board", **(given | more))


def never():
    raise AssertionError("the store was opened")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (signed(role=Role.VIEWER), "Only editors may answer a decision; you are a viewer."),
        (signed(role=Role.NONE), "Only those whom the configuration names under access may answer a decision"),
        (signed(who=""), "nobody is signed in"),
        (signed(by=" "), "no role or department is named"),
        (signed(why=""), "no reason is given"),
        (signed(by="ana@example.com"), "name a role or department, not a person"),
    ],
)
def test_what_is_not_allowed_does_not_open_the_store(asked, sentence):
    with pytest.raises(ActionError, match=sentence):
        signing.sign(never, asked, lambda store: store)


def test_the_trail_has_the_act_before_and_how_it_came_out_after(url):
    seen = []

    def act(store):
        seen.extend(store.audit.all())
        return "done"

    assert signing.sign(lambda: Store.open(url), signed(), act) == "done"
    assert [s.outcome for s in seen] == [Outcome.BEGUN]
    with Store.open(url, read_only=True) as store:
        (kept,) = store.audit.all("desk")
        assert store.audit.all("des") == []
        assert store.audit.all("%") == []
    assert (kept.who, kept.by, kept.why, kept.outcome) == (
        "ana@example.com", "CX team", "too many complaints", Outcome.DONE,
    )  # fmt: skip


def test_an_act_that_failed_says_why(url):
    def act(store):
        raise ActionError("there is no change desk")

    with pytest.raises(ActionError, match="there is no change desk"):
        signing.sign(lambda: Store.open(url), signed(), act)
    with Store.open(url, read_only=True) as store:
        assert [(s.outcome, s.reason) for s in store.audit.all()] == [(Outcome.FAILED, "there is no change desk")]


def test_a_review_holds_for_what_was_reviewed_and_no_longer(url):
    change = Change(
        id="desk", title="Desk closed", category=Category.COST_CUT, starts=NOW, owner="Operations", status=Status.DRAFT
    )
    with Store.open(url) as store:
        declared = store.changes.put(change, now=NOW, origin="board")
        seen = signed(Act.REVIEW, content=change.declared_hash, outcome=Outcome.DONE)
        assert proposals.stage(declared, [seen]) is proposals.Stage.REVIEWED
        assert proposals.stage(declared, []) is proposals.Stage.DRAFT
        assert proposals.stage(declared, [signed(Act.REVIEW, content=change.declared_hash)]) is proposals.Stage.DRAFT
        longer = Change(**{**vars(change), "horizon_days": 30})
        edited = store.changes.put(longer, now=NOW, origin="board")
        assert proposals.stage(edited, [seen]) is proposals.Stage.DRAFT
        live = store.changes.put(Change(**{**vars(longer), "status": Status.LIVE}), now=NOW, origin="board")
    sign = signed(Act.SIGN, content=live.frozen_hash, outcome=Outcome.DONE)
    assert proposals.stage(live, [sign]) is proposals.Stage.LIVE
    assert proposals.signature(live, [seen, sign]) == sign
    assert proposals.signature(live, [seen]) is None
