"""Make the picture in docs/methods/price.md: `python docs/pictures/pricing.py`; needs the extra `pictures`.

One world of benchmarks/price.py, read every third day of its watch: the range of the loss a year against the claimed
saving. The script prints the figures that the page quotes.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import altair as alt

from cxmon import decisions
from cxmon.charts.palette import PALETTES
from cxmon.model import Price, PriceCode, Saving
from cxmon.pipeline.estimating import one_by_one
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_price import counted

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
WORLD, SEED, CLAIMED = "every tier by as much", 5, 3_500_000.0
WORDS = {PriceCode.OPEN: "open whether it pays", PriceCode.COSTS_MORE: "costs more"}


def days() -> Iterator[tuple[int, Price]]:
    """Each third day of the watch with the price that is known then."""
    sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))
    bench = import_module("price")
    change = replace(bench.CUT, saving=Saving(CLAIMED, "EUR", "year", "Operations"))
    shares = decisions.shares(("churn", "contacts"), {})
    both = bench.panels(SEED, WORLD)
    for look in range(6, 91, 3):
        now, known = bench.START + timedelta(days=look), {}
        for whole in both:
            leaves, share = whole.cut(0, bench.BEFORE + look), shares[whole.metric.id]
            found = evidence(change, [change], leaves, share, now=now, opinions=False, brief=True)
            money = replace(bench.MONEY, customers=replace(bench.MONEY.customers, counts_after_days=0))
            asked = counted(found, change, [change], leaves, share, money, now=now)
            known[whole.metric.id] = one_by_one(asked).known
        yield look, decisions.price(change, known, money, now=now, claimed_on=bench.ON)


def main() -> None:
    rows = [
        {
            "day": day, "loss": one.loss_year.estimate / 1e6, "low": one.loss_year.low / 1e6,
            "high": one.loss_year.high / 1e6, "answer": WORDS[one.code],
        }
        for day, one in days()
    ]  # fmt: skip
    for row in rows:
        sys.stdout.write("day {day}: {loss:.2f} ({low:.2f} to {high:.2f}) million a year, {answer}\n".format(**row))
    colours = alt.Scale(domain=list(WORDS.values()), range=[LIGHT.muted, LIGHT.red])
    base = alt.Chart(alt.Data(values=rows), width=620, height=240).encode(
        x=alt.X("day:Q", title="days since the change", scale=alt.Scale(domain=[0, 92], nice=False))
    )
    money = alt.Y("low:Q", title="lost a year at the pace so far, million EUR")
    ranges = base.mark_rule(size=5, opacity=0.55).encode(
        y=money, y2="high:Q", color=alt.Color("answer:N", title=None, scale=colours)
    )
    dots = base.mark_point(filled=True, size=40, color=LIGHT.ink).encode(y="loss:Q")
    line = {"saving": CLAIMED / 1e6, "day": 60, "text": "the claimed saving"}
    saving = alt.Chart(alt.Data(values=[line]))
    rule = saving.mark_rule(color=LIGHT.ink, strokeDash=[4, 3]).encode(y="saving:Q")
    text = saving.mark_text(align="left", dy=12, color=LIGHT.ink).encode(y="saving:Q", x="day:Q", text="text:N")
    zero = alt.Chart(alt.Data(values=[{"saving": 0}])).mark_rule(color=LIGHT.axis).encode(y="saving:Q")
    alt.layer(zero, ranges, dots, rule, text).configure_view(stroke=None).configure(background=LIGHT.paper).save(
        HERE / "pricing.svg"
    )


if __name__ == "__main__":
    main()
