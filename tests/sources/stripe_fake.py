"""A Stripe that lives: a clock that is moved on, and subscriptions that are paid, tried again, given up, changed and
cancelled as its documentation says. `truth` is what each one is worth, written down when it happens.
"""

import heapq
import itertools
from copy import deepcopy

from stripe_spec import problems
from stripe_stub import page, price
from vendor_stub import Reply, Vendor

DAY, HOUR = 86_400, 3_600
# Payments are tried again so long after they failed, then the subscription is given up.
RETRIES = (3 * DAY, 8 * DAY, 14 * DAY)
LENGTH = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "year": 365 * DAY}
RATES = {"usd": 1.0, "eur": 2.0}
MONTHS = {"day": 12 / 365, "week": 84 / 365, "month": 1, "year": 12}


class Fake:
    """`gives_up` is what becomes of a subscription that nobody paid: canceled, unpaid or past_due. Months have 30 days
    here, as bills may come when they like."""

    def __init__(self, now, gives_up="canceled"):
        self.now, self.gives_up = now, gives_up
        self.prices, self.coupons, self.subs, self.events, self.discounts = {}, {}, {}, [], {}
        self.broke, self.truth, self.told = set(), {}, []
        self._due, self._numbers = [], itertools.count(1)

    def price(self, amount, *more, tiers=None, options=None, **rest):
        """A price; its tiers and its amounts in other currencies are shown only where they are asked for."""
        one = price(amount, *more, **rest) | {"id": f"price_{next(self._numbers)}", "tiers_mode": None}
        hidden = {"tiers": tiers, "currency_options": options}
        if tiers:
            one |= {"billing_scheme": "tiered", "tiers_mode": rest.get("tiers_mode", "graduated"),
                    "unit_amount": None, "unit_amount_decimal": None}  # fmt: skip
        self.prices[one["id"]] = one | {name: value for name, value in hidden.items() if value}
        return one["id"]

    def coupon(self, duration="forever", **off):
        name = f"coupon_{next(self._numbers)}"
        months = 3 if duration == "repeating" else None
        self.coupons[name] = {
            "id": name, "object": "coupon", "duration": duration, "duration_in_months": months, "percent_off": None,
            "amount_off": None, "currency": None,
        } | off  # fmt: skip
        return name

    def subscribe(self, customer, items, trial=0, coupon=None, currency="usd"):
        """Items are (price, quantity[, coupon]). With a card that fails it is incomplete, and expires in 23 hours."""
        name = f"sub_{next(self._numbers):05}"
        trial_end = self.now + trial if trial else None
        rows = [self._item(name, *item) for item in items]
        self.subs[name] = {
            "id": name, "object": "subscription", "customer": customer, "customer_account": None, "currency": currency,
            "status": "trialing" if trial else "incomplete", "created": self.now, "start_date": self.now,
            "trial_start": self.now if trial else None, "trial_end": trial_end, "cancel_at_period_end": False,
            "cancel_at": None, "canceled_at": None, "ended_at": None, "pause_collection": None, "schedule": None,
            "cancellation_details": {"comment": None, "feedback": None, "reason": None}, "livemode": False,
            "discounts": [self._discount(name, coupon)] if coupon else [], "metadata": {}, "test_clock": None,
            "items": {"object": "list", "data": rows, "has_more": False, "url": "/v1/subscription_items"},
            "collection_method": "charge_automatically", "billing_mode": {"type": "flexible"},
        }  # fmt: skip
        self._tell(name, "created", None)
        if trial:
            self._later(trial_end, self._bill, name)
        elif customer in self.broke:
            self._later(self.now + 23 * HOUR, self._expire, name)
        else:
            self._become(name, status="active")
            self._later(self._period_end(name), self._bill, name)
        return name

    def change(self, name, items=None, **more):
        if items is not None:
            rows = [self._item(name, *item) for item in items]
            more["items"] = self.subs[name]["items"] | {"data": rows}
        self._become(name, **more)

    def cancel(self, name, *, at_period_end=False):
        sub = self.subs[name]
        if sub["status"] in {"canceled", "incomplete_expired"}:
            return
        if at_period_end and sub["status"] in {"active", "trialing", "past_due"}:
            self._become(name, cancel_at_period_end=True, canceled_at=self.now)
        elif not at_period_end:
            self._end(name, "cancellation_requested")

    def delete(self, customer):
        """A customer: active subscriptions end at once, and the object in the event is what is left of it."""
        for name, sub in self.subs.items():
            if sub["customer"] == customer:
                self.cancel(name)
        self._event("customer.deleted", {"object": {"id": customer, "object": "customer", "email": "p@example.com"}})

    def advance(self, until):
        """Moves the clock on, and everything that is due by then happens when it is."""
        while self._due and self._due[0][0] <= until:
            self.now, _, act, name, *more = heapq.heappop(self._due)
            if self.subs[name]["status"] not in {"canceled", "incomplete_expired"}:
                act(name, *more)
        self.now = until

    def _later(self, when, act, name, *more):
        heapq.heappush(self._due, (when, next(self._numbers), act, name, *more))

    def _bill(self, name):
        """A trial or a period has ended: it is paid, or tried again and again, or this was its end."""
        sub = self.subs[name]
        if sub["cancel_at_period_end"]:
            self._end(name, "cancellation_requested")
            return
        rows = [self._period(row, self.now) for row in sub["items"]["data"]]
        failed = sub["customer"] in self.broke
        # What is unpaid stays so until its bills are; meanwhile they are made and closed.
        status = sub["status"] if sub["status"] in {"unpaid", "past_due"} else "past_due" if failed else "active"
        # After a trial it is active for an instant, and then the payment fails.
        if sub["status"] == "trialing" and failed:
            self._become(name, status="active", items=sub["items"] | {"data": rows})
        self._become(name, status=status, items=sub["items"] | {"data": rows})
        if status == "past_due" and failed:
            self._later(self.now + RETRIES[0], self._retry, name, 0)
        self._later(self._period_end(name), self._bill, name)

    def _retry(self, name, count):
        if self.subs[name]["status"] != "past_due":
            return
        if self.subs[name]["customer"] not in self.broke:
            self._become(name, status="active")
        elif count + 1 < len(RETRIES):
            self._later(self.now + RETRIES[count + 1] - RETRIES[count], self._retry, name, count + 1)
        elif self.gives_up == "canceled":
            self._end(name, "payment_failed")
        else:
            self._become(name, status=self.gives_up)

    def _expire(self, name):
        if self.subs[name]["status"] == "incomplete":
            self._become(name, status="incomplete_expired", ended_at=self.now)

    def _end(self, name, reason):
        details = self.subs[name]["cancellation_details"] | {"reason": reason}
        canceled = self.subs[name]["canceled_at"] or self.now
        self.subs[name] |= {
            "status": "canceled", "ended_at": self.now, "canceled_at": canceled, "cancellation_details": details,
        }  # fmt: skip
        self._tell(name, "deleted", None)

    def _become(self, name, **more):
        before = {key: deepcopy(self.subs[name][key]) for key, value in more.items() if self.subs[name][key] != value}
        held = self._held(name)
        self.subs[name] |= more
        for one in held - self._held(name):
            self._event("customer.discount.deleted", {"object": deepcopy(self.discounts[one])})
        if before:
            if "items" in before:
                before["items"] = {"data": before["items"]["data"]}
            self._tell(name, "updated", before)

    def _held(self, name):
        sub = self.subs[name]
        return {one for holder in (sub, *sub["items"]["data"]) for one in holder["discounts"]}

    def _tell(self, name, what, before):
        data = {"object": deepcopy(self.subs[name])} | ({} if before is None else {"previous_attributes": before})
        self._event(f"customer.subscription.{what}", data)
        self.truth.setdefault(name, []).append((self.now, *self._worth(name)))

    def _event(self, kind, data):
        self.events.append({
            "id": f"evt_{next(self._numbers):06}", "object": "event", "type": kind, "created": self.now, "data": data,
            "api_version": "2025-09-30.clover", "livemode": False, "pending_webhooks": 0, "request": None,
        })  # fmt: skip

    def _item(self, name, one, quantity, coupon=None):
        given = [self._discount(name, coupon)] if coupon else []
        shown = {k: v for k, v in self.prices[one].items() if k not in {"tiers", "currency_options"}}
        row = {"id": f"si_{next(self._numbers):05}", "object": "subscription_item", "created": self.now, "price": shown,
               "discounts": given, "metadata": {}, "subscription": name}  # fmt: skip
        return self._period(row | ({} if quantity is None else {"quantity": quantity}), self.now)

    def _period(self, row, start):
        every = row["price"]["recurring"]
        end = start + LENGTH[every["interval"]] * every["interval_count"]
        return row | {"current_period_start": start, "current_period_end": end}

    def _period_end(self, name):
        return min(row["current_period_end"] for row in self.subs[name]["items"]["data"])

    def _discount(self, name, coupon):
        one = f"di_{next(self._numbers)}"
        repeats = self.coupons[coupon]["duration"] == "repeating"
        self.discounts[one] = {
            "id": one, "object": "discount", "source": {"type": "coupon", "coupon": coupon}, "start": self.now,
            "end": self.now + 90 * DAY if repeats else None, "subscription": name,
        }  # fmt: skip
        self._event("customer.discount.created", {"object": deepcopy(self.discounts[one])})
        return one

    def _worth(self, name):
        """(a month's list price in dollars less the discounts that last for ever, product of the largest item)."""
        sub = self.subs[name]
        lines = []
        for row in sub["items"]["data"]:
            worth = self._less(self._monthly(row, sub["currency"]), row["discounts"], sub)
            lines.append((worth, row["price"]["product"]))
        worth = self._less(sum(amount for amount, _ in lines), sub["discounts"], sub) * RATES[sub["currency"]]
        paying = sub["status"] in {"active", "past_due"}
        return (worth if paying else 0.0), max(lines, key=lambda line: line[0])[1]

    def _less(self, worth, discounts, sub):
        """Amounts in another currency are ignored."""
        for one in discounts:
            coupon = self.coupons[self.discounts[one]["source"]["coupon"]]
            if coupon["duration"] == "forever":
                off = coupon["amount_off"] if coupon["currency"] == sub["currency"] else None
                worth = max(0.0, worth * (1 - (coupon["percent_off"] or 0) / 100) - (off or 0) / 100)
        return worth

    def _monthly(self, row, currency):
        one, count = self.prices[row["price"]["id"]], row.get("quantity")
        every = one["recurring"]
        if every["usage_type"] == "metered":
            return 0.0
        here = one["currency_options"][currency] if currency != one["currency"] else one
        tiers, cents, below = here.get("tiers"), 0, 0
        if not tiers:
            cents = here["unit_amount"] * count
        for tier in tiers or ():
            upper = tier["up_to"] or 10**9
            if one["tiers_mode"] == "graduated" and count > below:
                cents += (min(count, upper) - below) * (tier["unit_amount"] or 0) + (tier["flat_amount"] or 0)
            if one["tiers_mode"] == "volume" and below < count <= upper:
                cents = count * (tier["unit_amount"] or 0) + (tier["flat_amount"] or 0)
            below = upper
        return cents / 100 / MONTHS[every["interval"]] / every["interval_count"]

    def serve(self):
        vendor = Vendor()
        vendor.routes = Routes(self, vendor)
        return vendor


