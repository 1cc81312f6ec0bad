"""What can be taken along of a chart: its figures as CSV, its picture as PNG and SVG, with its as-of date.

It holds what is on the page and nothing else, so what is covered there is covered here.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import altair as alt
import streamlit as st

from cxmon import charts
from dashboards import converting

# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
WIDTH = 760


def table(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Rows as CSV. Words that a spreadsheet would take for a formula get an apostrophe before them; numbers are
    numbers, and what is not known is empty."""
    if not rows:
        return b""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([cell(name) for name in rows[0]])
    writer.writerows([cell(value) for value in row.values()] for row in rows)
    return out.getvalue().encode()


def cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def offer(
    key: str,
    name: str,
    rows: Callable[[], bytes],
    chart: Callable[[], alt.LayerChart] | None = None,
    *,
    title: str = "",
    subtitle: Sequence[str] = (),
) -> None:
    """The button under which the files are; each is made when it is asked for. `chart` makes a light one without hover,
    as wide as `WIDTH`."""
    with st.popover("Download", icon=":material/download:", type="tertiary", key=f"take_{key}"):
        file = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "figures"
        _button("CSV, the figures", rows, f"{file}.csv", "text/csv", f"csv_{key}")
        if chart is not None and converting.possible():
            for form, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
                draw = partial(_drawn, chart, form, title, subtitle)
                _button(f"{form.upper()}, the picture", draw, f"{file}.{form}", mime, f"{form}_{key}")


def _button(label: str, data: Callable[[], bytes], file: str, mime: str, key: str) -> None:
    st.download_button(
        label, data, file_name=file, mime=mime, key=key, on_click="ignore", type="tertiary",
        icon=":material/download:",
    )  # fmt: skip


def _drawn(chart: Callable[[], alt.LayerChart], form: str, title: str, subtitle: Sequence[str]) -> bytes:
    named = charts.titled(chart(), title=title, subtitle=subtitle)
    return converting.converted(named.to_dict(validate=False), form, charts.VEGA_LITE)
