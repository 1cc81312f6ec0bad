"""alerts route: who would hear of something, and why."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, say, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from cxmon.config.plan import Plan
    from cxmon.model import News
    from cxmon.store import Store


def register(group: typer.Typer) -> None:
    group.command(
        "route", epilog="Example: cxmon alerts route --metric csat --segment channel=phone, or cxmon alerts route --all"
    )(route)


def route(
    config: Config = DEFAULT_CONFIG,
    metric: Annotated[str | None, typer.Option(help="Of which metric.")] = None,
    segment: Annotated[list[str] | None, typer.Option(help="In which segment, e.g. channel=phone.")] = None,
    severity: Annotated[
        str | None, typer.Option(help="How grave: over_limit, worse, small, source, open, held or better.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Of a change of this owner: a verdict.")] = None,
    check: Annotated[str | None, typer.Option(help="Found by which check; default the first on the metric.")] = None,
    at: Annotated[str | None, typer.Option(help="At which moment, e.g. 2026-12-24T22:00; default now.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that can be told, and who hears it.")] = False,
    as_json: Json = False,
) -> None:
    """Say where news would go and why. Nothing is sent and nothing is written."""
    from cxmon.config import parse_instant
    from cxmon.service import clock

    if everything == (metric is not None):
        raise typer.BadParameter("expected either a metric or --all", param_hint="--metric")
    with _asked(config) as (plan, store):
        now = parse_instant(at, plan.zone) if at else clock(plan)
        if everything:
            _everything(plan, store, now, as_json=as_json)
            return
        news = _news(plan, metric or "", segment, severity, owner, check)
        _one(plan, store, news, now, as_json=as_json)


@contextmanager
def _asked(config: "Path") -> "Iterator[tuple[Plan, Store]]":
    """The plan and its store; before the first collection one in memory that knows what the configuration says."""
    from cxmon.cli.common import load_plan
    from cxmon.errors import StoreError
    from cxmon.pipeline.register import register
    from cxmon.service import wall
    from cxmon.store import Store

    plan = load_plan(config)
    try:
        store = Store.open(plan.store_url, read_only=True)
    except StoreError:
        store = Store.open("sqlite:///:memory:")
        register(plan, store, now=wall())
    with store:
        yield plan, store


def _news(
    plan: "Plan", metric: str, segment: list[str] | None, severity: str | None, owner: str | None, check: str | None
) -> "News":
    from dataclasses import replace

    from cxmon.cli.responding import parse_segment
    from cxmon.model import EVERYONE, Severity
    from cxmon.pipeline.route import types_of
    from cxmon.pipeline.route_all import news_of

    _known(metric, list(plan.metrics), "--metric")
    where = parse_segment(segment) or EVERYONE
    for name in where.dimensions:
        _known(name, list(plan.metrics[metric].dimensions), "--segment")
    if check is not None:
        _known(check, list(types_of(plan)), "--check")
    news = news_of(plan, metric, where, check or ("verdict" if owner else ""))
    if severity is not None:
        _known(severity, [s.value for s in Severity], "--severity")
        news = replace(news, severity=Severity(severity))
    return replace(news, owner=owner or "", incident="" if news.check == "verdict" else "asked")


def _known(given: str, names: list[str], option: str) -> None:
    if given not in names:
        raise typer.BadParameter(f"found {given!r}, expected one of: {', '.join(names)}", param_hint=option)


def _one(plan: "Plan", store: "Store", news: "News", now: "datetime", *, as_json: bool) -> None:
    from cxmon import wording
    from cxmon.pipeline.route import Router
    from cxmon.wording.routing import routed_lines

    found = Router(plan, store, now=now).decide(news)
    if as_json:
        emit({"news": news, "at": now, "routed": found})
        return
    label = plan.metrics[news.metrics[0]].label
    for line in routed_lines(found, news, label, wording.stamp(now, plan.zone)):
        say(line)


def _everything(plan: "Plan", store: "Store", now: "datetime", *, as_json: bool) -> None:
    from cxmon.decisions.routing import Why
    from cxmon.pipeline.route_all import everything
    from cxmon.wording.routing import segments, severity, where_to

    heard = everything(plan, store, now=now)
    if as_json:
        emit(heard)
        return
    rows = [
        [h.about, h.check, segments(h.segments), severity(h.severity), where_to(h.routed), h.routed.reason]
        for h in heard
    ]
    table(["about", "found by", "where", "how grave", "goes to", "why"], rows)
    left = [h for h in heard if h.routed.why is Why.DEFAULT]
    if left:
        say(f"No route fits {len(left)} of {len(heard)}; the first channel hears them: add a route or a view.")
    else:
        say("A route or a view fits everything.")