class Routes:
    """What is there, by its path; what the schema does not allow is refused, and kept in `told`."""

    def __init__(self, fake, vendor):
        self.fake, self.vendor = fake, vendor

    def get(self, path):
        return lambda params, _: self.answer(path, params)

    def answer(self, path, params):
        method, _, _, _, headers = self.vendor.seen[-1]
        wrong = problems(method, path, params, headers)
        self.fake.told += wrong
        if wrong:
            return Reply({"error": {"type": "invalid_request_error", "message": wrong[0]}}, 400)
        fake, expand = self.fake, params.get("expand[]", [])
        _, _, kind, *one = path.split("/")
        if one:
            known = {"prices": fake.prices, "coupons": fake.coupons, "subscriptions": fake.subs}[kind]
            if one[0] not in known:
                words = f"No such {kind[:-1]}: '{one[0]}'"
                error = {"type": "invalid_request_error", "code": "resource_missing", "message": words}
                return Reply({"error": error}, 404)
            return self.shown(known[one[0]], expand)
        inside = [place.removeprefix("data.") for place in expand]
        found = page(self.rows(kind, params), params, f"/v1/{kind}", kind[:-1])
        if isinstance(found, dict):
            found["data"] = [self.shown(row, inside) for row in found["data"]]
        return found

    def rows(self, kind, params):
        fake = self.fake
        if kind == "subscription_items":
            return fake.subs[params["subscription"]]["items"]["data"]
        if kind == "subscriptions":
            return sorted(fake.subs.values(), key=lambda s: (s["created"], s["id"]), reverse=True)
        since = max(int(params.get("created[gte]", 0)), fake.now - 30 * DAY)
        wanted = params.get("types[]") or {e["type"] for e in fake.events}
        return [e for e in reversed(fake.events) if e["created"] >= since and e["type"] in wanted]

    def shown(self, row, expand):
        """An object without what has to be asked for, and with what was."""
        row = deepcopy(row)
        if row["object"] == "price":
            hidden = {"tiers", "currency_options"} - {place.partition(".")[0] for place in expand}
            row = {k: v for k, v in row.items() if k not in hidden}
            for option in row.get("currency_options", {}).values():
                if not any(place.endswith(".tiers") for place in expand):
                    option.pop("tiers", None)
        if row["object"] == "coupon" and "applies_to" not in expand:
            row.pop("applies_to", None)
        told = row["data"]["object"] if row["object"] == "event" else row
        if "items" in told:
            items = told["items"]
            items["has_more"] = len(items["data"]) > 10
            items["data"] = items["data"][:10]
            if "items.data.discounts" in expand:
                for item in items["data"]:
                    item["discounts"] = [self.discount(one, expand) for one in item["discounts"]]
        if "discounts" in expand:
            row["discounts"] = [self.discount(one, expand) for one in row["discounts"]]
        return row

    def discount(self, one, expand):
        found = deepcopy(self.fake.discounts[one])
        if "discounts.source.coupon" in expand:
            found["source"]["coupon"] = self.shown(self.fake.coupons[found["source"]["coupon"]], [])
        return found
