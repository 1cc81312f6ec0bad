"""The style sheet of the one-page report: the board's colours and measures, for screen, dark, phone and A4."""

from cxmon.charts.palette import PALETTES, Palette

_RULES = """
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.4rem 1.2rem 2rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 "Source Sans Pro", "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; font-weight: 700; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; font-weight: 650; }
header { margin-bottom: 1rem; }
.stand, figcaption, footer, .legend { color: var(--muted); font-size: .87rem; }
.stand, footer p { margin: .2rem 0 0; }
.legend { margin: 0 0 .9rem; }
section, figure { border: 1px solid var(--edge); border-radius: .6rem; padding: 1rem 1.1rem; margin: 0 0 .9rem; }
figure { padding: .6rem .8rem; }
picture, img { display: block; width: 100%; height: auto; }
.answer p { margin: .35rem 0; overflow-wrap: anywhere; }
.headline { font-size: 1.25rem; font-weight: 650; line-height: 1.3; }
.badge { display: inline-block; margin: 0; padding: .1rem .6rem; border-radius: .6rem; font-weight: 650;
  background: var(--calm); color: var(--grey); }
.badge.red { background: var(--red); color: var(--paper); }
.badge.amber { background: var(--amber-fill); color: var(--ink); }
.badge.teal { background: var(--teal-fill); color: var(--ink); }
ul { margin: .6rem 0 0; padding-left: 1.1rem; }
section > h2 + ul { margin-top: 0; }
li { margin: .15rem 0; overflow-wrap: anywhere; }
li.below { list-style: none; color: var(--muted); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--grid);
  overflow-wrap: break-word; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-weight: 400; }
tbody th { font-weight: 650; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 640px) {
  body { padding: 1rem .8rem; }
  section { padding: .8rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, tbody th, td { display: block; }
  tr { padding: .4rem 0; border-bottom: 1px solid var(--grid); }
  tr:last-child { border-bottom: 0; }
  tbody th, td { border: 0; padding: .05rem 0; }
  td:empty { display: none; }
  td::before { content: attr(data-label) ": "; color: var(--muted); }
}
@media print {
  @page { size: A4; margin: 9mm; }
  body { max-width: none; padding: 0; font-size: 8pt; line-height: 1.25; }
  h1 { font-size: 14pt; }
  .headline { font-size: 10.5pt; }
  section, figure { padding: 1.4mm 2.2mm; margin-bottom: 1.5mm; border-radius: 1.2mm; }
  header, .legend { margin-bottom: 1.5mm; }
  .charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 1.5mm; }
  .charts img { max-height: 40mm; object-fit: contain; object-position: left; }
  .rest { columns: 2; column-gap: 1.5mm; }
  .rest .wide { column-span: all; }
  .stand, figcaption, footer, .legend { font-size: 7pt; }
  ul { margin-top: .6mm; padding-left: 3mm; }
  li, .answer p { margin: .3mm 0; }
  section, tr, li, figure, .answer { break-inside: avoid; }
  h2 { break-after: avoid; font-size: 9pt; margin-bottom: .6mm; }
  table { font-size: 7.5pt; }
  th, td { padding: .4mm 1.5mm .4mm 0; }
  .badge { padding: 0 1.5mm; border-radius: 1mm; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def style() -> str:
    """The rules with the colours of `charts.palette`; print is light."""
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_variables(PALETTES['dark'])} }} }}"
    return f":root {{ color-scheme: light dark; {_variables(PALETTES['light'])} }}\n{dark}{_RULES}"


def _variables(colours: Palette) -> str:
    named = {
        "paper": colours.paper, "ink": colours.ink, "muted": colours.muted, "grid": colours.grid,
        "edge": colours.axis, "grey": colours.grey, "red": colours.red, "calm": colours.calm_fill,
        "amber-fill": colours.amber_fill, "teal-fill": colours.teal_fill,
    }  # fmt: skip
    return " ".join(f"--{name}: {value};" for name, value in named.items())
