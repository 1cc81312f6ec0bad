"""Try a file: a CSV, its columns by clicking, the effect of a date or what a watch would have told. Nothing is kept."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import streamlit as st

from cxmon import charts, wording
from cxmon.model import Amount, Band, Better, Grain, Kind, Metric, Read, Tone
from cxmon.wording import terms
from dashboards import commanding, downloads, drawing, trending, uploading
from dashboards.frame import in_format
from dashboards.text import badge, grey, md

NONE = "(none)"
LEGEND = (
    "{smooth}, {better} is better. Shaded: where 99 of 100 fall when nothing changes. Line: :orange[amber] when worse "
    "than that, :green[teal] when better."
)
KINDS = {
    "mean": "an average or amount",
    "proportion": "a share, 0 to 1 or per cent",
    "rate": "events for each thing counted, such as per customer",
}
WAYS = {"lower": "lower is better", "higher": "higher is better"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody chose; `total` says that the figure is a sum of which the counts make the value."""

    time: str
    figure: str
    total: bool
    n: str
    segment: str
    kind: str
    better: str
    unit: str
    at: date | None
    touched: str

    def arguments(self) -> list[str]:
        """The options of `cxmon try`; joined by `=`, so that no value is taken for an option."""
        named = {
            "--time": self.time,
            "--total" if self.total else "--value": self.figure,
            "--n": self.n,
            "--segment": self.segment,
            "--kind": self.kind,
            "--better": self.better,
            "--unit": self.unit,
            "--date": self.at.isoformat() if self.at else "",
            "--touched": self.touched if self.at else "",
        }
        return ["try", "-", *(f"{name}={value}" for name, value in named.items() if value)]


def uploaded() -> bytes | None:
    """The file that is tried: an uploaded one, or the example."""
    with st.container(border=True, key="upload"):
        given = st.file_uploader(
            "A CSV file with one row a day, week or month (and segment, if there are some)", type=["csv", "tsv", "txt"],
            max_upload_size=1, help="Up to 1 MB. It is held in memory while this page is open and never stored.",
        )  # fmt: skip
        if given is not None:
            return given.getvalue()
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown(grey("A date, a figure, and best of all how many answers stand behind it. Nothing is stored."))
        with right.container(horizontal=True):
            if st.button("Try an example", icon=":material/science:", key="use_example"):
                st.session_state["example"] = True
            st.download_button(
                "Example as CSV", uploading.example, file_name="example.csv", mime="text/csv", on_click="ignore",
                type="tertiary", icon=":material/download:", key="example_csv",
            )  # fmt: skip
    return uploading.example() if st.session_state.get("example") else None


def mapped(sheet: uploading.Sheet) -> Asked:
    """Each column by clicking, with a guess to begin with."""
    names = list(sheet.columns)
    with st.container(border=True, key="mapping"):
        st.header("What is what", anchor=False)
        st.table([dict(zip(sheet.columns, map(md, row), strict=True)) for row in sheet.rows[:3]], border="horizontal",
                 hide_index=True)  # fmt: skip
        with st.grid(4, min_column_width=210, gap="small"):
            time = st.selectbox("Date", names, index=sheet.guess_date(), key="try_time")
            figure = st.selectbox("Figure", names, index=sheet.guess_value(), key="try_value")
            counts = [NONE, *names]
            guess = sheet.guess_count()
            n = st.selectbox("Answers behind it", counts, index=0 if guess is None else guess + 1, key="try_n",
                             help="How many answers or cases each row's figure stands on.")  # fmt: skip
            segments = [NONE, *(name for name in names if name in sheet.values and name not in {time, figure, n})]
            first = next((i for i, name in enumerate(segments) if name not in {NONE, *sheet.numbers}), 0)
            segment = st.selectbox("Segment", segments, index=first, key="try_segment",
                                   help="A column that splits the rows, such as channel or region.")  # fmt: skip
            kind = st.selectbox("The figure is", list(KINDS), index=_guess_kind(sheet, figure, n),
                                format_func=KINDS.__getitem__, key="try_kind")  # fmt: skip
            better = st.selectbox("Better", list(WAYS), index=1, format_func=WAYS.__getitem__, key="try_better",
                                  help="Which way the figure moves where customers fare better.")  # fmt: skip
            unit = st.text_input("Unit, if it has one", max_chars=12, key="try_unit", placeholder="min")
            total = st.checkbox("The figure is a sum over its answers", key="try_total", disabled=n == NONE,
                                help="Then the value is the figure divided by the answers.")  # fmt: skip
    with st.container(border=True, key="question"):
        st.header("What do you want to know", anchor=False)
        with st.grid(2, min_column_width=260, gap="small"):
            at = st.date_input(
                "First day with the change", value=None, format="YYYY-MM-DD", key="try_date",
                min_value=date(1990, 1, 1), max_value=date(2100, 1, 1),
                help="Leave it empty to see what a watch would have told: what got worse and stayed so.",
            )  # fmt: skip
            touched = ""
            if segment != NONE and at is not None:
                known = list(sheet.values.get(segment, ()))
                every = [] if n == NONE else [""]
                touched = st.selectbox(
                    "It touched", [*every, *known], format_func=lambda k: k or "all together", key="try_touched",
                    help="The segments that it did not touch are what it is compared with.",
                ) or ""  # fmt: skip
    return Asked(
        time=time, figure=figure, total=total and n != NONE, n="" if n == NONE else n,
        segment="" if segment == NONE else segment, kind=kind, better=better,
        unit="" if kind == "proportion" else unit.strip(), at=at, touched=touched,
    )  # fmt: skip


