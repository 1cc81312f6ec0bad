"""A question in words: which series it asks for, or one helpful answer why none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.model import EVERYONE, Amount, Better, Kind, Metric, Read, Segment
from cxmon.pipeline.asking import Asked, Known, Unclear, example, understood, words


def metric(name, label, *dimensions):
    return Metric(
        id=name, label=label, kind=Kind.PROPORTION, better=Better.HIGHER, source="desk", read=Read(time="t"),
        matters=Amount(0.01, relative=False, text="1pt"), dimensions=dimensions,
    )  # fmt: skip


CHANNELS = ("chat", "phone", "Live chat")
SHOWN = (EVERYONE, *(Segment.of(channel=c) for c in CHANNELS), Segment.of(channel="phone", region="eu"))
VALUES = {"channel": CHANNELS, "region": ("eu", "us"), "market": ("eu", "row"), "tier": ("pro", "basic")}
KNOWN = {
    "csat": Known(metric=metric("csat", "CSAT", *VALUES), shown=SHOWN, values=VALUES),
    "first_response": Known(
        metric=metric("first_response", "First response", "channel"), shown=SHOWN[1:3], values={"channel": CHANNELS}
    ),
    "no": Known(metric=metric("no", "Nothing shown"), shown=(), values={}),
}


def asked(text):
    return understood(words(text), KNOWN)


@pytest.mark.parametrize(
    ("text", "name", "segment"),
    [
        ("csat", "csat", EVERYONE),
        ("CSAT channel=chat", "csat", Segment.of(channel="chat")),
        ("csat in chat", "csat", Segment.of(channel="chat")),
        ("csat Channel = CHAT", "csat", Segment.of(channel="chat")),
        ('csat channel="Live chat"', "csat", Segment.of(channel="Live chat")),
        ("csat channel=“live chat”", "csat", Segment.of(channel="Live chat")),
        ("csat live chat", "csat", Segment.of(channel="Live chat")),
        ("csat for phone and region=eu", "csat", Segment.of(channel="phone", region="eu")),
        ("csat channel=chat chat", "csat", Segment.of(channel="chat")),
        ("first response phone", "first_response", Segment.of(channel="phone")),
        ("first_response channel=phone", "first_response", Segment.of(channel="phone")),
        ("First-Response  phone", "first_response", Segment.of(channel="phone")),
    ],
)
def test_a_question_finds_its_series(text, name, segment):
    assert asked(text) == Asked(metric=KNOWN[name].metric, segment=segment)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("csta", "There is no metric 'csta'. Did you mean csat? There are: csat (CSAT), first_response (First respon"),
        ("channel=chat", "Begin with a metric. There are: csat (CSAT), first_response (First response)"),
        ("csat channel=chta", "No segment has channel 'chta'. Did you mean chat? There are: Live chat, chat, phone."),
        ("csat chanel=chat", "CSAT has no dimension 'chanel'. Did you mean channel?"),
        ("csat fone", "CSAT has no segment 'fone'. Did you mean phone?"),
        ("csat eu", "'eu' stands for more than one thing: say region=eu or market=eu."),
        ("csat chat phone", "channel is asked for twice, as chat and as phone: name one."),
        ('csat "chat', "CSAT has no segment '\"chat'."),
    ],
)
def test_what_is_not_understood_gets_one_helpful_answer(text, says):
    found = asked(text)
    assert isinstance(found, Unclear)
    assert " ".join(found.lines).startswith(says)


def test_a_segment_without_a_figure_of_its_own_says_what_is_shown():
    assert asked("csat chat pro").lines == (
        "CSAT has no figure of its own for chat · pro.",
        "CSAT is shown for all customers, by channel, and by channel and region, where there are enough answers.",
        "Ask for `csat channel=chat` or `csat`.",
    )
    assert asked("first response").lines[1:] == (
        "First response is shown by channel, where there are enough answers.",
        "Ask for `first_response channel=chat` or `first_response channel=phone`.",
    )
    assert asked("no").lines[1:] == ("No figure of Nothing shown is shown yet: too few complete periods.",)


def test_before_the_first_judgement_there_is_nothing_to_ask():
    assert "Nothing has been collected and judged yet" in understood(["csat"], {}).lines[0]


@settings(max_examples=60, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(["csat", "channel=", "=chat", "eu", "<!channel>", '"', "'", "\\", "\u202e", "&"]),
                 max_size=8).map(" ".join),
    )
)  # fmt: skip
def test_whatever_is_typed_is_answered(text):
    found = understood(words(text), KNOWN)
    assert isinstance(found, Asked) or all(line.strip() for line in found.lines)


@settings(max_examples=60, deadline=None)
@given(value=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20))
def test_an_example_asks_for_what_it_stands_for(value):
    here = Segment.of(channel=value)
    known = {"csat": Known(metric=KNOWN["csat"].metric, shown=(here,), values={"channel": (value,)})}
    if value.strip() and "=" not in value and not set(value) & set("“”„‘’"):
        assert understood(words(example(KNOWN["csat"].metric, here)), known) == Asked(
            metric=KNOWN["csat"].metric, segment=here
        )
