"""One change on one page: a self-contained HTML document that asks no network and runs no script.

Charts are the board's own, as pictures inside the document: light or dark as the reader's system asks, narrow on a
phone. Everything that comes from data is text: cleaned, then escaped.
"""

import base64
import html
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from cxmon import wording
from cxmon.charts.forest import LEGEND as FOREST
from cxmon.charts.forest import forest
from cxmon.charts.marks import pins
from cxmon.charts.narrowing import LEGEND as NARROWING
from cxmon.charts.narrowing import narrowing
from cxmon.charts.page_style import style
from cxmon.charts.palette import Theme
from cxmon.charts.picture import vector
from cxmon.charts.points import points, recent
from cxmon.charts.trend import trend
from cxmon.charts.waterfall import LEGEND as ADDS_UP
from cxmon.charts.waterfall import mix
from cxmon.model import Band, Declared, Metric, Narrowing, Split, Tone, Verdict, Where
from cxmon.wording.over import limit
from cxmon.wording.shapes import SHAPES
from cxmon.wording.whole import Section, Table, Whole, sections, stand

DAYS = 126
LEGEND = (
    "Shaded: where 99 of 100 fall when nothing changes; dots: single days; line: the average, amber when worse than "
    "that, vermilion when over the limit, teal when better."
)
FOOT = "Harm is counted against what was expected without the change."
WIDE, NARROW = 620, 300
# A forest's names stand beside it and its words behind it: what is left of the width is drawn on.
FOREST_WIDE, FOREST_NARROW = 560, 260
SHORT = 6
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One chart as four SVG documents, by (theme, narrow): `alt` says what it shows, `legend` how it is read."""

    caption: str
    alt: str
    svg: Mapping[tuple[Theme, bool], str]
    legend: str = LEGEND


def drawing(
    band: Band,
    metric: Metric,
    declared: Sequence[Declared],
    verdicts: Mapping[str, Verdict],
    *,
    shown_changes: Collection[str],
    caption: str,
    said: str,
) -> Drawing:
    """The trend of one stored series for the page, with the pins of `shown_changes` alone. Raises CxmonError where the
    `pictures` extra is not installed."""
    over = limit(declared, verdicts, metric, band.key)
    height = over.height if over else None
    shown = recent(points(band, metric, grave_since=over.since if over else None, limit=height), DAYS)
    marked = pins(declared, verdicts, of=shown_changes)

    def drawn(theme: Theme, narrow: bool) -> alt.LayerChart:
        width = NARROW if narrow else WIDE
        return trend(
            shown, metric, pins=marked, limit=height,
            limit_from=over.since if over and height is not None else None, limit_text=over.text if over else "",
            theme=theme, width=width, width_px=width + 132, height=170 if narrow else 210, hover=False,
            anew=band.breaks,
        )  # fmt: skip

    return Drawing(caption=caption, alt=said, svg=_pictures(drawn))


def places(where: Where, metric: Metric, *, caption: str) -> Drawing:
    """The segments inside a change's scope as the board's forest, in words behind it. Raises CxmonError where the
    `pictures` extra is not installed."""

    def drawn(theme: Theme, narrow: bool) -> alt.LayerChart:
        return forest(where, metric, theme=theme, width=FOREST_NARROW if narrow else FOREST_WIDE)

    return Drawing(
        caption=caption, alt="; ".join(wording.places(where, metric)), svg=_pictures(drawn), legend=FOREST
    )  # fmt: skip


def sure(found: Narrowing, metric: Metric, *, said: str) -> Drawing:
    """How sure a verdict became. Raises CxmonError where the `pictures` extra is not installed."""

    def drawn(theme: Theme, narrow: bool) -> alt.LayerChart:
        return narrowing(found, metric, theme=theme, width=NARROW if narrow else WIDE)

    return Drawing(caption=said, alt=said, svg=_pictures(drawn), legend=f"{NARROWING}.")


def made_of(split: Split, metric: Metric) -> Drawing:
    """What a moved total is made of. Raises CxmonError where the `pictures` extra is not installed."""

    def drawn(theme: Theme, narrow: bool) -> alt.LayerChart:
        return mix(split, metric, theme=theme, width=FOREST_NARROW if narrow else FOREST_WIDE)

    caption = f"{metric.label}, all customers: what it is made of"
    return Drawing(caption=caption, alt=wording.mix(split, metric), svg=_pictures(drawn), legend=ADDS_UP)


def _pictures(drawn: Callable[[Theme, bool], alt.LayerChart]) -> dict[tuple[Theme, bool], str]:
    """A chart in both themes and both widths."""
    themes: tuple[Theme, ...] = ("light", "dark")
    # Readers' fonts may be wider than the one that the picture was measured with.
    room = {"left": 14, "right": 26, "top": 4, "bottom": 2}
    every = [(theme, narrow) for theme in themes for narrow in (False, True)]
    return {one: vector(drawn(*one).properties(padding=room)) for one in every}


def page(known: Whole, drawings: Sequence[Drawing] = ()) -> str:
    """The page. Sections come from `wording.whole.sections`; charts follow the verdict."""
    title = known.declared.change.title
    verdict = known.latest
    words, tone, _ = wording.screen(verdict, titles=known.titles) if verdict else ("Not judged yet", Tone.GREY, "")
    told = sections(known)
    answer = next((one for one in told if one.heading == "Verdict"), None)
    lead = [_p(text) for text in answer.lines[1:] if text] if answer else []
    body = [
        badge(tone, words),
        *([f'<p class="headline">{lead[0][3:]}', *lead[1:]] if lead else []),
    ]
    rest = [section(one) for one in told if one is not answer and (one.table or one.on_page)]
    return document(f"{title}: {words}", title, stand(known), f"{title} · {stand(known)}. {FOOT}", [
        f'<section class="answer" aria-label="Verdict">{"".join(body)}</section>',
        *([f'<div class="charts">{"".join(figure(one) for one in drawings)}</div>'] if drawings else []),
        *(f'<p class="legend">{text_of(legend)}</p>' for legend in dict.fromkeys(one.legend for one in drawings)),
        *(['<div class="rest">', *rest, "</div>"] if rest else []),
    ])  # fmt: skip


def badge(tone: Tone, words: str) -> str:
    """Colour, shape and words, each of which says it alone."""
    return f'<p class="badge {tone.value}"><span aria-hidden="true">{SHAPES[tone]}</span> {text_of(words)}</p>'


def document(title: str, heading: str, said: str, foot: str, main: Sequence[str], *, more_style: str = "") -> str:
    """A whole page around the parts of its middle, which are HTML already as `more_style` is CSS; the others are
    text."""
    return "\n".join([
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{text_of(title)}</title>",
        f"<style>{style()}{more_style}</style>",
        "</head>",
        "<body>",
        f'<header><h1>{text_of(heading)}</h1><p class="stand">{text_of(said)}</p></header>',
        "<main>",
        *main,
        "</main>",
        f"<footer><p>{text_of(foot)}</p></footer>",
        "</body>",
        "</html>",
        "",
    ])  # fmt: skip


def section(one: Section) -> str:
    lines = "".join(f"<li{_below(text)}>{text_of(text)}</li>" for text in one.on_page)
    listed = f"<ul>{lines}</ul>" if lines else ""
    drawn = table(one.table, one.heading) if one.table else ""
    # On paper short ones share the width.
    wide = ' class="wide"' if one.table or len(one.on_page) > SHORT else ""
    return f"<section{wide}><h2>{text_of(one.heading)}</h2>{drawn}{listed}</section>"


def _below(text: str) -> str:
    """Lines that belong to the one above begin with white space."""
    return ' class="below"' if text.startswith(" ") else ""


def table(known: Table, caption: str) -> str:
    """A table that stays one for a screen reader where a phone shows its cells below each other."""
    heads = "".join(f'<th scope="col" role="columnheader">{text_of(h)}</th>' for h in known.headers)
    rows = []
    for row in known.rows:
        first, *others = (
            f'data-label="{text_of(head)}">{text_of(cell)}' for head, cell in zip(known.headers, row, strict=True)
        )
        cells = "".join(f'<td role="cell" {cell}</td>' for cell in others)
        rows.append(f'<tr role="row"><th scope="row" role="rowheader" {first}</th>{cells}</tr>')
    label = f'<caption class="unseen">{text_of(caption)}</caption>'
    head = f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
    return f'<table role="table">{label}{head}<tbody role="rowgroup">{"".join(rows)}</tbody></table>'


def figure(one: Drawing) -> str:
    """A chart with its caption; the reader's theme and width choose among its pictures."""
    sources = "".join(
        f'<source media="{media}" srcset="{_data(one.svg[theme, narrow])}">'
        for media, theme, narrow in _MEDIA
    )  # fmt: skip
    shown = f'<img src="{_data(one.svg["light", False])}" alt="{text_of(one.alt)}">'
    return f"<figure><picture>{sources}{shown}</picture><figcaption>{text_of(one.caption)}</figcaption></figure>"


# The first that fits is taken; without any it is light and wide. On paper two charts stand side by side.
_MEDIA: tuple[tuple[str, Theme, bool], ...] = (
    ("print", "light", True),
    ("screen and (prefers-color-scheme: dark) and (max-width: 640px)", "dark", True),
    ("screen and (prefers-color-scheme: dark)", "dark", False),
    ("screen and (max-width: 640px)", "light", True),
)


def _data(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _p(text: str) -> str:
    return f"<p>{text_of(text)}</p>"


def text_of(text: str) -> str:
    """Data as text: without control, bidirectional and private marks, then escaped for elements and attributes."""
    kept = (c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs"})
    return html.escape("".join(kept).strip())
