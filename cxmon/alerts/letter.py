"""A neutral message as a letter: plain words and HTML with the chart inside, in the thread of its story. Pure.

Everything from data is cleaned, then escaped or encoded: no name can end a header, make a tag or a link.
"""

import hashlib
import html
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from email.policy import SMTP

from cxmon.alerts.markup import clean, cut, cut_lines, linked, safe_url
from cxmon.alerts.parts import one_line
from cxmon.alerts.text import command_hint, render
from cxmon.model import Message, Passage, Receipt, Tone
from cxmon.wording.messages import EXACT_VIEW, RECORDS
from cxmon.wording.shapes import SHAPES

SUBJECT = 150
LINE = 2_000
TEXT = 20_000
CHART = "chart"
NAME = "cxmon"

# The board's colours (`charts.palette`, which a test holds equal): charts need an extra, letters do not.
INK, MUTED, PAPER, EDGE = "#1A2330", "#68717F", "#FFFFFF", "#C7CDD7"
DARK_INK, DARK_MUTED, DARK_PAPER, DARK_EDGE = "#E7EBF2", "#9BA6B6", "#0F1520", "#3B4658"
BADGES: Mapping[Tone, tuple[str, str]] = {
    Tone.RED: ("#C13F0C", PAPER),
    Tone.AMBER: ("#FBE9C3", INK),
    Tone.TEAL: ("#CFEAE6", INK),
    Tone.GREY: ("#F4F5F8", INK),
}
_FONT = "'Source Sans Pro','Segoe UI',system-ui,-apple-system,'Helvetica Neue',Arial,sans-serif"
_DARK = (
    f"@media (prefers-color-scheme: dark) {{ .paper {{ background: {DARK_PAPER} !important; color: {DARK_INK} "
    f"!important; }} .muted {{ color: {DARK_MUTED} !important; }} .edge {{ border-color: {DARK_EDGE} !important; }} "
    "a { color: #7FB2FF !important; } }"
)


def compose(
    message: Message,
    previous: Receipt | None,
    picture: bytes | None,
    *,
    sender: str,
    to: Iterable[str],
    reply_to: str,
    date: str,
) -> EmailMessage:
    """The letter. Without a picture it is plainer, with the same words.

    Its Message-ID is made from the message's key, so that a mailbox may drop a letter that comes twice; it refers to
    the story's root, and answers the story's first letter under that one's subject.
    """
    domain = sender.rpartition("@")[2]
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"{NAME} <{sender}>"
    letter["To"] = ", ".join(to)
    if reply_to:
        letter["Reply-To"] = reply_to
    first, subject = told_before(previous)
    letter["Subject"] = f"Re: {subject}" if subject else subject_of(message)
    letter["Date"] = date
    root = _id(message.thread, domain)
    letter["Message-ID"] = _id(message.key, domain)
    if first:
        letter["In-Reply-To"] = first
    letter["References"] = f"{root} {first}".strip()
    letter["Auto-Submitted"] = "auto-generated"
    update = previous is not None
    words = "\n".join(cut_lines(render(message, update=update).splitlines(), TEXT)) + "\n"
    letter.set_content(words, cte="quoted-printable")
    letter.add_alternative(page(message, update=update, chart=picture is not None), subtype="html", cte="base64")
    if picture is not None:
        body = letter.get_payload()[1]  # type: ignore[index]  # multipart/alternative: words, then HTML.
        body.add_related(picture, "image", "png", cid=f"<{CHART}>", filename="chart.png", disposition="inline")  # type: ignore[union-attr]
    return letter


def subject_of(message: Message) -> str:
    """The subject of a story's first letter, and of all that follow."""
    return cut(one_line(clean(message.badge), clean(message.title)), SUBJECT) or NAME


def receipt(letter: EmailMessage, previous: Receipt | None, message: Message, detail: str) -> Receipt:
    """What the story's next letter needs to know of its first: the id, and behind it the subject."""
    first, subject = told_before(previous)
    ref = f"{first} {subject}" if first else f"{letter['Message-ID']} {subject_of(message)}"
    return Receipt(channel="email", ref=ref, detail=detail)


