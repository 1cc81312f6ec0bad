"""change show: the whole story of one change, in the terminal, as JSON, and as one page of HTML."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, Json, emit, opened, say, table, wrapped

if TYPE_CHECKING:
    from cxmon.charts import Drawing
    from cxmon.config.plan import Plan
    from cxmon.store import Store
    from cxmon.wording.whole import Section, Whole

# As many charts of each kind as leave the page at two sheets of A4.
MOST_CHARTS = 2


def show(
    change: Annotated[str, typer.Argument(help="Its id.")],
    page: Annotated[
        Path | None, typer.Option("--html", help="Write the story as one self-contained page to this file.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """One change: what was declared, what was said of it when and why that changed, and what was decided."""
    with opened(config, read_only=True) as (plan, store):
        known, beside = _whole(change, plan, store)
        if page is not None:
            if not page.resolve().parent.is_dir():
                raise typer.BadParameter(f"{page}: there is no such folder", param_hint="--html")
            _write(page, known, _drawings(known, store))
    if as_json:
        emit({
            "declared": known.declared, "verdicts": known.history, "versions": known.versions,
            "incident": known.steps, "responses": known.responses, "signed": known.signed, **beside,
        })  # fmt: skip
        return
    if page is not None:
        say(f"{page}: {known.declared.change.title}, one page")
        return
    _print(known)


def _whole(change: str, plan: "Plan", store: "Store") -> "tuple[Whole, dict[str, object]]":
    """(the story, what stands beside the verdict by its codes)."""
    from cxmon import wording
    from cxmon.decisions.following import fixes_of
    from cxmon.errors import ActionError
    from cxmon.service import clock
    from cxmon.store.story import whole
    from cxmon.wording.inside import inside
    from cxmon.wording.whole import Section

    all_changes, now = [d.change for d in store.changes.all()], clock(plan)
    if change not in {c.id for c in all_changes}:
        ids = ", ".join(c.id for c in all_changes) or "none yet"
        raise ActionError(f"change {change!r} is not in the registry; expected one of: {ids}")
    known = whole(store, change, plan.metrics, plan.zone)
    declared, latest = known.declared.change, store.verdicts.all_latest()
    uses = {m: use for m, use in store.allowances.latest().items() if m in plan.allowance.amounts}
    price = known.latest.price if known.latest is not None else None
    answers_to = wording.answers_to(declared, all_changes, latest, store.incidents.recent(1000))
    fixes = wording.fixes(change, all_changes, latest, now=now, zone=plan.zone)
    used = [wording.allowance_part(use, change, plan.metrics[m]) for m, use in uses.items()]
    responses = known.responses
    said = wording.answers(change, responses, all_changes, now=now, ended=declared.ends, zone=plan.zone)
    stands = tuple(
        wording.standing(r, responses, all_changes, now=now, ended=declared.ends, zone=plan.zone) for r in responses
    )
    more = (
        inside(known.latest.where if known.latest is not None else (), plan.metrics),
        Section(
            heading="What the price is made of",
            lines=wording.price_details(price, plan.metrics) if price else (),
            notes=wording.price_brief(price, plan.metrics) if price else (),
        ),
        Section(heading="The year's harm allowance", lines=tuple(filter(None, used))),
        # A page has no room for it, and the board says it on hover.
        Section(heading="What is measured", lines=_definitions(known)),
        # A page has the responses in a table of their own.
        Section(
            heading="What it answers, and what answers it",
            lines=tuple(filter(None, (answers_to, *said, *fixes))),
            notes=tuple(filter(None, (answers_to, *fixes))),
        ),
    )
    codes: dict[str, object] = {
        "allowances": uses, "answers_to": declared.responds_to,
        "answered_by": [c.id for c in fixes_of(change, all_changes)],
    }  # fmt: skip
    return replace(known, more=more, stands=stands), codes


def _definitions(known: "Whole") -> tuple[str, ...]:
    """What the figures say, of the metrics that were judged."""
    measured = [known.metrics[harm.metric] for harm in known.harms if harm.metric in known.metrics]
    return tuple(f"{metric.label}: {metric.definition}" for metric in measured if metric.definition)


def _print(known: "Whole") -> None:
    from cxmon.wording.whole import sections, stand

    declared = known.declared
    say(f"{declared.change.title} ({declared.change.id})")
    say(f"  {stand(known)}")
    for one in sections(known):
        say(f"\n  {one.heading}")
        _section(one)


def _section(one: "Section") -> None:
    for text in one.lines:
        if text:
            within = "    " + " " * (len(text) - len(text.lstrip()))
            wrapped(text.strip(), within)
    # A table beside lines holds the same figures again, for a page to be read across.
    if one.table is not None and not one.lines:
        table(list(one.table.headers), [list(row) for row in one.table.rows])


def _drawings(known: "Whole", store: "Store") -> "list[Drawing]":
    """The trends of the gravest metrics whose band is stored."""
    from cxmon import charts, wording

    declared, verdicts = store.changes.all(), store.verdicts.all_latest()
    latest = known.latest
    marked = {known.declared.change.id, *(latest.first.near if latest is not None and latest.first else ())}
    found: list[Drawing] = []
    for harm in known.harms:
        metric = known.metrics[harm.metric]
        band = store.bands.get(metric.id, f"change:{known.declared.change.id}")
        if band is None or len(found) == MOST_CHARTS:
            continue
        where, to = f"{metric.label}, {band.label}", wording.day(band.as_of, known.zone)
        said = f"{where}, over time. {wording.line(harm, metric, known.titles)}"
        caption = f"{where}, the last {charts.DAYS} days to {to}"
        found.append(charts.drawing(band, metric, declared, verdicts, shown_changes=marked, caption=caption, said=said))
    sure = _sure(known, store)
    # How sure it became says more than the trend of another metric.
    return [*found[: MOST_CHARTS - len(sure)], *sure, *_made_of(known), *_places(known)][: 2 * MOST_CHARTS]


def _sure(known: "Whole", store: "Store") -> "list[Drawing]":
    """How sure the verdict on the gravest metric became, where more than a day of it is known."""
    from cxmon import charts, decisions
    from cxmon.wording.narrowing import narrowed

    if not known.harms:
        return []
    metric = known.metrics[known.harms[0].metric]
    found = decisions.narrowing(metric.id, known.history, store.verdicts.readings(known.declared.change.id))
    if len(found.readings) < 2:
        return []
    return [charts.sure(found, metric, said=narrowed(found, metric, known.zone))]


def _made_of(known: "Whole") -> "list[Drawing]":
    """What the first moved total is made of."""
    from cxmon import charts

    splits = known.latest.splits if known.latest is not None else ()
    return [charts.made_of(s, known.metrics[s.metric]) for s in splits if s.metric in known.metrics][:1]


def _places(known: "Whole") -> "list[Drawing]":
    """Where inside the scope the harm happens, of the gravest metrics of which it is known."""
    from cxmon import charts

    latest = known.latest
    inside = {w.metric: w for w in latest.where if w.places} if latest is not None else {}
    shown = [harm for harm in known.harms if harm.metric in inside][:MOST_CHARTS]
    labels = [known.metrics[harm.metric].label for harm in shown]
    captions = [f"{label}, segments inside {harm.scope}" for label, harm in zip(labels, shown, strict=True)]
    return [
        charts.places(inside[harm.metric], known.metrics[harm.metric], caption=caption)
        for harm, caption in zip(shown, captions, strict=True)
    ]


def _write(path: Path, known: "Whole", drawings: "list[Drawing]") -> None:
    from cxmon import charts

    try:
        path.write_text(charts.page(known, drawings), encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--html") from error
