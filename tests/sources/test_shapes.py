"""What is passed over while an answer is read changes nothing that is read of it."""

import hashlib
import hmac
import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from freshdesk_stub import rating, ticket
from hypothesis import given, settings
from hypothesis import strategies as st
from stripe_stub import Account, price
from test_intercom_source import conversation, fin
from test_zendesk_source import metric_set
from test_zendesk_source import ticket as zendesk_ticket

import cxmon.config
from cxmon import feeds
from cxmon.feeds.fields import MISSING, rows_of
from cxmon.feeds.shape import decoder, document
from cxmon.feeds.stream import Reader, hashed, hasher
from cxmon.model import Secret, Token
from cxmon.sources import Freshdesk, Intercom, Stripe, Zendesk, freshdesk, intercom, zendesk

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY = Secret("chance chance chance")


def documents():
    """(name, stream, the answer of a vendor that holds everything which is read, and more)."""
    desk = Zendesk(token=Token("x"), subdomain="acme", custom={"region": "360"})
    tickets = [zendesk_ticket(i) for i in range(3)] + [zendesk_ticket(3, status="deleted", satisfaction_rating=None)]
    sets = [metric_set(i) for i in range(3)]
    page = {"count": 4, "after_cursor": "c", "end_of_stream": False, "after_url": "https://x.example"}
    stream = zendesk._tickets(desk)
    inside = [t | {"metric_set": metric_set(i)} for i, t in enumerate(tickets)]
    yield "zendesk inline", stream, page | {"tickets": inside}
    yield "zendesk beside", stream, page | {"tickets": tickets, "metric_sets": sets, "users": [{"name": "Ann"}]}
    scores = [
        {"id": 1, "score": "good_with_comment", "created_at": "2026-05-01T00:00:00Z", "requester_id": 5, "comment": "x",
         "updated_at": "2026-05-02T00:00:00Z", "ticket_id": 9, "reason": "words"}
    ]  # fmt: skip
    after = {"meta": {"has_more": True, "after_cursor": "a"}, "links": {"next": "https://x.example"}}
    yield "zendesk ratings", zendesk._ratings(desk), after | {"satisfaction_ratings": scores}
    fresh = Freshdesk(api_key=Token("x"), domain="acme", custom={"region": "cf_region"})
    one = ticket(1, NOW, stats={"reopened_at": "2026-06-01T01:00:00Z"}, fr_escalated=True)
    yield "freshdesk tickets", freshdesk._tickets(fresh), [one, ticket(2, NOW, spam=True), ticket(3, NOW, source=10)]
    named, plain = rating(1, NOW, 103), rating(2, NOW, 100) | {"ratings": None, "rating": -103}
    yield "freshdesk ratings", freshdesk._ratings(fresh), [named, plain]
    box = Intercom(token=Token("x"), custom={"region": "Region v1.2"})
    talks = [conversation(0), conversation(1, **fin("escalated", 2)), conversation(2, statistics=None)]
    found = {"conversations": talks, "pages": {"next": {"starting_after": "s", "page": 2}}, "total_count": 9}
    yield "intercom", intercom._conversations(box), found
    yield "intercom ratings", intercom._ratings(box), found
    account = Account(int(NOW.timestamp()))
    name = account.subscribe(account.now - 90 * 86_400, "cus_1", price(1900), trial=864_000)
    account.change(account.now - 40 * 86_400, name, prices=[(price(4900), 2), (price(900, product="b"), 1)])
    account.end(account.now - 86_400, account.subscribe(account.now - 9 * 86_400, "cus_2", price(900)))
    bills = Stripe(key=Token("x"), currency="USD", metadata={"country": "country"})
    listed = {"object": "list", "has_more": True, "url": "/v1/x"}
    yield (
        "stripe",
        bills._subscriptions(account.now, bills._states(None)),
        listed | {"data": list(account.subs.values())},
    )
    yield "stripe events", bills._events(bills._states(None)), listed | {"data": account.events}


CASES = list(documents())


def read(stream, data):
    """All that is made of an answer, in words that can be compared."""
    reader = Reader(stream=stream, source="desk", hash_key=KEY)
    records, gone, aside = reader.page(rows_of(stream.records, data, "page"), "page")
    columns = {name: list(column) for name, column in records.fields.items()}
    told = feeds.exchange.Answer(data=data, next_link=None)
    page = feeds.exchange.Page(answer=told, rows=[], place=None, link=str)
    return records.ids, records.changed, records.customers, columns, gone, aside, stream.paging.after(page)


@pytest.mark.parametrize(("stream", "answer"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_vendors_answer_says_the_same_where_the_rest_is_passed_over(stream, answer):
    spots = stream.spots(None)
    assert spots is not None
    body = json.dumps(answer).encode()
    part = document(body, decoder(spots))
    assert len(json.dumps(part)) < len(body)
    assert "Private words" not in json.dumps(part)
    assert read(stream, part) == read(stream, answer)


def test_every_recipe_says_where_it_looks():
    """Also where fields are mapped, divided or taken from each other."""
    folder = cxmon.config.__path__[0] + "/recipes"
    for path in sorted(Path(folder).glob("*.yaml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"].values():
            for one in source.get("streams", {}).values():
                fields = {
                    name: feeds.Field(**({"path": given} if isinstance(given, str) else given)).getter()
                    for name, given in one["fields"].items()
                }
                assert all(feeds.fields.spots_of(get) for get in fields.values()), path.name


keys = st.sampled_from("ab")
paths = st.lists(keys | st.just("[0]"), min_size=1, max_size=3).map(lambda s: ".".join(s).replace(".[", "["))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.just("c"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.lists(paths, min_size=1, max_size=4), values)
def test_a_path_leads_to_the_same_in_the_part_that_is_read(places, value):
    getters = [feeds.path(place) for place in places]
    spots = frozenset().union(*map(feeds.fields.spots_of, getters))
    part = document(json.dumps(value).encode(), decoder(spots))
    for get in getters:
        assert get(part) is MISSING if get(value) is MISSING else repr(get(part)) == repr(get(value))


@pytest.mark.parametrize(
    "text",
    [
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '\ufeff{"a": 1}',
        '{"a": 123456789012345678901234567890}',
        "[1]",
    ],
)
def test_what_only_pythons_own_reader_takes_is_still_taken(text):
    found = document(text.encode("utf-8", "surrogatepass"), decoder(frozenset({("a",)})))
    expected = json.loads(text.removeprefix("\ufeff"))
    same = found == expected or math.isnan(found["a"])
    assert same


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=150), st.text(max_size=20), st.integers() | st.text(max_size=80))
def test_the_hash_of_a_customer_is_an_hmac(secret, source, customer):
    made = hmac.new(secret.encode(), f"{source}:{customer}".encode(), hashlib.sha256).hexdigest()[:32]
    assert hasher(Secret(secret), source)(customer) == hashed(Secret(secret), source, customer) == made
