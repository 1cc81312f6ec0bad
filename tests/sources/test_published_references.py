"""Every vendor by its published reference: all requests of a scenario are legal, and any legal answer is taken."""

import re
from base64 import b64encode
from datetime import timedelta
from importlib.resources import files

import pytest
import yaml
from source_cases import metric
from spec_answers import COUNT, NOW, TEMPERS, TURNED_AWAY, VENDORS, iso, page, seconds, secret, stranger
from vendor_rules import RULES, judged
from vendor_stub import Vendor

from cxmon.aggregate import Page
from cxmon.config import load
from cxmon.contracts import Request
from cxmon.errors import SourceError
from cxmon.model import EVERYONE, Kind, Read, Token, Window
from cxmon.pipeline.collect import collect
from cxmon.pipeline.probe import probe
from cxmon.pipeline.register import register
from cxmon.sources import Zendesk
from cxmon.store import Store


def planned(name, vendor, folder):
    """The configuration that is shipped for the vendor, on this machine."""
    shipped, prefix, _ = VENDORS[name]
    text = files("cxmon.config").joinpath(shipped).read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    (source,) = config["sources"].values()
    source |= {"base_url": vendor.url + prefix, "allow_private": True}
    for account in ("subdomain", "domain"):
        source.pop(account, None)
    config["store"] = f"sqlite:///{folder}/store.db"
    (folder / "cxmon.yaml").write_text(yaml.safe_dump(config))
    return load(folder / "cxmon.yaml", environ={n: secret(n) for n in re.findall(r"\$\{(\w+)", text)})


def counted(plan, store):
    """How many records each metric counts; open ones and units too."""
    found = {}
    for name, of in plan.metrics.items():
        panel = store.panel(of, [EVERYONE])
        found[name] = round(float((panel.total if of.kind is Kind.LEVEL else panel.n).sum()))
    return found


def read(plan, now=NOW):
    """The same without a store: what each metric makes of the pages of its stream."""
    pages = {}
    for of in {m.read.stream: m for m in plan.metrics.values()}.values():
        request = Request(metric=of, window=Window(now - timedelta(days=30), now), now=now, hash_key=plan.hash_key)
        came = list(plan.sources[of.source].fetch(request))
        assert [page.complete for page in came][-1:] == [True]
        records = [p.upserts if p.pieces is None else p.pieces.records(p.pieces.onto({})) for p in came]
        pages[of.read.stream] = [Page(records=one, now=now) for one in records]
    return {
        name: len({page.records.ids[i] for page in pages[m.read.stream] for i in page.counted(m).row.tolist()})
        for name, m in plan.metrics.items()
    }


@pytest.mark.parametrize("name", VENDORS)
def test_all_that_a_source_asks_is_legal(name, tmp_path):
    imitation = VENDORS[name][2]("least", 0)
    with Vendor(**imitation.routes) as vendor:
        plan = planned(name, vendor, tmp_path)
        (source,) = plan.sources
        looks = probe(plan, source, now=NOW)
        assert [look.error for look in looks] == [""] * len(looks)
        with Store.open(plan.store_url) as store:
            register(plan, store, now=NOW)
            for now in (NOW, NOW + timedelta(hours=3)):
                assert [c.error for c in collect(plan, store, now=now)] == [""] * len(plan.metrics)
                found = counted(plan, store)
                assert {m: n for m, n in found.items() if m in imitation.counts} == imitation.counts
        illegal, paths = judged(name, vendor.seen)
        assert illegal == []
        assert {rule.path for rule in RULES[name]} <= paths


@pytest.mark.parametrize("name", VENDORS)
def test_any_legal_answer_is_taken(name, tmp_path):
    """With all that may be missing missing, with words nobody knows yet, ended and turned away in every way."""
    away = list(TURNED_AWAY.values())
    for end in range(5):
        temper = TEMPERS[1 + end % 2]
        imitation = VENDORS[name][2](temper, end)
        with Vendor(**imitation.routes) as vendor:
            plan = planned(name, vendor, tmp_path)
            vendor.faults = [away[2 * end % len(away)], None, away[(2 * end + 1) % len(away)]]
            found = read(plan)
            told = {m: found[m] for m in imitation.counts}
            assert (temper, end, told) == (temper, end, dict(imitation.counts))
            assert judged(name, vendor.seen)[0] == []


SEARCH, JQL = "POST /rest/api/3/search/jql", {"jql": "project = HELP ORDER BY updated", "maxResults": 100}
UNLAWFUL = {
    "the search that was removed": ("jira-service-management", SEARCH.removesuffix("/jql"), {}, JQL),
    "its way of paging": ("jira-service-management", SEARCH, {}, JQL | {"startAt": 0}),
    "a page token of nothing": ("jira-service-management", SEARCH, {}, JQL | {"nextPageToken": None}),
    "no condition": ("jira-service-management", SEARCH, {}, {"jql": "ORDER BY key"}),
    "an order of eight": ("jira-service-management", SEARCH, {}, {"jql": "a = 1 ORDER BY b,c,d,e,f,g,h,i"}),
    "too large a page": ("delighted", "GET /v1/survey_responses.json", {"per_page": "101"}, None),
    "an order of its own": ("delighted", "GET /v1/survey_responses.json", {"order": "updated_at"}, None),
    "paging of old": ("chartmogul", "GET /v1/activities", {"start-after": "u1"}, None),
    "no end": ("chartmogul", "GET /v1/metrics/mrr", {"start-date": "2026-05-01"}, None),
    "page 301": ("freshdesk", "GET /api/v2/tickets", {"page": "301"}, None),
}


