"""The few rules that Streamlit's theme cannot say: what a phone shows otherwise, tables of text, sizes of headings."""

import streamlit as st

# As wide as Streamlit's own columns stand below each other.
_PHONE = "640px"
# A table's cells stand below each other with their heads before them, as on the printed page (charts.page_style).
# Headings of one level differ in size: the answer's is the largest. While a page is drawn anew it does not pale.
_RULES = f"""
[class*="st-key-told_"] table {{ border-collapse: collapse; width: 100%; font-size: .93rem; }}
[class*="st-key-told_"] :is(th, td) {{ text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); overflow-wrap: anywhere; }}
[class*="st-key-told_"] tr:last-child > * {{ border-bottom: 0; }}
[class*="st-key-told_"] thead th {{ font-weight: 400; color: color-mix(in srgb, currentColor 72%, transparent); }}
[class*="st-key-told_"] tbody th {{ font-weight: 650; }}
[class*="st-key-told_"] caption {{ position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }}
.st-key-listed {{ display: none; }}
.stApp [data-stale="true"] {{ opacity: 1; }}
.stApp [data-testid="stMarkdown"] h2 {{ font-size: 1.25rem; }}
.stApp :is(.st-key-headline, .st-key-answer, .st-key-incident_story) [data-testid="stMarkdown"] h2 {{
  font-size: 1.5rem; font-weight: 650; }}
@media (max-width: {_PHONE}) {{
  .st-key-mapped {{ display: none; }}
  .st-key-listed {{ display: flex; }}
  [class*="st-key-told_"] thead {{ position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }}
  [class*="st-key-told_"] :is(table, tbody, tr, tbody th, td) {{ display: block; }}
  [class*="st-key-told_"] tr {{ padding: .5rem 0;
    border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); }}
  [class*="st-key-told_"] tr:last-child {{ border-bottom: 0; }}
  [class*="st-key-told_"] :is(tbody th, td) {{ border: 0; padding: .05rem 0; }}
  [class*="st-key-told_"] td:empty {{ display: none; }}
  [class*="st-key-told_"] td::before {{ content: attr(data-label) ": ";
    color: color-mix(in srgb, currentColor 72%, transparent); }}
}}
"""


def put() -> None:
    """Puts the rules on the page; they draw nothing by themselves."""
    st.html(f"<style>{_RULES}</style>")
