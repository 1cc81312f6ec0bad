"""What metrics read of vendors' records: streams and fields that are there, and no person among the dimensions."""

import re
from collections.abc import Mapping

from cxmon.aggregate import AFTER, DEFINITIONS, ONE, STRIPE
from cxmon.config import people
from cxmon.config.frame import Frame
from cxmon.config.nodes import Node
from cxmon.config.reading import one_of
from cxmon.config.shapes import Entry
from cxmon.contracts import Feed, Source
from cxmon.model import MADE_OF, Grain, Kind

# What makes sense for rows of a table only.
_OF_TABLES = ("table", "query", "file", "where", "total", "squares", "base_squares", "cross", "ticket")


def check_feeds(frame: Frame, sources: Mapping[str, Source]) -> None:
    """Tell what is wrong between metrics and the sources of records that they read."""
    for entry in frame.metrics.values():
        read, source = entry.get("read"), sources.get(entry.get("source") or "")
        if isinstance(read, Entry) and isinstance(source, Feed):
            _read(frame, entry, read, source)
    for name in sources:
        _customers(frame, frame.root.at("sources").entries[name])


def _read(frame: Frame, entry: Entry, read: Entry, source: Feed) -> None:
    wrong, streams = frame.reading.wrong, source.streams_offered
    for key in _OF_TABLES:
        if key in read:
            wrong(read.at(key), f"{key} for a vendor's records", "none: they have a stream and fields")
    if "n" in read and entry.get("kind") not in {None, Kind.RATE}:
        wrong(read.at("n"), f"n for records of a {entry.get('kind')}", "none: each record counts once")
    if "stream" not in read:
        wrong(read.node, "no stream", f"the key stream: {one_of(streams)}")
        return
    stream = read.get("stream")
    if stream is None or not frame.known(read.at("stream"), stream, streams, "stream"):
        return
    fields = [*streams[stream], ONE]
    _churn(frame, entry, read, states=AFTER in fields)
    for key in ("time", "value", "base", "n", "known_at", *MADE_OF):
        if key in read:
            frame.known(read.at(key), read.get(key), fields, "field", of=stream)
    if "only" in read:
        frame.known_items(read.at("only"), fields, "field", of=stream)
    renamed = read.at("columns").entries if "columns" in read else {}
    for item in entry.at("dimensions").items if "dimensions" in entry else []:
        node = renamed.get(item.text, item)
        if frame.known(node, node.text, fields, "field", of=stream):
            _person(frame, node, _declared(frame, entry, stream, node.text))


def _churn(frame: Frame, entry: Entry, read: Entry, *, states: bool) -> None:
    """Churn is made of states of subscriptions, which make nothing else; and what its definitions ask for."""
    wrong, kind = frame.reading.wrong, entry.get("kind")
    if states != ("churn" in read):
        if states:
            wrong(read.node, "no churn", f"the key churn, by which states become figures: {one_of(DEFINITIONS)}")
        else:
            wrong(read.at("churn"), "churn of records that are no states", "none: a source of subscriptions has them")
        return
    if not states:
        return
    for key in ("n", "base", "censored", *MADE_OF):
        if key in read:
            wrong(read.at(key), f"{key} beside churn", "none: who is at risk follows from the definition")
    if "known_at" not in read:
        wrong(read.node, "no known_at", "the key known_at: when a state became known, such as at")
    if "hash_key" not in frame.root:
        wrong(
            read.node, "churn without hash_key", "hash_key: ${CXMON_HASH_KEY} at the top level: customers are counted"
        )
    rolling = read.get("churn") == STRIPE
    kinds = (Kind.RATE, Kind.RATIO) if rolling else (Kind.PROPORTION, Kind.RATE, Kind.RATIO)
    if kind is not None and kind not in kinds:
        expected = f"{'' if rolling else 'proportion or '}rate (customers), or ratio (what they are worth)"
        wrong(entry.at("kind"), f"{kind} of churn: {read.get('churn')}", expected)
    if rolling and entry.get("grain", Grain.DAY) is not Grain.MONTH:
        place = entry.at("grain") if "grain" in entry else entry.node
        found = f"churn: stripe by the {entry.get('grain', Grain.DAY)}, whose 30 days overlap"
        wrong(place, found, "grain: month, or churn: start_of_period")


def _declared(frame: Frame, entry: Entry, stream: str, name: str) -> Node | None:
    """Where the file says what a field is, if it does."""
    source: Node | None = frame.root.at("sources").entries.get(entry.get("source") or "")
    for keys in (("streams", stream, "fields", name), ("custom", name), ("metadata", name)):
        node = source
        for key in keys:
            node = None if node is None else node.entries.get(key)
        if node is not None:
            return node if node.kind == "text" else node.entries.get("path")
    return None


def _person(frame: Frame, node: Node, declared: Node | None) -> None:
    """A dimension's name may be harmless while its field names a person."""
    for named in re.findall(r"\w+", declared.text) if declared is not None else ():
        if people.names_person(named):
            frame.reading.wrong(node, f"the person field {named}", people.REASON)
        elif people.names_team(named) and "team_agreement" not in frame.root:
            frame.reading.wrong(node, f"the team field {named}", people.TEAM_REASON)


def _customers(frame: Frame, source: Node) -> None:
    """A customer's id is never kept as it is."""
    streams = source.entries.get("streams")
    for stream in streams.entries.values() if streams is not None else ():
        customer = stream.entries.get("customer")
        if customer is not None and "hash_key" not in frame.root:
            expected = "hash_key: ${CXMON_HASH_KEY} at the top level, with which ids become hashes"
            frame.reading.wrong(customer, "a customer without hash_key", expected)
