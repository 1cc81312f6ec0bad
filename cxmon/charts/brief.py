"""The brief for a board meeting on a page: self-contained HTML without scripts or network, made for A4."""

from cxmon import wording
from cxmon.charts.page import badge, document, section, text_of
from cxmon.model import Tone
from cxmon.wording.briefing import Briefing, answer, head, sections

# Paper counts its pages; what is wide on a screen is one column there.
# The first sections are tables as wide as the paper, the others share its width.
TABLES = 3
_PAPER = """
table { font-variant-numeric: tabular-nums; }
@media print {
  @page { margin: 9mm 10mm 12mm; @bottom-right { content: counter(page) " / " counter(pages); font: 7pt sans-serif; } }
  body { font-size: 7.4pt; line-height: 1.2; font-family: "Source Sans 3", "Source Sans Pro", "Inter",
    "Liberation Sans", "Helvetica Neue", Arial, "DejaVu Sans Condensed", sans-serif; }
  table { font-size: 6.9pt; }
  th, td { padding: .3mm 1.5mm .3mm 0; }
  .rest .wide { column-span: none; }
  h2 { font-size: 8.5pt; }
  .rest { columns: 2; column-gap: 4mm; }
  section { border: 0; padding: 0; margin-bottom: 2mm; }
  .answer { border: .2mm solid var(--edge); padding: 1.4mm 2.2mm; }
  tr > :last-child { padding-right: 0; }
}
"""


def brief_page(known: Briefing) -> str:
    """The page: the answer first, then the numbered sections of `wording.briefing.sections`."""
    headline, sentence, verdict = answer(known)
    words, tone, _ = wording.screen(verdict, titles=known.titles) if verdict else ("", Tone.GREY, "")
    title, told, stand = f"{known.title}: brief", sections(known), head(known)
    body = [
        '<section class="answer" aria-label="The answer">',
        *([badge(tone, words)] if words else []),
        f'<p class="headline">{text_of(headline)}</p><p>{text_of(sentence)}</p></section>',
        *(section(one) for one in told[:TABLES]),
        '<div class="rest">',
        *(section(one) for one in told[TABLES:]),
        "</div>",
    ]
    day = wording.day(known.as_of, known.zone)
    return document(f"{title}, {day}", title, stand, f"{title} · {stand}", body, more_style=_PAPER)
