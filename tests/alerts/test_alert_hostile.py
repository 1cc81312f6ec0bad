"""Whatever stands in the data, a message keeps Slack's limits, says what was cut, and holds no markup but ours."""

import re
import unicodedata
from dataclasses import replace

from alert_samples import messages
from fakeslack.rules import block_problems, length
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from cxmon.alerts import blocks
from cxmon.alerts.markup import clean, cut, cut_lines, escape, safe_url, size, unformatted
from cxmon.alerts.text import render as console
from cxmon.model import Action, Fact, Picture, Tone

ATTACKS = [
    "<!channel>", "<!here|x>", "<@U012AB3CD>", "<#C012|x>", "<https://evil.example|click>", "&lt;!channel&gt;", "&amp;",
    "*bold* _it_ ~no~ `code`", "a\u202eb\u2066c", "\x1b[31mred\x1b[0m", "line\nbreak\r\n> quote", "\x00", "\ud800", "",
    "😀" * 90, "&" * 4_000, "<" * 700, "x" * 10_000, " ", "@channel", ":fire:", "http://evil.example", "e\u0301" * 200,
    "[click](https://evil.example)", "![x](https://evil.example/x.png)",
]  # fmt: skip
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
OURS = re.compile(r"<https?://[^<>| ]+\|Open the exact view>")

words = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.lists(st.sampled_from(ATTACKS), min_size=2, max_size=3).map("".join),
)
facts = st.builds(Fact, label=words, text=words)
pictures = st.builds(
    Picture, metric=words, segment=words, change=st.none(), title=words, subtitle=st.tuples(words), alt=words
)
hostile = st.builds(
    replace,
    st.sampled_from(list(messages().values())),
    tone=st.sampled_from(Tone),
    badge=words,
    title=words,
    text=words,
    lines=st.lists(words, max_size=5).map(tuple),
    facts=st.lists(facts, max_size=13).map(tuple),
    footer=words,
    picture=st.one_of(st.none(), pictures),
    link=st.one_of(st.none(), words, words.map(lambda w: f"https://board.example/?segment={w}")),
    actions=st.lists(
        st.builds(Action, name=words, label=words, value=words), max_size=6, unique_by=lambda a: a.name
    ).map(tuple),
    reply=st.one_of(st.none(), words),
)


def texts(payload):
    """Every string under a `text` key, and every alternative text."""
    if isinstance(payload, dict):
        for key, value in payload.items():
            if key in {"text", "alt_text"} and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(payload, list):
        for item in payload:
            yield from texts(item)


def assert_harmless(text):
    rest = OURS.sub("", text)
    assert "<" not in rest
    assert ">" not in rest
    assert not ENTITY.search(rest)
    bad = [c for c in text if c not in "\n\u200d" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}]
    assert bad == []
    text.encode("utf-8")


@settings(max_examples=50, deadline=None)
@given(message=hostile, image=st.one_of(st.none(), st.just("F0001")))
def test_hostile_data_at_every_field_stay_data(message, image):
    rendered = blocks.render(message, image=image)
    assert block_problems(rendered) == []
    for parsed in Block.parse_all(rendered):
        parsed.validate_json()
    for text in [*texts(rendered), blocks.notification(message), blocks.plain_text(message)]:
        assert_harmless(text)
        assert length(text) <= 4_000
    assert blocks.notification(message)
    assert blocks.plain_text(message)


@settings(max_examples=25, deadline=None)
@given(reply=words)
def test_a_hostile_reply_stays_data(reply):
    rendered = blocks.render_reply(reply)
    assert block_problems(rendered) == []
    for text in [*texts(rendered), blocks.reply_text(reply)]:
        assert text
        assert_harmless(text)


@settings(max_examples=25, deadline=None)
@given(message=hostile)
def test_buttons_appear_only_where_somebody_hears_them_and_keep_the_limits(message):
    silent = blocks.render(message)
    assert all(block["type"] != "actions" for block in silent)
    named = replace(message, actions=tuple(replace(a, name=f"{i}{a.name}") for i, a in enumerate(message.actions)))
    heard = blocks.render(named, interactive=True)
    assert any(block["type"] == "actions" for block in heard) == bool(message.actions)
    assert block_problems(heard) == []


@settings(max_examples=30, deadline=None)
@given(message=hostile, update=st.booleans())
def test_a_terminal_gets_no_control_characters(message, update):
    for line in console(message, update=update).split("\n"):
        assert [c for c in line if c != "\u200d" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}] == []


@settings(max_examples=100, deadline=None)
@given(text=words, limit=st.integers(40, 400))
@example(text="&" * 100, limit=50)
def test_what_is_cut_fits_when_escaped_and_says_how_much_is_missing(text, limit):
    text = clean(text)
    shown = cut(text, limit)
    assert length(escape(shown)) <= limit
    if shown != text:
        kept, _, note = shown.rpartition("… (+")
        assert text.startswith(kept)
        assert int(note.split(" ")[0].replace(",", "")) == len(text) - len(kept)


@settings(max_examples=30, deadline=None)
@given(lines=st.lists(words.map(clean), max_size=40), limit=st.integers(200, 3_000))
def test_lines_that_do_not_fit_are_counted(lines, limit):
    kept = cut_lines(lines, limit)
    assert size("\n".join(kept)) <= limit
    if len(kept) < len(lines):
        assert kept[-1] == f"… (+{len(lines) - len(kept) + 1} more lines)"


def test_facts_beyond_the_fields_of_a_message_are_counted():
    message = replace(messages()["test"], facts=tuple(Fact(label=f"f{i}", text="x") for i in range(57)))
    fields = [field["text"] for block in blocks.render(message) for field in block.get("fields", [])]
    assert len(fields) == 40
    assert fields[-1] == "… (+18 more)"


def test_data_cannot_be_bold_struck_italic_or_code():
    assert unformatted("*a* ~b~ `c` _d_ first_response_time") == "∗a∗ ∼b∼ 'c' ˍdˍ first_response_time"


def test_an_address_that_is_not_http_makes_no_link():
    assert safe_url("javascript:alert(1)") is None
    assert safe_url("http://[") is None
    assert safe_url("https://board.example/?a=<b>|c d") == "https://board.example/?a=%3Cb%3E%7Cc%20d"
    assert safe_url("https://board.example/" + "x" * 3_000) is None