def told_before(previous: Receipt | None) -> tuple[str, str]:
    """(Message-ID, subject) of the story's first letter; empty where there was none."""
    if previous is None or not previous.ref.startswith("<"):
        return "", ""
    first, _, subject = previous.ref.partition(" ")
    return first, cut(clean(subject), SUBJECT)


def page(message: Message, *, update: bool = False, chart: bool = False) -> str:
    """The letter's HTML: styles stand beside their elements, because many readers drop a style sheet."""
    news = [_p(line, f"border-left:3px solid {EDGE};padding-left:10px;margin:0 0 6px", "edge")
            for line in (message.reply or "").splitlines() if update and clean(line)]  # fmt: skip
    back, ink = BADGES[message.tone]
    badge = (
        f'<p style="margin:0 0 8px"><span style="display:inline-block;padding:2px 10px;border-radius:9px;'
        f'font-weight:650;background:{back};color:{ink}"><span aria-hidden="true">{SHAPES[message.tone]}</span> '
        f"{_text(message.badge)}</span></p>"
    )
    alt = _text(message.picture.alt if message.picture else message.text)
    full = "display:block;width:100%;height:auto;margin:12px 0"
    shown = f'<img src="cid:{CHART}" alt="{alt}" width="640" style="{full}">'
    hint = command_hint(message)
    link = safe_url(message.link)
    rows = "".join(
        f'<tr><th scope="row" class="muted" style="text-align:left;vertical-align:top;font-weight:400;color:{MUTED};'
        f'padding:3px 14px 3px 0">{_text(f.label)}</th><td style="vertical-align:top;padding:3px 0">{_text(f.text)}'
        "</td></tr>"
        for f in message.facts
    )
    body = [
        *news, badge, f'<h1 style="font-size:20px;line-height:1.3;margin:0 0 10px">{_text(message.title)}</h1>',
        *(_p(line) for line in message.lines if not message.sections), shown if chart else "",
        f'<table style="border-collapse:collapse;margin:12px 0;font-size:14px">{rows}</table>' if rows else "",
        _records(message), *(_passage(one) for one in message.sections),
        f'<p style="margin:14px 0"><a href="{html.escape(link)}">{EXACT_VIEW}</a></p>' if link else "",
        *(_p(text, f"color:{MUTED};font-size:13px;margin:4px 0", "muted") for text in (hint, message.footer) if text),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{_text(message.title)}</title><style>{_DARK}</style>'
        '</head><body class="paper" style="margin:0;padding:16px;'
        f'background:{PAPER};color:{INK};font:15px/1.5 {_FONT}">'
        f'<div style="max-width:640px;margin:0 auto;overflow-wrap:anywhere">{"".join(body)}</div></body></html>\n'
    )


def _records(message: Message) -> str:
    """Links into the vendor's own system."""
    links = [f'<a href="{html.escape(url)}">{_text(name)}</a>' for name, url in linked(message.records)]
    return f'<p style="margin:0 0 8px;font-size:14px">{RECORDS}: {" · ".join(links)}</p>' if links else ""


def _passage(one: Passage) -> str:
    listed = "".join(f'<li style="margin:3px 0">{_text(line)}</li>' for line in one.lines)
    head = f'<h2 style="font-size:16px;margin:18px 0 4px">{_text(one.heading)}</h2>'
    return f'{head}<ul style="margin:0;padding-left:18px">{listed}</ul>'


def _p(text: str, style: str = "margin:0 0 8px", kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<p{named} style="{style}">{_text(text)}</p>'


def _text(text: str) -> str:
    return html.escape(cut(clean(text), LINE))


def _id(text: str, domain: str) -> str:
    """An id that tells nothing: hosts on the way write it into their logs."""
    return f"<{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}@{domain}>"
