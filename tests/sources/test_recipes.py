"""The recipes of the `rest` source, each against its vendor as the vendor documents it."""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from vendor_stub import Reply, Vendor

from cxmon.aggregate import Page
from cxmon.config import load
from cxmon.contracts import Request
from cxmon.errors import AccessError
from cxmon.feeds import ClientCredentials
from cxmon.model import Token, Window

NOW = datetime(2026, 6, 1, tzinfo=UTC)
T0 = NOW - timedelta(days=20)
SECRETS = {
    name: f"{name.lower()} of some length"
    for recipe in files("cxmon.config").joinpath("recipes").iterdir()
    for name in re.findall(r"\$\{(\w+)", recipe.read_text(encoding="utf-8"))
}


def iso(hours, form="%Y-%m-%dT%H:%M:%SZ"):
    return (T0 + timedelta(hours=hours)).strftime(form)


class Recipe:
    """A recipe whose vendor is on this machine: `pull` reads a metric's records as a run does."""

    def __init__(self, name, vendor, folder, prefix=""):
        text = files("cxmon.config").joinpath(f"recipes/{name}.yaml").read_text(encoding="utf-8")
        text = re.sub(r"base_url: \S+", f"base_url: {vendor.url}{prefix}\n    allow_private: true", text)
        (folder / "cxmon.yaml").write_text(text)
        self.plan = load(folder / "cxmon.yaml", environ=SECRETS)

    def pull(self, name, cursor=None, days=30):
        of = self.plan.metrics[name]
        request = Request(
            metric=of,
            window=Window(NOW - timedelta(days=days), NOW),
            now=NOW,
            cursor=cursor,
            hash_key=self.plan.hash_key,
        )
        self.batches = list(self.plan.sources[of.source].fetch(request))
        assert self.batches[-1].complete
        self.cursor = self.batches[-1].cursor
        return [name for b in self.batches for name in b.upserts.ids]

    def counted(self, name):
        """(values, segments, what was set aside) of a metric in the last pull; of an id that came twice the last."""
        values, aside = {}, []
        for batch in self.batches:
            found = Page(records=batch.upserts, now=NOW).counted(self.plan.metrics[name])
            rows = zip(found.row.tolist(), found.value.tolist(), found.segment.tolist(), strict=True)
            values |= {batch.upserts.ids[row]: (value, found.segments[k]) for row, value, k in rows}
            aside += [r.reason for r in (*batch.rejected, *found.rejected)]
        return values, aside

    def mean(self, name):
        values, aside = self.counted(name)
        assert aside == []
        return round(float(np.mean([v for v, _ in values.values()])), 6)


def basic(vendor, pair):
    return {s[4]["Authorization"] for s in vendor.seen} == {"Basic " + b64encode(pair.encode()).decode()}