@pytest.mark.parametrize("what", UNLAWFUL)
def test_the_rules_refuse_what_the_references_do(what):
    vendor, operation, params, document = UNLAWFUL[what]
    method, path = operation.split()
    pair = {"delighted": "key:", "chartmogul": "key:", "freshdesk": "key:X"}.get(vendor, "it@example.com:t")
    headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}", "Accept": "application/json"}
    headers |= {"Content-Type": "application/json"} if document else {}
    assert len(judged(vendor, [(method, path, params, document, headers)])[0]) == 1
    if "GET" in operation and what != "no end":
        assert judged(vendor, [(method, path, {}, None, headers)])[0] == []


def surveys(temper, end):
    """Both survey systems of Zendesk with answers in them: (routes, records that count by stream)."""
    when = seconds if temper == "more" else iso

    def rating(i):
        held = {"id": i, "score": ("good", "bad", "offered")[i % 3], "created_at": when(i), "updated_at": when(i)}
        nulls = ("assignee_id", "group_id", "requester_id", "ticket_id", "comment", "reason", "reason_id", "url")
        return stranger(temper, (dict.fromkeys(nulls) if temper == "nulls" else {}) | held)

    def response(i):
        answer = {"type": "rating_scale", "rating": i % 5 + 1, "created_at": when(i), "updated_at": when(i)}
        if temper == "nulls":
            answer |= {"rating_category": None, "value": None}
        others = [{"type": "skipped"}, {"type": "open_ended", "value": None}, {"type": "mind_reading", "rating": None}]
        held = {"id": f"01{i}", "answers": [*others, stranger(temper, answer)] if i % 2 else []}
        held |= {"subjects": None, "subject_zrns": None, "responder_id": None} if temper == "nulls" else {}
        if temper == "more":
            held |= {
                "subjects": [{"type": "conversation"}, None, 7],
                "subject_zrns": [f"zen:ticket:{i}", None],
            }
        return stranger(temper, held)

    def listed(name, make):
        def answer(params, _):
            rows, more = page([make(i) for i in range(COUNT)], int(params.get("page[after]", "a0")[1:]))
            at = int(params.get("page[after]", "a0")[1:]) + len(rows)
            last = ({"has_more": False, "after_cursor": f"a{at}"}, {"has_more": False, "after_cursor": None}, {})
            return {name: rows, "meta": {"has_more": True, "after_cursor": f"a{at}"} if more else last[end]}

        return answer

    routes = {
        "api__v2__satisfaction_ratings": listed("satisfaction_ratings", rating),
        "api__v2__guide__survey_responses": listed("survey_responses", response),
    }
    return routes, {"satisfaction_ratings": ("created_at", 18), "survey_responses": ("answered_at", 13)}


def test_ratings_of_an_account_without_cursors_are_read_by_their_links():
    def listed(params, _):
        number = int(params.get("page", 1))
        row = {"id": number, "score": "good", "created_at": iso(number), "updated_at": iso(number)}
        link = f"{vendor.url}/api/v2/satisfaction_ratings?page={number + 1}" if number < 3 else None
        return {"satisfaction_ratings": [row], "count": 3, "next_page": link, "previous_page": None}

    with Vendor(api__v2__satisfaction_ratings=listed) as vendor:
        desk = Zendesk(email="it@example.com", token=Token("t"), base_url=vendor.url, allow_private=True)
        of = metric(read=Read(stream="satisfaction_ratings", time="created_at", value="satisfied"), source="zendesk")
        pages = list(desk.fetch(Request(metric=of, window=Window(NOW - timedelta(days=30), NOW), now=NOW)))
    assert [name for page in pages for name in page.upserts.ids] == ["1", "2", "3"]


@pytest.mark.parametrize("last", [{"end_of_stream": False}, {"end_of_stream": True, "after_url": "https://x.example/"}])
def test_an_export_that_goes_on_nowhere_is_an_error_and_one_that_has_ended_is_none(last):
    with Vendor(
        api__v2__incremental__tickets__cursor=lambda *_: {"tickets": [], "after_cursor": None} | last
    ) as vendor:
        desk = Zendesk(email="it@example.com", token=Token("t"), base_url=vendor.url, allow_private=True)
        of = metric(read=Read(stream="tickets", time="solved_at", value="replies"), source="zendesk")
        asked = Request(metric=of, window=Window(NOW - timedelta(days=30), NOW), now=NOW)
        if last["end_of_stream"]:
            assert [page.complete for page in desk.fetch(asked)] == [True]
        else:
            with pytest.raises(SourceError, match="says that more follows, and not where"):
                list(desk.fetch(asked))


@pytest.mark.parametrize("temper", TEMPERS)
def test_both_survey_systems_of_zendesk_are_taken(temper):
    routes, counts = surveys(temper, TEMPERS.index(temper))
    with Vendor(**routes) as vendor:
        desk = Zendesk(email="it@example.com", token=Token("t"), base_url=vendor.url, allow_private=True)
        for stream, (when, count) in counts.items():
            of = metric(read=Read(stream=stream, time=when, value="satisfied"), dimensions=(), source="zendesk")
            pages = list(desk.fetch(Request(metric=of, window=Window(NOW - timedelta(days=30), NOW), now=NOW)))
            counted = [Page(records=one.upserts, now=NOW).counted(of) for one in pages]
            assert sum(len(one.row) for one in counted) == count
            assert [r.reason for one in (*pages, *counted) for r in one.rejected] == []
        assert judged("zendesk", vendor.seen)[0] == []
