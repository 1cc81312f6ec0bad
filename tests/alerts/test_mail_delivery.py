"""Letters through a real mail server: one thread a story, and each failure as what it is."""

import unicodedata
from dataclasses import replace
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from alert_samples import messages
from fakemail.server import PASSWORD, authority, mail, protected, running
from hypothesis import Phase, given, settings
from test_alert_hostile import hostile

from cxmon.alerts import Email, letter
from cxmon.charts import PALETTES
from cxmon.errors import DeliveryError
from cxmon.model import Passage, Receipt, Secret

__all__ = ["authority", "mail", "protected", "running"]

NEWS = messages()["verdict-harmed"]
LATER = replace(NEWS, key="change:x|recovered|4|mail", title="CSAT recovered", reply="Better again")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def to(server, *names, **more):
    given = {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout_s": 2.0} | more
    return Email(sender="cx@example.com", to=names or ("desk@example.com",), **given)


def refusal(channel, message=NEWS, picture=None):
    with pytest.raises(DeliveryError) as found:
        channel.deliver(message, None, picture)
    return found.value


def words(letter, kind="plain"):
    return letter.get_body((kind,)).get_content().replace("\r\n", "\n")


def kinds(problem):
    return problem.permanent, problem.in_doubt, problem.payload


def test_a_story_is_one_thread_with_one_subject(mail):
    first = to(mail).deliver(NEWS, None, None)
    second = to(mail).deliver(LATER, first, None)
    one, two = mail.handler.letters
    assert one["Subject"] == "Over the limit: CSAT fell more than the limit of 1.5 points"
    assert two["Subject"] == f"Re: {one['Subject']}"
    assert two["In-Reply-To"] == one["Message-ID"]
    assert two["Message-ID"] != one["Message-ID"]
    assert one["References"] == two["References"].split()[0]
    assert two["References"].split()[1] == one["Message-ID"]
    assert to(mail).deliver(replace(LATER, key="k5"), first, None).ref == first.ref == second.ref
    assert words(two).startswith("↳ Better again\n")


def test_words_html_and_the_chart_go_together(mail):
    to(mail, "a@example.com", "b@example.com", reply_to="team@example.com").deliver(NEWS, None, PNG)
    (letter,) = mail.handler.letters
    assert [p.get_content_type() for p in letter.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    assert (letter["To"], letter["Reply-To"]) == ("a@example.com, b@example.com", "team@example.com")
    chart = next(p for p in letter.walk() if p.get_content_type() == "image/png")
    assert chart.get_content() == PNG
    page = words(letter, "html")
    assert f'src="cid:{chart["Content-ID"].strip("<>")}"' in page
    for fact in NEWS.facts:
        assert fact.text.split(";")[0] in page


def test_lines_that_begin_with_a_point_arrive_whole(mail):
    to(mail).deliver(replace(NEWS, lines=(".", "..", ".x")), None, None)
    assert "\n  .\n  ..\n  .x\n" in words(mail.handler.letters[0])


def test_who_is_refused_keeps_it_from_nobody_else(mail):
    mail.handler.recipients["gone@example.com"] = "550 no such user"
    receipt = to(mail, "gone@example.com", "desk@example.com").deliver(NEWS, None, None)
    assert receipt.detail == "refused for gone@example.com: 550 no such user"
    assert len(mail.handler.letters) == 1


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such user", True), ("450 greylisted", False)])
def test_where_all_are_refused_the_answer_decides(mail, answer, permanent):
    mail.handler.recipients["desk@example.com"] = answer
    problem = refusal(to(mail))
    assert kinds(problem) == (permanent, False, False)
    assert answer in str(problem)


def test_one_who_is_refused_for_now_is_asked_again(mail):
    mail.handler.recipients |= {"a@example.com": "550 gone", "b@example.com": "451 later"}
    assert kinds(refusal(to(mail, "a@example.com", "b@example.com"))) == (False, False, False)


def test_a_letter_that_is_refused_with_its_picture_goes_without(mail):
    mail.handler.data = ["552 too large"]
    to(mail).deliver(NEWS, None, PNG)
    assert "image/png" not in [p.get_content_type() for p in mail.handler.letters[0].walk()]


@pytest.mark.parametrize(
    ("answer", "expected"), [("451 busy", (False, False, False)), ("554 looks like spam", (True, False, True))]
)
def test_what_the_server_says_of_a_letter(mail, answer, expected):
    mail.handler.data = [answer]
    assert kinds(refusal(to(mail))) == expected


def test_a_connection_that_breaks_behind_the_letter_leaves_it_in_doubt(mail):
    mail.handler.hang_up = True
    problem = refusal(to(mail))
    assert kinds(problem) == (False, True, False)
    assert len(mail.handler.letters) == 1
    with pytest.raises(DeliveryError) as never:
        to(mail).find(NEWS, NEWS.at)
    assert never.value.permanent


def test_where_nobody_listens_it_is_tried_again():
    problem = refusal(Email(sender="a@b.example", to=("c@d.example",), host="127.0.0.1", port=9, security="none"))
    assert kinds(problem) == (False, False, False)


def test_a_password_never_goes_in_plain_sight(mail):
    problem = refusal(to(mail, security="starttls", user="cx", password=Secret(PASSWORD)))
    assert kinds(problem) == (True, False, False)
    assert "STARTTLS" in str(problem)
    with pytest.raises(ValueError, match="found none with a password"):
        Email(host="smtp.example.com", sender="a@b.example", to=("c@d.example",), security="none", password=Secret("x"))


def test_a_protected_server_is_signed_into(protected, authority):
    given = {"security": "starttls", "user": "cx", "password": Secret(PASSWORD), "ca_file": str(authority[1])}
    to(protected, **given).deliver(NEWS, None, None)
    assert len(protected.handler.letters) == 1
    wrong = refusal(to(protected, **given | {"password": Secret("guess")}))
    assert kinds(wrong) == (True, False, False)
    assert "guess" not in str(wrong)
    unknown = refusal(to(protected, **given | {"ca_file": ""}))
    assert kinds(unknown) == (True, False, False)
    assert "CERTIFICATE_VERIFY_FAILED" in str(unknown)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": ()}, "to: found nothing, expected at least one address"),
        ({"to": ("a@b.example\nBcc: x@y.example",)}, "to: found"),
        ({"sender": "cx"}, "sender: found 'cx', expected an address such as cx@example.com"),
        ({"host": "smtp.example.com"}, "security: found none for smtp.example.com, expected starttls or tls"),
        ({"timeout_s": 90.0}, "timeout_s: found 90, expected more than 0 and at most 20"),
    ],
)
def test_what_cannot_be_meant_is_refused(given, said):
    good = {"host": "127.0.0.1", "sender": "a@b.example", "to": ("c@d.example",), "security": "none"}
    with pytest.raises(ValueError, match=said.split(" (")[0]):
        Email(**good | given)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.sources = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name == "href":
                self.links.append(value)
            if name == "src":
                self.sources.append(value)


HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "MIME-Version",
    "Content-Type",
}  # fmt: skip
OURS = {
    "html", "head", "meta", "title", "style", "body", "div", "p", "span", "h1", "h2", "img", "table", "tr", "th", "td",
    "ul", "li", "a",
}  # fmt: skip


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(message=hostile)
def test_whatever_stands_in_the_data_a_letter_stays_a_letter(message):
    message = replace(
        message, key=message.title, thread=message.text, sections=(Passage(heading=message.title, lines=message.lines),)
    )
    before = Receipt(channel="email", ref=f"<a@b> {message.title}\r\nBcc: x@y.example")
    made = letter.compose(
        message,
        before,
        PNG,
        sender="cx@example.com",
        to=["a@example.com"],
        reply_to="",
        date="Mon, 2 Mar 2026 06:00:00 GMT",
    )
    content = bytes(made)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    read = message_from_bytes(content, policy=policy.default)
    assert set(read.keys()) == HEADERS
    assert len(read["Subject"]) <= 160
    page = words(read, "html")
    tags = Tags()
    tags.feed(page)
    assert tags.tags <= OURS
    assert set(tags.sources) <= {"cid:chart"}
    assert all(link.startswith(("http://", "https://")) for link in tags.links)
    for text in (page, words(read), read["Subject"]):
        assert [c for c in text if c not in "\n\u200d" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}] == []


def test_a_letter_has_the_colours_of_the_board():
    light, dark = PALETTES["light"], PALETTES["dark"]
    assert (light.ink, light.muted, light.paper, light.axis) == (letter.INK, letter.MUTED, letter.PAPER, letter.EDGE)
    assert (dark.ink, dark.paper) == (letter.DARK_INK, letter.DARK_PAPER)
    assert {tone: back for tone, (back, _) in letter.BADGES.items()} == {t: light.fill(t) for t in letter.BADGES}