def test_jira_service_management(tmp_path):
    def cycle(minutes, late=False):
        return {"breached": late, "elapsedTime": {"millis": 60_000 * minutes}, "goalDuration": {"millis": 3_600_000}}

    def request(i, **more):
        clock = {"id": "1", "name": "Time to first response", "completedCycles": [cycle(10 * (i + 1), late=i == 2)]}
        return {
            "id": str(10_000 + i), "key": f"HELP-{i}", "fields": {
                "created": iso(i, "%Y-%m-%dT%H:%M:%S.000+0000"), "updated": iso(i + 3, "%Y-%m-%dT%H:%M:%S.000+0200"),
                "resolutiondate": iso(i + 2, "%Y-%m-%dT%H:%M:%S.000+0000"), "priority": {"name": "High"},
                "status": {"name": "Done", "statusCategory": {"key": "done"}}, "issuetype": {"name": "Service Request"},
                "reporter": {"accountId": f"5b10{i}", "displayName": "Ann"},
                "customfield_10010": {"requestType": {"id": "7", "name": "Refund"}},
                "customfield_10035": {"rating": i + 2}, "customfield_10036": iso(i + 5, "%Y-%m-%dT%H:%M:%S.000+0000"),
                "customfield_10030": {"completedCycles": [cycle(20), cycle(90, late=i == 1)]},
                "customfield_10031": clock,
            } | more,
        }  # fmt: skip

    unanswered = {"customfield_10031": {"completedCycles": [], "ongoingCycle": cycle(500, late=True)}}
    rows = [request(i) for i in range(3)] + [request(3, customfield_10035=None, customfield_10036=None, **unanswered)]

    def search(_, body):
        assert body.keys() <= {"jql", "maxResults", "fields", "nextPageToken", "expand", "properties", "fieldsByKeys"}
        assert re.fullmatch(r'project = HELP AND updated >= "\d{4}-\d\d-\d\d" ORDER BY updated ASC', body["jql"])
        second = body.get("nextPageToken") == "EJBAhnkC"
        return {"issues": rows[2:] if second else rows[:2], "isLast": second} | (
            {} if second else {"nextPageToken": "EJBAhnkC"}
        )

    with Vendor(rest__api__3__search__jql=search) as vendor:
        jira = Recipe("jira-service-management", vendor, tmp_path)
        assert len(jira.pull("csat")) == 4
        assert basic(vendor, f"{SECRETS['JIRA_EMAIL']}:{SECRETS['JIRA_API_TOKEN']}")
        assert jira.mean("csat") == round(1 / 3, 6)
        assert jira.mean("response_rate") == 0.75
        values, _ = jira.counted("first_reply")
        assert [v for v, _ in values.values()][:3] == [10, 20, 30]
        assert np.isnan(list(values.values())[3][0]), "no reply yet: open, not missing"
        assert (jira.mean("first_reply_sla"), jira.mean("resolution_sla")) == (round(2 / 3, 6), 0.75)
        assert "Refund" in next(iter(values.values()))[1]
        assert "Ann" not in str(jira.batches)
        jira.pull("csat", jira.cursor)
        assert iso(6 - 2 - 48, "%Y-%m-%d") in vendor.seen[-2][3]["jql"]


