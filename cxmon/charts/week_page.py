"""The digest as one page: self-contained HTML without scripts or network, for screen, dark, phone and paper."""

from collections.abc import Sequence

from cxmon import wording
from cxmon.charts.page import LEGEND, Drawing, badge, document, figure, section, text_of
from cxmon.wording import digest
from cxmon.wording.week import Week


def week_page(week: Week, drawings: Sequence[Drawing] = ()) -> str:
    """What needs a decision comes first, pictures behind it, then the rest."""
    of = f"{week.title}, {week.view}" if week.view else week.title
    said = f"As of {wording.stamp(week.now, week.zone)}, with what is new since {week.day(week.since)}"
    needs, tone = digest.needs(week), digest.tone(week)
    told = [one for one in digest.sections(week) if one.heading != digest.NEEDS]
    asked = "".join(f"<li>{text_of(str(one))}</li>" for one in needs)
    answer = [
        *([badge(tone, digest.NEEDS)] if needs else []),
        f'<p class="headline">{text_of(digest.headline(week))}</p>',
        *([f"<ul>{asked}</ul>"] if len(needs) > 1 or (needs and needs[0].more) else []),
    ]
    return document(f"The week of {of}", f"The week of {of}", said, f"{of} · {said}", [
        f'<section class="answer" aria-label="{digest.NEEDS}">{"".join(answer)}</section>',
        *([f'<div class="charts">{"".join(figure(one) for one in drawings)}</div>'] if drawings else []),
        *([f'<p class="legend">{LEGEND}</p>'] if drawings else []),
        '<div class="rest">', *(section(one) for one in told), "</div>",
    ])  # fmt: skip
