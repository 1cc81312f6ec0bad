"""The keys of a feed of changes, beside the options of its type."""

from cxmon.config.plugins import PluginOf, registry
from cxmon.config.scalars import Choice, Name, Span, Text
from cxmon.config.shapes import Either, Field, ListOf, MapOf
from cxmon.model import Category

_word = Text("a word, or how words begin", longest=60)
_label = Text("a label, or words of a title", longest=80)
_value = Text("a dimension's value", longest=200)

# What a feed needs besides its own options: which entries are drafts, and what they say that the feed does not.
KEYS = {
    "owner": Field(
        Text("a role or department, not a person", pattern=r"[^@]{1,200}"),
        "the role or department that answers for its drafts where an entry names none",
        required=True,
    ),
    "category": Field(Choice.of(Category), "what sort of decision its entries are; without it policy"),
    "categories": Field(
        MapOf(Choice.of(Category), "a mapping such as {layoff: staffing}", key=_label),
        "the sort of decision by label, or by words of the title",
    ),
    "scopes": Field(
        MapOf(
            MapOf(
                Either(_value, ListOf(_value, "a list of values", least=1)), "a scope such as {channel: phone}", least=1
            ),
            "a mapping such as {phone: {channel: phone}}",
            key=_label,
        ),
        "whom an entry touches by label, or by words of the title; without it all customers",
    ),
    "words": Field(
        ListOf(_word, "a list of words such as [clos, refund]", least=1),
        "only entries in whose title or labels a word begins so; without it all",
    ),
    "without": Field(ListOf(_word, "a list of words such as [holiday]", least=1), "no entries that have one of these"),
    "ahead": Field(Span(above_zero=True), "how far into the future entries become drafts; without it 90d"),
}

CHANGE_FEEDS = {
    "change_feeds": Field(
        MapOf(
            PluginOf("change feed", registry("change_feeds"), KEYS), "a mapping of names to feeds of changes", key=Name
        ),
        "where decisions stand that nobody has declared yet: they come in as drafts",
    ),
}
