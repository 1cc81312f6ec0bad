"""Records of an API over real HTTP: pages, faults, limits, and what is never done."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from source_cases import metric
from vendor_stub import BROKEN, PAGE, RESET, THROTTLED, Desk, Reply, Vendor, serving

from cxmon import feeds
from cxmon.contracts import Request, Unfit
from cxmon.errors import AccessError, SourceError
from cxmon.feeds.client import Client
from cxmon.feeds.guard import is_public
from cxmon.model import Read, Secret, Token, Window
from cxmon.sources import Rest
from cxmon.sources.rest import Deleted, RestStream

NOW = datetime(2026, 6, 1, tzinfo=UTC)
T0 = int((NOW - timedelta(days=20)).timestamp())
CSAT = metric(read=Read(stream="answers", time="at", value="satisfied"), source="desk")
CURSOR = feeds.CursorPages(cursor="meta.next", param="cursor", more="meta.more")
SCORE = feeds.Field(path="rating.score", values={"good": "1", "bad": "0"}, otherwise="")


def answers(count=7):
    """Records two by two with the same time of change."""
    return [
        {
            "id": i, "created": T0 + 3600 * i, "updated": T0 + 7200 * (i // 2), "via": {"channel": "chat"},
            "rating": {"score": ("good", "bad")[i % 2]}, "person": {"mail": f"p{i}@example.com"},
            "comment": "secret words",
        }
        for i in range(count)
    ]  # fmt: skip


STREAM = RestStream(
    path="answers", records="data", params={"since": "{since}"}, time_format="epoch", changed="updated", paging=CURSOR,
    customer="person.mail", deleted=Deleted(path="status", values=("deleted",)), lookback=timedelta(hours=1),
    fields={"at": feeds.Field(path="created"), "channel": feeds.Field(path="via.channel"), "satisfied": SCORE},
)  # fmt: skip


def rest(vendor, stream=STREAM, **more):
    given = {"auth": feeds.Bearer(token=Token("t0ken")), "allow_private": True, "retries": 3, "timeout_s": 5.0}
    return Rest(base_url=vendor.url, streams={"answers": stream}, **(given | more))


def asked(cursor=None, days=30, **more):
    return Request(metric=CSAT, window=Window(NOW - timedelta(days=days), NOW), now=NOW, cursor=cursor, **more)


def pull(source, request=None):
    return list(source.fetch(request or asked()))


def ids(batches):
    return [name for b in batches for name in b.upserts.ids]


def test_pages_come_with_their_fields_and_nothing_else():
    with serving(Desk(answers())) as vendor:
        found = pull(rest(vendor), asked(hash_key=Secret("k" * 16)))
    assert [len(b.upserts) for b in found] == [3, 3, 1]
    assert ids(found) == [str(i) for i in range(7)]
    first = found[0].upserts
    assert {k: list(v) for k, v in first.fields.items()} == {
        "at": [T0, T0 + 3600, T0 + 7200],
        "channel": ["chat"] * 3,
        "satisfied": ["1", "0", "1"],
    }
    assert [len(c) for c in first.customers] == [32] * 3
    assert first.customers[0] == feeds.hashed(Secret("k" * 16), "desk", "p0@example.com")
    assert "example.com" not in str(found)
    assert "secret" not in str(found)
    assert [b.complete for b in found] == [False, False, True]
    assert vendor.seen[0][2] == {"since": str(int((NOW - timedelta(days=30)).timestamp()))}
    assert vendor.seen[0][4]["Authorization"] == "Bearer t0ken"


def test_an_empty_page_in_the_middle_ends_nothing_and_repeated_records_are_no_fault():
    desk = Desk(answers())
    desk.empty = desk.overlap = True
    with serving(desk) as vendor:
        found = pull(rest(vendor))
    assert set(ids(found)) == {str(i) for i in range(7)}
    assert len(found[1].upserts) == 0
    assert len(ids(found)) > 7


def test_the_next_run_begins_a_lookback_before_the_newest_change_and_a_killed_one_where_it_was():
    with serving(Desk(answers())) as vendor:
        found = pull(rest(vendor))
        vendor.seen.clear()
        pull(rest(vendor), asked(found[0].cursor))
        assert [s[2].get("cursor", "").partition("|")[2] for s in vendor.seen] == ["1", "2"]
        vendor.seen.clear()
        again = pull(rest(vendor), asked(found[-1].cursor))
    assert vendor.seen[0][2] == {"since": str(T0 + 3 * 7200 - 3600)}
    assert ids(again) == ["6"]


def test_a_cursor_that_has_run_out_is_given_up_for_the_time():
    desk = Desk(answers())
    with serving(desk) as vendor:
        found = pull(rest(vendor))
        desk.expired = True
        desk.size = 50
        again = pull(rest(vendor), asked(found[0].cursor))
        assert set(ids(again)) == {str(i) for i in range(7)}
        desk.size = 3
        with pytest.raises(SourceError, match=r"desk: page 2 of GET answers: answered 400 \(cursor expired\)"):
            pull(rest(vendor))


@pytest.mark.parametrize("page", [0, 1])
def test_204_is_the_end_of_a_list_and_says_of_no_record_that_it_is_gone(page):
    stream = replace(STREAM.stream("answers"), swept_by=frozenset({"at"}))
    with serving(Desk(answers())) as vendor, Client("desk", vendor.url, None, allow_private=True) as client:
        before = list(feeds.read(client, stream, asked()))[-1].cursor
        whole = list(feeds.read(client, stream, asked(before)))
        assert whole[-1].sweep is not None
        vendor.seen.clear()
        vendor.faults = [*[None] * page, Reply("", 204)]
        found = list(feeds.read(client, replace(stream, lookback=timedelta(days=30)), asked(before)))
    assert ids(found) == [str(i) for i in range(3 * page)]
    assert [(b.complete, b.sweep) for b in found] == [(False, None)] * page + [(True, None)]
    assert len(vendor.seen) == page + 1, "it is not asked again"


# A date that is past by the vendor's own clock: no wait.
DATED = Reply({}, 429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")


@pytest.mark.parametrize("fault", [THROTTLED, DATED, BROKEN, RESET, PAGE, Reply('{"data": [', length=100), Reply("{")])
def test_a_fault_that_passes_costs_an_attempt_only(fault):
    with serving(Desk(answers())) as vendor:
        limits = feeds.Limits(first_wait_s=0.01, timeout_s=5)
        vendor.faults = [fault]
        with Client("desk", vendor.url, None, limits=limits, allow_private=True) as client:
            found = list(feeds.read(client, STREAM.stream("answers"), asked()))
    assert ids(found) == [str(i) for i in range(7)]
    assert len(vendor.seen) == 4


def test_a_post_is_repeated_as_well_and_waits_as_long_as_it_is_told():
    paging = replace(CURSOR, param="cursor")
    posted = replace(STREAM, method="POST", params={}, body={"since": "{since}", "n": 3}, paging=paging)
    with serving(Desk(answers())) as vendor:
        vendor.faults = [Reply({}, 429, Retry_After="0.2"), RESET]
        limits = feeds.Limits(first_wait_s=0.01)
        with Client("desk", vendor.url, None, limits=limits, allow_private=True) as client:
            found = list(feeds.read(client, posted.stream("answers"), asked()))
    assert ids(found) == [str(i) for i in range(7)]
    assert [s[0] for s in vendor.seen] == ["POST"] * 5
    since = int((NOW - timedelta(days=30)).timestamp())
    assert vendor.seen[2][3] == {"since": since, "n": 3}
    assert vendor.seen[-1][3]["cursor"].endswith("|2")


FAST = feeds.Limits(first_wait_s=0.001, retries=2, timeout_s=2, most_bytes=100_000)
HOME = "http://127.0.0.1"
LASTING = [
    (Reply({"error": {"message": "bad token"}}, 401), AccessError, r"answered 401 \(bad token\): the credentials"),
    (Reply({"message": "needs scope\nread:x"}, 403), AccessError, r"403 \(needs scope read:x\): .* a scope or a role"),
    (PAGE, SourceError, r"a web page where JSON belongs \(a login, .*, or another `base_url`\?\); tried 3 times"),
    (BROKEN, SourceError, r"answered 503; tried 3 times"),
    (RESET, SourceError, r"the connection failed: .*; tried 3 times"),
    (Reply({}, 429, Retry_After="4000"), SourceError, r"answered 429; asked to wait 4,000 s, where 300 s are the most"),
    (Reply("x" * 200_000, kind="text/plain"), SourceError, r"longer than 100,000 bytes"),
    (Reply("[" + "0," * 5_000_000 + "0]", zipped=True), SourceError, r"longer than 100,000 bytes"),
    (Reply("[" * 90_000), SourceError, r"nested too deeply|broken JSON"),
    (Reply({"items": []}), SourceError, r"nothing where the list of records belongs; the answer has items"),
    (Reply({"data": {"a": 1}}), SourceError, r"a dict where the list of records belongs"),
    (Reply("", 302, Location="http://169.254.169.254/a"), SourceError, r"a link to http://169.254.169.254 was not"),
    (Reply("", 302, Location="https://127.0.0.1/"), SourceError, r"a link to https://127.0.0.1 was not followed"),
    (Reply(b"\xff\xfe{}"), SourceError, r"text that is not UTF-8"),
    (Reply("{}", Content_Encoding="br"), SourceError, r"packed as 'br', which was not asked for"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "error", "said"), LASTING, ids=range(len(LASTING)))
def test_a_fault_that_stays_is_one_clear_error(reply, error, said):
    with serving(Desk(answers())) as vendor:
        vendor.faults = [reply] * 6
        with (
            Client("desk", vendor.url, feeds.Bearer(token=Token("t0ken")), limits=FAST, allow_private=True) as client,
            pytest.raises(error, match=said) as told,
        ):
            list(feeds.read(client, STREAM.stream("answers"), asked()))
    assert str(told.value).startswith("desk: ")
    assert "page 1" in str(told.value) or "was not followed" in str(told.value)
    assert "t0ken" not in str(told.value)
    assert len(str(told.value)) < 300


def test_a_redirect_on_the_same_host_is_followed_with_the_token():
    with serving(Desk(answers(2))) as vendor:
        vendor.faults = [Reply("", 307, Location="/answers?since=0")]
        assert ids(pull(rest(vendor))) == ["0", "1"]
    assert [s[4]["Authorization"] for s in vendor.seen] == ["Bearer t0ken"] * 2


INSIDE = (
    "127.0.0.1 10.1.2.3 192.168.0.1 169.254.169.254 100.64.1.1 0.0.0.0 ::1 fe80::1%eth0 fc00::1 ::ffff:127.0.0.1 "
    "64:ff9b::7f00:1 2002:7f00:1:: 224.0.0.1"
)


def test_private_addresses_are_refused_unless_that_is_meant():
    with serving(Desk(answers())) as vendor:
        base, said = (
            vendor.url.replace("127.0.0.1", "localhost"),
            "desk: localhost is the address .*not on the internet",
        )
        with Client("desk", base, None) as client, pytest.raises(SourceError, match=said):
            list(feeds.read(client, STREAM.stream("answers"), asked()))
    assert vendor.seen == []
    assert [a for a in INSIDE.split() if is_public(a)] == []
    assert [a for a in ("1.1.1.1", "2606:4700::1111", "64:ff9b::101:101") if not is_public(a)] == []


@pytest.mark.parametrize(
    ("base", "private", "said"),
    [
        ("http://api.example.com", False, "base_url: found http, which shows the credentials"),
        ("ftp://api.example.com", False, "base_url: found something else"),
        ("https://a:b@api.example.com", False, "base_url: found credentials in it"),
        ("https://api.example.com/?x=1", True, "base_url: found something else"),
    ],
)
def test_an_address_that_a_token_must_not_go_to_is_refused(base, private, said):
    with pytest.raises(ValueError, match=said):
        Rest(base_url=base, allow_private=private, streams={"answers": STREAM})


def linked(vendor_of, count=5, size=2, header=False, auth="key"):
    """A list with links to its next page, absolute, with the key in them as some vendors write it."""

    def answer(params, _):
        number = int(params.get("p", 0))
        rows = answers(count)[number * size : (number + 1) * size]
        base = vendor_of()
        link = f"{base}/answers?p={number + 1}&api_key={auth}" if (number + 1) * size < count else None
        if header:
            return Reply({"data": rows}, **({"Link": header.format(link)} if link else {}))
        return {"data": rows, "links": {"next": link}}

    return answer


# As RFC 8288 has it: names and relations in any case, several relations of one link, other links beside it.
FORMS = ('<{}>; rel="next"', "<{}>; REL=Next", '</a?p=0>; rel="prev", <{}>; title="a, b"; rel="last next"')


@pytest.mark.parametrize("header", [False, *FORMS])
def test_links_are_followed_and_kept_without_the_key(header):
    box = []
    with Vendor(answers=linked(lambda: box[0].url, header=header)) as vendor:
        box.append(vendor)
        paging = feeds.LinkHeader() if header else feeds.NextLink(next="links.next")
        source = rest(vendor, replace(STREAM, paging=paging), auth=feeds.Query(name="api_key", value=Token("key")))
        found = pull(source)
        assert ids(found) == ["0", "1", "2", "3", "4"]
        assert [s[2]["api_key"] for s in vendor.seen] == ["key"] * 3
        assert "key" not in found[0].cursor
        assert ids(pull(source, asked(found[0].cursor))) == ["2", "3", "4"]


def test_a_link_to_another_host_is_not_followed():
    source = replace(STREAM, paging=feeds.NextLink(next="links.next"))
    with Vendor(answers=linked(lambda: "http://127.0.0.2:1")) as vendor:
        with pytest.raises(SourceError, match=r"a link to http://127.0.0.2:1 was not followed"):
            pull(rest(vendor, source))
        assert len(vendor.seen) == 1


def numbered(size, known=True):
    def answer(params, _):
        number = int(params["page"]) - 1
        rows = answers(5)[number * size : (number + 1) * size]
        return {"data": rows} | ({"pages": -(-5 // size)} if known else {})

    return answer


@pytest.mark.parametrize(
    ("paging", "known", "requests"),
    [
        (feeds.PageNumber(pages="pages"), True, 3),
        (feeds.PageNumber(size=2), False, 3),
        (feeds.PageNumber(), False, 4),
    ],
)
def test_pages_by_number(paging, known, requests):
    with Vendor(answers=numbered(2, known)) as vendor:
        found = pull(rest(vendor, replace(STREAM, paging=paging)))
        assert ids(found) == ["0", "1", "2", "3", "4"]
        assert len(vendor.seen) == requests
        vendor.seen.clear()
        pull(rest(vendor, replace(STREAM, paging=paging)), asked(found[0].cursor))
        assert vendor.seen[0][2]["page"] == "1", "numbers may have moved since: the list begins anew"


def test_a_list_that_goes_round_in_circles_is_noticed():
    row = answers(1)
    with Vendor(answers=lambda _, __: {"data": row, "meta": {"next": "same", "more": True}}) as vendor:
        with pytest.raises(SourceError, match=r"desk: page 2 of answers leads to a page that was read before"):
            pull(rest(vendor))
        with pytest.raises(SourceError, match=r"desk: page 2 of answers leads to a page that was read before"):
            pull(rest(vendor, replace(STREAM, paging=feeds.PageNumber())))


def test_a_list_has_its_most_pages_and_a_page_its_most_records():
    with serving(Desk(answers())) as vendor, Client("desk", vendor.url, None, allow_private=True) as client:
        pages = feeds.read(client, replace(STREAM.stream("answers"), most_pages=2), asked())
        first = [next(pages), next(pages)]
        with pytest.raises(SourceError, match="desk: stopped after 2 pages; the next run goes on"):
            next(pages)
        assert ids(pull(rest(vendor), asked(first[-1].cursor))) == ["6"]
    crowd = '{"data": [' + "0," * 200_000 + "0]}"
    with (
        Vendor(answers=lambda *_: Reply(crowd)) as vendor,
        pytest.raises(SourceError, match="desk: page 1 of answers holds 200,001 records"),
    ):
        pull(rest(vendor))


def test_a_vendor_that_ends_lists_after_some_pages_is_asked_anew_from_the_newest_change():
    with serving(Desk(answers(12), size=2)) as vendor:
        windows = replace(STREAM, ascending=True, window_pages=2)
        found = pull(rest(vendor, windows))
        assert set(ids(found)) == {str(i) for i in range(12)}
        assert len({s[2].get("since") for s in vendor.seen} - {None}) > 2
    same = [row | {"updated": T0} for row in answers(12)]
    with serving(Desk(same, size=2)) as vendor, pytest.raises(SourceError, match="all records up to it have one time"):
        pull(rest(vendor, windows), asked(json.dumps({"since": T0, "place": None, "newest": 0})))


def test_what_is_no_record_is_set_aside_with_its_place():
    rows = answers(7)
    del rows[1]["id"]
    rows[2]["rating"] = {"score": ["good"]}
    rows[3]["id"] = "someone@example.com"
    rows[4]["updated"] = "soon"
    rows[5] = "words"
    rows[6]["status"] = "deleted"
    document = {"data": rows, "meta": {}}
    strict = replace(STREAM, fields=dict(STREAM.fields) | {"satisfied": feeds.Field(path="rating.score")})
    with Vendor(answers=lambda _, __: document) as vendor:
        (found,) = pull(rest(vendor, strict))
        assert (ids([found]), found.deletes) == (["0", "2"], ("6",))
        assert [(r.where, r.reason) for r in found.rejected] == [
            ("page 1, row 2", "no id"),
            ("page 1, row 4", "an id that looks like an e-mail address; with `hash_key` its hash is kept"),
            ("page 1, row 5", "the time of its last change: no instant in ISO 8601 and no epoch seconds"),
            ("page 1, row 6", "a str where a record belongs"),
        ]
        # What cannot be a value counts against the metrics that read it, and no others.
        assert found.upserts.fields["satisfied"][1] == Unfit(reason="a list where a value belongs")
        (found,) = pull(rest(vendor, strict), asked(hash_key=Secret("k" * 16)))
        assert "someone" not in str(found)
        assert len(found.upserts) == 3
        unnamed = replace(SCORE, otherwise=None, values={"good": "1"})
        rows[0]["rating"] = {"score": "bad"}
        (found,) = pull(rest(vendor, replace(STREAM, fields={"satisfied": unnamed})))
        assert found.upserts.fields["satisfied"][0] == Unfit(reason="a value that `values` does not name")


def test_a_field_that_the_vendor_renamed_is_no_silence_of_customers():
    renamed = [{("points" if k == "rating" else k): v for k, v in row.items()} for row in answers(30)]
    with serving(Desk(renamed, size=12)) as vendor:
        said = "desk: page 2: none of 24 records has satisfied .rating.score.; they have comment, created, id, "
        with pytest.raises(SourceError, match=said):
            pull(rest(vendor))
        may_lack = dict(STREAM.fields) | {"satisfied": replace(SCORE, optional=True)}
        assert len(ids(pull(rest(vendor, replace(STREAM, fields=may_lack))))) == 30


def test_a_field_is_found_by_its_path_and_made_what_it_means():
    record = { "a": {"b": [{"c": 5}, {"c": 6}]}, "custom": [{"id": 7, "value": "eu"}, {"id": 8, "value": None}], "ms":
    1_780_000_000_000, "opened": "2026-05-01T10:00:00Z", "replied": "2026-05-01T10:12:30+00:00", "n": None, "yes": True,
    }  # fmt: skip

    def value(**field):
        return feeds.Field(**field).getter()(record)

    assert value(path="a.b[1].c") == 6
    assert value(path="$.a.b[-1].c") == 6
    assert value(path="custom[id=7].value") == "eu"
    assert (value(path="custom[id=8].value"), value(path="custom[id=9].value"), value(path="n.x")) == (None, None, None)
    assert value(path="ms", divide=1000.0) == 1_780_000_000
    assert value(path="replied", minutes_after="opened") == 12.5
    assert value(path="n", minutes_after="opened") is None
    assert value(path="yes", values={"true": "1"}) == "1"
    assert not value(path="a.x")
    for wrong in ("a..b", "a[", "a[x]"):
        with pytest.raises(ValueError, match="path: found"):
            feeds.Field(path=wrong)


def test_credentials_go_as_the_vendor_wants_them_and_empty_ones_are_refused():
    with serving(Desk(answers(1))) as vendor:
        for auth in (
            feeds.Basic(user=Token("me"), password=Token("pw")),
            feeds.Header(name="X-Api-Key", value=Token("abc")),
            feeds.Query(name="key", value=Token("a&b")),
        ):
            pull(rest(vendor, auth=auth, headers={"Vendor-Version": "2.15"}))
    assert vendor.seen[0][4]["Authorization"] == "Basic bWU6cHc="
    assert vendor.seen[1][4]["X-Api-Key"] == "abc"
    assert vendor.seen[2][2]["key"] == "a&b"
    assert {s[4]["Vendor-Version"] for s in vendor.seen} == {"2.15"}
    with pytest.raises(ValueError, match="token: found nothing"):
        feeds.Bearer(token=Token(""))
    assert "abc" not in repr(feeds.Header(name="X-Api-Key", value=Token("abc")))
