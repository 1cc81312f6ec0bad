"""Answers and declarations hold names from data and words of people: they stay data, within Slack's limits."""

from dataclasses import replace

from alert_samples import CHANGE, CSAT, DECLARED, NOW, answer, declared, incident
from fakeslack.rules import block_problems
from hypothesis import given, settings
from test_alert_hostile import assert_harmless, texts, words

from cxmon.alerts import blocks
from cxmon.model import Saving, Scope, Segment, Status
from cxmon.wording.over import Limit


def assert_valid(message):
    rendered = blocks.render(message, interactive=True)
    assert block_problems(rendered) == []
    for text in [*texts(rendered), blocks.notification(message), blocks.plain_text(message)]:
        assert_harmless(text)


@settings(max_examples=30, deadline=None)
@given(label=words, value=words, title=words, definition=words)
def test_an_answer_with_hostile_names_stays_data(label, value, title, definition):
    other = replace(DECLARED, change=replace(CHANGE, title=title, starts=NOW))
    here = Segment.of(channel=value)
    assert_valid(
        answer(
            replace(CSAT, label=label, definition=definition), here, changes_near=(other,), over_title=title,
            incidents=(incident(root=here, members=(here,)),),
            over=Limit(number=1, since=NOW, height=0.1, text=f"limit of #1: {title}"),
        )
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(title=words, owner=words, note=words, value=words)
def test_a_declaration_with_hostile_words_stays_data(title, owner, note, value):
    saving = Saving(1_000, "EUR", "year", owner)
    scope = Scope.of({"channel": [value]})
    assert_valid(declared(Status.DRAFT, title=title, owner=owner, note=note, saving=saving, scope=scope))


def test_a_declaration_says_which_figures_are_judged_on_more_than_its_scope():
    wider = {f.label: f.text for f in declared(limits={}).facts}["Judged wider"]
    assert wider == "Churn has no channel: judged on all customers"
    assert "Judged wider" not in {f.label for f in declared().facts}


def test_a_declaration_whose_metric_is_gone_is_told_all_the_same():
    assert_valid(declared(Status.DRAFT, limits={"gone": CHANGE.limits["csat"]}))
