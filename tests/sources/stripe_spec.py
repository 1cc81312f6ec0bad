"""What may be asked of Stripe, by its published OpenAPI (2026-09-30.endive) and its page on expanding."""

import re

# Parameters of each path, as the schema names them; `!` marks those without which it refuses.
_PAGES = ("ending_before", "expand", "limit", "starting_after")
PARAMETERS = {
    "/v1/subscriptions": (
        *_PAGES, "automatic_tax", "collection_method", "created", "current_period_end", "current_period_start",
        "customer", "customer_account", "price", "status", "test_clock",
    ),
    "/v1/subscriptions/{id}": ("expand",),
    "/v1/subscription_items": (*_PAGES, "subscription!"),
    "/v1/events": (*_PAGES, "created", "delivery_success", "type", "types"),
    "/v1/prices/{id}": ("expand",),
    "/v1/coupons/{id}": ("expand",),
}  # fmt: skip
STATUSES = {
    "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing",
    "unpaid",
}  # fmt: skip
# What can be expanded in an object, and what is then found there.
EXPANDABLE = {
    "subscription": {"customer": "customer", "discounts": "discount", "items": "items", "latest_invoice": "invoice"},
    "items": {"data": "subscription_item"},
    "subscription_item": {"discounts": "discount", "price": "price"},
    "discount": {"customer": "customer", "source": "source"},
    "source": {"coupon": "coupon"},
    "coupon": {"applies_to": "", "currency_options": ""},
    "price": {"currency_options": "options", "product": "product", "tiers": ""},
    "options": {"*": "option"},
    "option": {"tiers": ""},
    "event": {},
}
OBJECTS = {"subscriptions": "subscription", "subscription_items": "subscription_item", "events": "event",
           "prices": "price", "coupons": "coupon"}  # fmt: skip
DEEPEST = 4


def shape_of(path):
    """The schema's name of a path."""
    return re.sub(r"^(/v1/\w+)/.+$", r"\1/{id}", path)


def problems(method, path, params, headers):
    """Everything that Stripe would refuse, or that a reader of its schema would call wrong; {param: values}."""
    shape, found = shape_of(path), []
    if method != "GET" or shape not in PARAMETERS:
        return [f"{method} {path}"]
    allowed = {name.strip("!"): name.endswith("!") for name in PARAMETERS[shape]}
    names = {re.split(r"\[", name)[0] for name in params}
    found += [f"unknown parameter {name}" for name in names - allowed.keys()]
    found += [f"missing parameter {name}" for name, needed in allowed.items() if needed and name not in names]
    for name in params:
        if re.sub(r"\[(gt|gte|lt|lte|\d*)\]", "", name) not in allowed:
            found.append(f"badly written parameter {name}")
    found += _values(params)
    of = OBJECTS[path.split("/")[2]]
    for place in params.get("expand[]", []):
        steps = place.split(".")
        if len(steps) > DEEPEST:
            found.append(f"You cannot expand more than 4 levels of a property. Property: {place}")
        if not shape.endswith("{id}"):
            found += [] if steps.pop(0) == "data" else [f"{place} is not in the list's data"]
        at = of
        for step in steps:
            inside = EXPANDABLE.get(at, {})
            at = inside.get(step, inside.get("*"))
            if at is None:
                found.append(f"This property cannot be expanded ({place}).")
                break
    given = {name.lower(): value for name, value in headers.items()}
    if not re.fullmatch(r"(Bearer|Basic) \S+", given.get("authorization", "")):
        found.append("no authorization")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(\.\w+)?", given.get("stripe-version", "")):
        found.append("no version")
    if not re.fullmatch(r"acct_\w+", given.get("stripe-account", "acct_1")):
        found.append("no account")
    if "content-type" in given or "idempotency-key" in given or int(given.get("content-length", 0)):
        found.append("a body, or what belongs to one")
    return found


def _values(params):
    found = []
    limit = params.get("limit", "10")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        found.append(f"limit {limit}")
    if params.get("status", "all") not in STATUSES:
        found.append(f"status {params['status']}")
    types = params.get("types[]", [])
    if len(types) > 20 or ("type" in params and types):
        found.append(f"{len(types)} types")
    if {"starting_after", "ending_before"} <= params.keys():
        found.append("both ends of a page")
    for name, value in params.items():
        if name.startswith(("created", "current_period")) and not value.isdigit():
            found.append(f"{name}={value}")
    return found