def test_hubspot_past_ten_thousand_results(tmp_path):
    groups = ["PROMOTER", "PASSIVE", "DETRACTOR", "PROMOTER"]
    rows = {
        str(i): {
            "id": str(i), "createdAt": iso(i / 60), "updatedAt": iso(i / 60, "%Y-%m-%dT%H:%M:%S.123Z"),
            "archived": False,
            "properties": {
                "hs_survey_type": ("CSAT", "NPS", "CES")[i % 3], "hs_survey_channel": "EMAIL",
                "hs_value": str(i % 7 + 1),
                "hs_survey_name": "After a ticket", "hs_response_group": groups[i % 4],
                "hs_submission_timestamp": iso(i / 60), "hs_content": "Private words",
            },
        }
        for i in range(250)
    }  # fmt: skip
    most = 150

    def search(_, body):
        assert body.keys() <= {"after", "filterGroups", "limit", "properties", "sorts", "query"}
        (only,) = body["filterGroups"][0]["filters"]
        assert isinstance(only["value"], str)
        assert (only["propertyName"], only["operator"]) == ("hs_lastmodifieddate", "GTE")
        assert body["limit"] <= 200
        at, size = int(body["after"]), body["limit"]
        if at + size > most:
            return Reply({"status": "error", "message": "The maximum number of results is 10000"}, 400)
        since = datetime.fromtimestamp(int(only["value"]) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        found = sorted((r for r in rows.values() if r["updatedAt"] >= since), key=lambda r: r["updatedAt"])
        more = {"paging": {"next": {"after": str(at + size)}}} if at + size < len(found) else {}
        return {"total": len(found), "results": found[at : at + size]} | more

    with Vendor(crm__v3__objects__feedback_submissions__search=search) as vendor:
        hubspot = Recipe("hubspot", vendor, tmp_path)
        assert set(hubspot.pull("csat")) == set(rows)
        assert {s[4]["Authorization"] for s in vendor.seen} == {f"Bearer {SECRETS['HUBSPOT_TOKEN']}"}
        of = {kind: [i for i in range(250) if i % 3 == k] for k, kind in enumerate(("csat", "nps", "ces"))}
        assert hubspot.mean("csat") == round(float(np.mean([i % 4 in {0, 3} for i in of["csat"]])), 6)
        assert hubspot.mean("nps") == round(float(np.mean([(100, 0, -100, 100)[i % 4] for i in of["nps"]])), 6)
        assert hubspot.mean("ces") == round(float(np.mean([i % 7 + 1 for i in of["ces"]])), 6)
        assert "words" not in str(hubspot.batches)


def test_gorgias_reads_back_until_what_it_knows(tmp_path):
    rows = [
        {"id": i, "ticket_id": 50 + i, "customer_id": 7, "body_text": "Private words", "meta": None,
         "score": (None, 5, 3, 4)[i % 4], "created_datetime": iso(-24 * i, "%Y-%m-%dT%H:%M:%S.966927"),
         "should_send_datetime": None, "sent_datetime": iso(-24 * i + 1, "%Y-%m-%dT%H:%M:%S.966927"), "uri": "/api/x",
         "scored_datetime": iso(-24 * i + 9, "%Y-%m-%dT%H:%M:%S.966927") if i % 4 else None}
        for i in range(400)
    ]  # fmt: skip

    def surveys(params, _):
        assert params.keys() <= {"cursor", "limit", "order_by", "ticket_id"}
        assert (params["limit"], params["order_by"]) == ("100", "created_datetime:desc")
        at = int(params.get("cursor", 0))
        meta = {"prev_cursor": None, "next_cursor": str(at + 100) if at + 100 < len(rows) else None}
        return {"object": "list", "uri": "/api/satisfaction-surveys", "data": rows[at : at + 100], "meta": meta}

    with Vendor(**{"api__satisfaction-surveys": surveys}) as vendor:
        gorgias = Recipe("gorgias", vendor, tmp_path, "/api")
        assert len(gorgias.pull("csat", days=150)) == 200
        assert gorgias.mean("csat") == round(2 / 3, 6)
        assert gorgias.mean("response_rate") == 0.75
        gorgias.pull("csat", gorgias.cursor, days=400)
        assert len(vendor.seen) == 3, "thirty days back are on the first page"
        assert "words" not in str(gorgias.batches)


class HelpScout:
    """Tokens that run out after `uses` requests; refuses a token of another hand."""

    def __init__(self, rows, uses=99):
        self.rows, self.uses, self.tokens, self.left = rows, uses, 0, 0

    def token(self, params, document):
        assert params == {}
        secret, name = SECRETS["HELPSCOUT_APP_SECRET"], SECRETS["HELPSCOUT_APP_ID"]
        if document != {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}:
            return Reply({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        self.tokens, self.left = self.tokens + 1, self.uses
        return {"token_type": "bearer", "access_token": f"token{self.tokens}", "expires_in": 172_800}

    def ratings(self, params, _):
        if self.vendor.seen[-1][4].get("Authorization") != f"Bearer token{self.tokens}" or not self.left:
            return Reply({"error": "invalid_token", "error_description": "The access token expired"}, 401)
        self.left -= 1
        assert params.keys() <= {"start", "end", "page", "rating", "sortField", "sortOrder", "mailboxes", "types"}
        assert (params["rating"], params["sortField"], params["sortOrder"]) == ("all", "number", "ASC")
        page = int(params["page"])
        found = [r for r in self.rows if params["start"] <= r["ratingCreatedAt"] <= params["end"]]
        shown = found[(page - 1) * 2 : page * 2]
        return {"facets": {}, "results": shown, "page": page, "count": len(found), "pages": -(-len(found) // 2)}

    def serve(self):
        self.vendor = Vendor(v2__oauth2__token=self.token, v2__reports__happiness__ratings=self.ratings)
        return self.vendor


def happy(i):
    return {
        "number": 200 + i, "threadid": 11_000 + i, "threadCreatedAt": iso(i), "id": 400 + i, "type": "email",
        "ratingId": (1, 1, 2, 3, 1)[i % 5], "ratingCustomerId": 12 + i, "ratingComments": "Thanks, Amanda!",
        "ratingCreatedAt": iso(i + 1), "ratingCustomerName": "Alexander", "ratingUserId": 69,
        "ratingUserName": "Amanda",
    }  # fmt: skip


@pytest.mark.parametrize("uses", [99, 2])
def test_help_scout_with_a_token_that_runs_out(tmp_path, uses):
    account = HelpScout([happy(i) for i in range(5)], uses)
    with account.serve() as vendor:
        helpscout = Recipe("help-scout", vendor, tmp_path, "/v2")
        assert helpscout.pull("happiness_score") == [str(11_000 + i) for i in range(5)]
        assert (helpscout.mean("happiness_score"), helpscout.mean("great")) == (40, 0.6)
        assert account.tokens == (1 if uses == 99 else 2)
        assert helpscout.plan.metrics["happiness_score"].label == "Happiness (net score)"
        assert "Amanda" not in str(helpscout.batches)
        assert "Alexander" not in str(helpscout.batches)


def test_a_client_that_is_not_known_is_said_so_without_its_secret(tmp_path):
    with HelpScout([]).serve() as vendor:
        helpscout = Recipe("help-scout", vendor, tmp_path, "/v2")
        vendor.routes["/v2/oauth2/token"] = lambda *_: Reply({"error": "invalid_client"}, 401)
        said = (
            r"helpscout: the request for a token was answered 401 \(invalid_client\): the credentials were not accepted"
        )
        with pytest.raises(AccessError, match=said):
            helpscout.pull("great")
        vendor.routes["/v2/oauth2/token"] = lambda *_: {"token_type": "bearer"}
        with pytest.raises(AccessError, match="answered 200: no access_token was in it"):
            helpscout.pull("great")
        account = HelpScout([happy(0)])
        account.vendor = vendor
        vendor.routes["/v2/oauth2/token"] = account.token
        vendor.routes["/v2/reports/happiness/ratings"] = lambda *_: Reply({"error": "invalid_token"}, 401)
        with pytest.raises(AccessError, match=r"answered 401 \(invalid_token\): the credentials were not accepted"):
            helpscout.pull("great")
        assert account.tokens == 1
        vendor.routes["/v2/reports/happiness/ratings"] = account.ratings
        vendor.faults = [Reply("", 503, Retry_After="0"), Reply("", 429, X_RateLimit_Retry_After="0")]
        assert len(helpscout.pull("great")) == 1


def test_secrets_go_to_no_address_that_anybody_can_read():
    given = {"client_id": Token("id"), "client_secret": Token("secret")}
    for place in ("http://login.example.com/token", "ftp://login.example.com", ""):
        with pytest.raises(
            ValueError, match="token_url: found something else, expected a path below base_url or an https"
        ):
            ClientCredentials(token_url=place, **given)
    with pytest.raises(ValueError, match="client_secret: found nothing"):
        ClientCredentials(token_url="oauth2/token", **(given | {"client_secret": Token("")}))


def test_delighted(tmp_path):
    rows = [
        {"id": str(i), "person": str(10 + i), "survey_type": ("nps", "csat")[i % 2],
         "score": i % 11 if i % 2 == 0 else i % 5 + 1, "comment": "Private words", "permalink": "https://x",
         "created_at": int(T0.timestamp()) + 60 * i,
         "updated_at": int(T0.timestamp()) + 60 * i, "person_properties": None, "notes": [], "tags": []}
        for i in range(230)
    ]  # fmt: skip
    moved = iter([3, 5, 7])

    def responses(params, _):
        assert params.keys() <= {
            "per_page", "page", "since", "until", "updated_since", "updated_until", "trend", "order",
        }  # fmt: skip
        assert params["order"] == "asc:updated_at"
        number = next(moved, None)
        if number is not None and len(vendor.seen) > 1:
            rows[number]["updated_at"] += 400_000
        found = sorted(
            (r for r in rows if r["updated_at"] >= int(params["updated_since"])), key=lambda r: r["updated_at"]
        )
        page, size = int(params["page"]), int(params["per_page"])
        return found[(page - 1) * size : page * size]

    with Vendor(**{"survey_responses.json": responses}) as vendor:
        delighted = Recipe("delighted", vendor, tmp_path)
        assert set(delighted.pull("nps")) == {str(i) for i in range(230)}
        assert basic(vendor, f"{SECRETS['DELIGHTED_API_KEY']}:")
        scores = [i % 11 for i in range(0, 230, 2)]
        expected = np.mean([100 if s >= 9 else 0 if s >= 7 else -100 for s in scores])
        assert delighted.mean("nps") == round(float(expected), 6)
        assert delighted.mean("csat") == round(float(np.mean([i % 5 + 1 >= 4 for i in range(1, 230, 2)])), 6)
        # What is off the scale of a survey is no unhappy customer.
        rows[1]["score"], rows[2]["score"] = 9, 11
        delighted.pull("nps")
        assert [delighted.counted(name)[1] for name in ("csat", "nps")] == [
            ["satisfied: a value that `values` does not name"], ["nps: a value that `values` does not name"],
        ]  # fmt: skip
        assert "words" not in str(delighted.batches)


def test_chartmogul(tmp_path):
    entries = [
        {"date": iso(24 * i, "%Y-%m-%d"), "mrr": 500_000, "mrr-new-business": 9_000, "mrr-expansion": 0,
         "mrr-contraction": -500, "mrr-churn": -1_000 * i, "mrr-reactivation": 0, "percentage-change": 1.0}
        for i in range(5)
    ]  # fmt: skip
    left = [
        {"description": "cancelled", "activity-mrr-movement": -6_000, "activity-mrr": 0, "activity-arr": 0,
         "type": "churn", "date": iso(i, "%Y-%m-%dT%H:%M:%S+00:00"), "currency": "USD",
         "subscription-external-id": "s1",
         "plan-external-id": "silver", "customer-name": "Myriapod Labs", "customer-uuid": f"cus_{i}",
         "uuid": f"f1a-{i}", "customer-external-id": "c1", "billing-connector-uuid": "ds"}
        for i in range(3)
    ]  # fmt: skip

    def mrr(params, _):
        assert params.keys() == {"start-date", "end-date", "interval"}
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", params[k]) for k in ("start-date", "end-date"))
        return {"entries": entries, "summary": {"current": 500_000, "previous": 400_000, "percentage-change": 25.0}}

    def activities(params, _):
        assert params.keys() <= {"start-date", "end-date", "type", "order", "per_page", "cursor"}
        assert params["type"] == "churn"
        second = "cursor" in params
        return {"entries": left[2:] if second else left[:2], "has_more": not second, "cursor": "c2" if second else "c1"}

    with Vendor(metrics__mrr=mrr, activities=activities) as vendor:
        chartmogul = Recipe("chartmogul", vendor, tmp_path)
        assert chartmogul.pull("revenue_churn") == [iso(24 * i, "%Y-%m-%d") for i in range(5)]
        assert chartmogul.mean("revenue_churn") == 20
        assert chartmogul.pull("customers_lost") == ["f1a-0", "f1a-1", "f1a-2"]
        assert chartmogul.mean("customers_lost") == 1
        assert basic(vendor, f"{SECRETS['CHARTMOGUL_API_KEY']}:")
        assert "Myriapod" not in str(chartmogul.batches)


def test_each_recipe_has_its_test_and_its_line_in_the_documentation():
    names = {path.name.removesuffix(".yaml") for path in files("cxmon.config").joinpath("recipes").iterdir()}
    assert names == {"jira-service-management", "hubspot", "gorgias", "help-scout", "delighted", "chartmogul"}
    told = (Path(__file__).parents[2] / "docs/sources/recipes.md").read_text(encoding="utf-8")
    assert [n for n in names if f"`{n}`" not in told] == []
