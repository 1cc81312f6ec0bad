"""A Stripe of our own over real HTTP: subscriptions with a life, their events of 30 days, lists in its shape."""

import itertools
from copy import deepcopy

from vendor_stub import Reply, Vendor

DAY = 86_400
TYPES = {f"customer.subscription.{what}" for what in ("created", "updated", "deleted", "paused", "resumed")}


def price(amount, interval="month", product="prod_basic", **more):
    """A recurring price, as it stands in an item; `amount` in the currency's smallest unit."""
    recurring = {"interval": interval, "interval_count": 1, "usage_type": "licensed"} | more.pop("recurring", {})
    return {
        "id": f"price_{product}_{amount}_{interval}", "object": "price", "active": True, "currency": "usd",
        "billing_scheme": "per_unit", "product": product, "recurring": recurring, "type": "recurring",
        "unit_amount": amount, "unit_amount_decimal": str(amount), "tax_behavior": "exclusive",
    } | more  # fmt: skip


class Account:
    """Refuses what the documentation does not name. `now` is its clock; what happens in it is done by `subscribe`,
    `change` and `end`, each at an instant; `truth` is what each subscription is worth a month from when on."""

    def __init__(self, now):
        self.now, self.subs, self.events = now, {}, []
        self.truth = {}
        self._numbers = itertools.count(1)

    def subscribe(self, at, customer, one, quantity=1, trial=0, status=None, **more):
        """A subscription to one price; `trial` seconds of it are free."""
        name = f"sub_{len(self.truth) + 1:04}"
        ends = at + trial if trial else None
        self.subs[name] = {
            "id": name, "object": "subscription", "customer": customer, "status": status or "active",
            "created": at, "start_date": at, "trial_start": at if trial else None, "trial_end": ends,
            "cancel_at_period_end": False, "canceled_at": None, "ended_at": None, "currency": one["currency"],
            "cancellation_details": {"comment": "Private words", "feedback": None, "reason": None},
            "items": {"object": "list", "has_more": False, "url": f"/v1/subscription_items?subscription={name}",
                      "data": [self._item(at, one, quantity)]},
            "metadata": {"country": "DE"}, "description": "Private words", "pause_collection": None,
        } | more  # fmt: skip
        if trial:
            self.subs[name]["status"] = "trialing"
        self._happened(at, name, "created")
        if trial and ends <= self.now:
            self.change(ends, name, status="active")
        return name

    def change(self, at, name, prices=None, **more):
        """Attributes of a subscription are others from `at` on; `prices` are (price, quantity) of its items."""
        sub = self.subs[name]
        if prices is not None:
            items = [self._item(at, one, quantity) for one, quantity in prices]
            more["items"] = sub["items"] | {"data": items}
        before = {key: deepcopy(sub.get(key)) for key in more}
        if "items" in before:
            before["items"] = {"data": before["items"]["data"]}
        sub |= more
        self._happened(at, name, "updated", before)

    def end(self, at, name, reason="cancellation_requested"):
        details = self.subs[name]["cancellation_details"] | {"reason": reason}
        self.subs[name] |= {"status": "canceled", "canceled_at": at, "ended_at": at, "cancellation_details": details}
        self._happened(at, name, "deleted")

    def renew(self, at, name):
        """Another billing period begins."""
        sub = self.subs[name]
        items = [
            item | {"current_period_start": at, "current_period_end": at + 30 * DAY} for item in sub["items"]["data"]
        ]
        self.change(at, name, items=sub["items"] | {"data": items})

    def _item(self, at, one, quantity):
        return {
            "id": f"si_{next(self._numbers):04}", "object": "subscription_item", "price": one, "quantity": quantity,
            "current_period_start": at, "current_period_end": at + 30 * DAY, "metadata": {},
        }  # fmt: skip

    def _happened(self, at, name, what, before=None):
        sub = deepcopy(self.subs[name])
        data = {"object": sub} | ({} if before is None else {"previous_attributes": before})
        self.events.append({
            "id": f"evt_{next(self._numbers):05}", "object": "event", "type": f"customer.subscription.{what}",
            "created": at, "api_version": "2025-09-30.clover", "data": data, "livemode": False, "request": None,
        })  # fmt: skip
        paying = sub["status"] in {"active", "past_due"}
        months = {"day": 12 / 365, "week": 84 / 365, "month": 1, "year": 12}
        worth = sum(
            (i["price"]["unit_amount"] or 0) / 100 * i["quantity"]
            / (months[i["price"]["recurring"]["interval"]] * i["price"]["recurring"]["interval_count"])
            for i in sub["items"]["data"]
            if i["price"]["recurring"]["usage_type"] == "licensed"
        )  # fmt: skip
        tier = sub["items"]["data"][0]["price"]["product"]
        self.truth.setdefault(name, []).append((at, worth if paying else 0.0, tier))

    def serve(self):
        return Vendor(v1__subscriptions=self._subscriptions, v1__events=self._listed_events)

    def _subscriptions(self, params, _):
        assert params.keys() <= {"status", "limit", "starting_after"}
        assert params["status"] == "all"
        found = sorted(self.subs.values(), key=lambda s: (s["created"], s["id"]), reverse=True)
        return page(found, params, "/v1/subscriptions", "subscription")

    def _listed_events(self, params, _):
        assert params.keys() <= {"types[]", "created[gte]", "limit", "starting_after"}
        assert set(params.get("types[]", TYPES)) <= TYPES
        since = max(int(params.get("created[gte]", 0)), self.now - 30 * DAY)
        found = [(e["created"], i, e) for i, e in enumerate(self.events) if since <= e["created"] <= self.now]
        return page([e for *_, e in sorted(found, reverse=True)], params, "/v1/events", "event")


def page(rows, params, url, kind):
    limit, at = int(params["limit"]), 0
    assert 1 <= limit <= 100
    if "starting_after" in params:
        names = [row["id"] for row in rows]
        if params["starting_after"] not in names:
            words = f"No such {kind}: '{params['starting_after']}'"
            return Reply(
                {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": words}}, 400
            )
        at = names.index(params["starting_after"]) + 1
    # What was served does not change when the account does.
    shown = deepcopy(rows[at : at + limit])
    return {"object": "list", "url": url, "has_more": at + limit < len(rows), "data": shown}