def _guess_kind(sheet: uploading.Sheet, figure: str, n: str) -> int:
    """A share where figures lie within 0 to 1, or a name says so, and answers are counted."""
    at = sheet.columns.index(figure)
    small = all(0 <= float(row[at]) <= 1 for row in sheet.rows if figure in sheet.numbers and row[at])
    named = any(word in figure.lower() for word in ("csat", "share", "rate %", "percent", "pct"))
    return 1 if n != NONE and (named or (small and figure in sheet.numbers)) else 0


def answer(found: dict[str, Any], asked: Asked) -> None:
    """Badge, headline, figure and what it rests on."""
    told = found["told"]
    with st.container(border=True, key="answer"):
        st.markdown(f"## {badge(told['badge'], Tone(told['tone']), told['shape'])}&ensp;{md(told['headline'])}",
                    anchors=False)  # fmt: skip
        meant = f"{terms.of(told['badge'])} {terms.EXPECTED} {terms.RANGE} {terms.N}".strip()
        for i, line in enumerate(told["lines"]):
            st.markdown(md(line), help=None if i else md(meant))
        for note in found["notes"]:
            st.markdown(f":gray-badge[:material/info: Note] :small[{md(note)}]")
    if not found["drawn"]:
        return
    with st.container(border=True, key="trend"):
        names = [one["label"] or "all together" for one in found["drawn"]]
        which = 0
        if len(names) > 1:
            which = names.index(st.selectbox("Segment", names, key="try_series") or names[0])
        _figure(found["drawn"][which], asked, found["grain"], names[which])
    st.caption("Nothing of this was stored. To have it watched every day, name the source in the configuration.")


def _figure(one: dict[str, Any], asked: Asked, grain: str, name: str) -> None:
    metric = Metric(
        id="file", label=asked.figure, kind=Kind(asked.kind), better=Better(asked.better), unit=asked.unit,
        source="file", matters=Amount(0.0, False, "0"), read=Read(time=asked.time), grain=Grain(grain),
    )  # fmt: skip
    band = _band(one)
    better = "higher" if metric.better == "higher" else "lower"
    head, side = st.columns([9, 2], vertical_alignment="top")
    head.markdown(f"**{md(metric.label)}**, {md(name)}  \n"
                  + grey(LEGEND.format(smooth=trending.average(band), better=better)))  # fmt: skip
    title = "the date" if asked.at else "since about here"
    pins = [charts.Pin(number=1, at=band.since or band.as_of, title=title, tone=Tone.GREY)]
    made = partial(charts.trend, charts.points(band, metric), metric, pins=pins)
    with side:
        downloads.offer(
            "try", f"{asked.figure}_{name}", partial(trending.csv, band),
            partial(made, width=downloads.WIDTH, width_px=downloads.WIDTH + 132, hover=False),
            title=f"{metric.label}, {name}", subtitle=(f"from an uploaded file, to {wording.day(band.as_of)}",),
        )  # fmt: skip
    said = f"{metric.label}, {name}, with its expected range"
    drawing.show(partial(made, theme="page"), key="try_chart", said=said)


def _band(one: dict[str, Any]) -> Band:
    """The series as `cxmon try --json` wrote it; what is not known is null there."""
    figures = {
        name: tuple(math.nan if x is None else float(x) for x in one[name])
        for name in ("value", "n", "avg", "expected", "low", "high")
    }
    whole = {name: tuple(one[name]) for name in ("starts", "complete", "breaks")}
    days = {name: datetime.fromisoformat(one[name]) for name in ("as_of", "since")}
    return Band(**(one | figures | whole | days))


def page() -> None:
    in_format()
    st.title("Try a file", anchor=False)
    raw = uploaded()
    if raw is None:
        return
    sheet = uploading.read(raw)
    if isinstance(sheet, str):
        st.error(md(sheet), icon=":material/report:")
        return
    asked = mapped(sheet)
    key = (hash(raw), asked)
    if st.button("Show the answer", icon=":material/play_arrow:", key="try_go"):
        with st.spinner("Working it out, usually a few seconds"):
            st.session_state["try_found"] = (key, commanding.asked(*asked.arguments(), given=raw))
    kept = st.session_state.get("try_found")
    if kept is None:
        return
    if kept[0] != key:
        st.markdown(grey("Something was changed: ask again."))
        return
    if isinstance(kept[1], str):
        st.error(md(kept[1]), icon=":material/report:")
        return
    answer(kept[1], asked)


page()
