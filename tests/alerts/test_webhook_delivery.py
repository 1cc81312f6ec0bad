"""Signed requests to a real HTTP server: what a receiver checks, and each answer as what it is."""

import hashlib
import hmac
import json
import socket
import sys
import threading
import time
import unicodedata
from dataclasses import replace

import pytest
from alert_samples import messages
from hypothesis import Phase, given, settings
from test_alert_hostile import hostile
from werkzeug import Response

from cxmon.alerts import Apprise, Webhook, payload
from cxmon.errors import DeliveryError
from cxmon.model import Passage, Receipt, Secret

NEWS = messages()["incident-watch"]
KEY = "0123456789abcdef0123456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n"


def hook(url, **more):
    given = {"secret": Secret(KEY), "allow_private": True, "timeout_s": 2.0} | more
    return Webhook(url=Secret(url), **given)


def refusal(channel):
    with pytest.raises(DeliveryError) as found:
        channel.deliver(NEWS, None, None)
    return found.value


def kinds(problem):
    return problem.permanent, problem.in_doubt, problem.payload


def test_a_receiver_can_check_who_sent_it_and_when(httpserver):
    httpserver.expect_request("/signed", method="POST").respond_with_data("", status=202)
    channel = hook(httpserver.url_for("/signed"), token=Secret("let me in"))
    assert channel.deliver(NEWS, None, PNG).ref == "202"
    ((request, _),) = httpserver.log
    at, content = request.headers["X-Cxmon-Timestamp"], request.get_data()
    signed = hmac.new(KEY.encode(), b"v1:" + at.encode() + b":" + content, hashlib.sha256).hexdigest()
    assert request.headers["X-Cxmon-Signature"] == f"v1={signed}"
    assert abs(time.time() - int(at)) < 60
    assert request.headers["Idempotency-Key"] == NEWS.key
    assert request.headers["Authorization"] == "Bearer let me in"
    told = json.loads(content)
    assert (told["schema"], told["key"], told["story"], told["update"]) == (
        "cxmon.message.v1", NEWS.key, NEWS.thread, False,
    )  # fmt: skip
    assert told["title"] == NEWS.title
    assert told["facts"][0] == {"label": NEWS.facts[0].label, "text": NEWS.facts[0].text}
    assert told["incident"] == next(a.value for a in NEWS.actions if a.name == "acknowledge")
    assert told["picture"] is None


def test_the_documented_keys_are_the_keys(httpserver):
    found = payload.document(NEWS, update=True, picture=PNG)
    assert list(found) == [
        "schema", "key", "story", "update", "at", "tone", "badge", "title", "text", "reply", "lines", "facts",
        "sections", "metric", "segment", "change", "incident", "records", "link", "footer", "plain", "picture",
    ]  # fmt: skip
    assert set(found["picture"]) == {"type", "base64", "alt"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, (True, False, True)), (401, (True, False, False)), (404, (True, False, False)),
        (410, (True, False, False)), (422, (True, False, True)), (500, (False, False, False)),
        (503, (False, False, False)),
    ],
)  # fmt: skip
def test_what_an_answer_means(httpserver, status, expected):
    httpserver.expect_request("/in").respond_with_json({"error": "so it is"}, status=status)
    problem = refusal(hook(httpserver.url_for("/in")))
    assert kinds(problem) == expected
    assert str(problem) == f"the webhook answered {status} (so it is)"


def test_the_wait_that_is_asked_for_is_kept(httpserver):
    httpserver.expect_request("/in").respond_with_data("", status=429, headers={"Retry-After": "120"})
    problem = refusal(hook(httpserver.url_for("/in")))
    assert (kinds(problem), problem.retry_after) == ((False, False, False), 120.0)


def test_a_redirect_is_told_and_not_followed(httpserver):
    httpserver.expect_request("/in").respond_with_data("", status=307, headers={"Location": "https://evil.example/x"})
    problem = refusal(hook(httpserver.url_for("/in")))
    assert kinds(problem) == (True, False, False)
    assert "a redirect to evil.example" in str(problem)
    assert len(httpserver.log) == 1


def test_a_redirect_to_no_address_is_told_like_any_other():
    def answer(listening):
        asked, _ = listening.accept()
        with asked:
            asked.recv(65_536)
            asked.sendall(b"HTTP/1.1 307 There\r\nLocation: http://[evil\r\nContent-Length: 0\r\n\r\n")
            asked.recv(65_536)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        problem = refusal(hook(f"http://127.0.0.1:{listening.getsockname()[1]}/in"))
    assert kinds(problem) == (True, False, False)
    assert str(problem) == "the webhook answered with a redirect to no address"


def test_without_an_answer_it_is_in_doubt(httpserver):
    done = threading.Event()

    def late(_):
        done.wait(5)
        return Response("")

    httpserver.expect_request("/in").respond_with_handler(late)
    problem = refusal(hook(httpserver.url_for("/in"), timeout_s=0.2))
    done.set()
    assert kinds(problem) == (False, True, False)
    # The server's late answer belongs to this test, not to the next one.
    while not httpserver.log:
        time.sleep(0.01)
    with pytest.raises(DeliveryError) as never:
        hook(httpserver.url_for("/in")).find(NEWS, NEWS.at)
    assert never.value.permanent


def test_where_nobody_listens_it_is_tried_again():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert kinds(refusal(hook(f"http://127.0.0.1:{port}/in"))) == (False, False, False)


def test_an_address_of_the_house_needs_a_word():
    problem = refusal(hook("https://127.0.0.1:1/in?key=hidden", allow_private=False))
    assert kinds(problem) == (True, False, False)
    assert "`allow_private: true` of the channel" in str(problem)
    assert "hidden" not in str(problem)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "http://hooks.example.com/x", "allow_private": False}, "url: found something else"),
        ({"url": "https://user:pass@hooks.example.com/x"}, "url: found something else"),
        ({"secret": Secret("short")}, "secret: found something shorter, expected at least 16 characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_saying_it(given, said):
    with pytest.raises(ValueError, match=said) as found:
        hook(given.pop("url", "https://hooks.example.com/x"), **given)
    assert "pass@" not in str(found.value)


def strings(found):
    if isinstance(found, dict):
        for value in found.values():
            yield from strings(value)
    elif isinstance(found, list):
        for value in found:
            yield from strings(value)
    elif isinstance(found, str):
        yield found


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(message=hostile)
def test_whatever_stands_in_the_data_it_is_json_and_clean(message):
    message = replace(message, key=message.title, sections=(Passage(heading=message.title, lines=message.lines),))
    content = payload.body(message, update=True, picture=PNG)
    for text in strings(json.loads(content)):
        assert [c for c in text if c not in "\n\u200d" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}] == []
    header = payload.header(message.key)
    assert header.isascii()
    assert header.isprintable()


# What apprise itself imports is its own affair.
of_apprise = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def service(httpserver, path="in"):
    return Apprise(url=Secret(f"json://cx:hidden@{httpserver.host}:{httpserver.port}/{path}"))


@of_apprise
def test_a_service_of_apprise_gets_title_words_and_link(httpserver):
    httpserver.expect_request("/in").respond_with_data("")
    service(httpserver).deliver(replace(NEWS, reply="Much worse"), Receipt(channel="apprise", ref="json://"), PNG)
    told = httpserver.log[0][0].get_json()
    assert told["title"].endswith(NEWS.title)
    assert told["type"] == "warning"
    assert told["message"].startswith("Much worse\n")
    assert told["message"].splitlines()[-1] == NEWS.link


@of_apprise
def test_no_name_calls_anyone_at_a_service_of_apprise(httpserver):
    httpserver.expect_request("/in").respond_with_data("")
    called = "@everyone <!channel> [x](http://evil.example) `x`"
    service(httpserver).deliver(replace(NEWS, title=called, lines=(called,), facts=()), None, None)
    told = httpserver.log[0][0].get_json()
    for mark in "@<>[]`":
        assert mark not in told["title"] + told["message"].removesuffix(NEWS.link)


@of_apprise
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, (True, False, False)),
        (413, (True, False, True)),
        (429, (False, False, False)),
        (500, (False, False, False)),
    ],
)
def test_what_a_service_of_apprise_answers(httpserver, status, expected, caplog, capfd):
    httpserver.expect_request("/in").respond_with_data("", status=status)
    problem = refusal(service(httpserver))
    assert kinds(problem) == expected
    assert str(problem) == f"json:// answered {status}"
    assert "hidden" not in caplog.text + "".join(capfd.readouterr())


def test_without_apprise_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    problem = refusal(Apprise(url=Secret("pagerduty://key@api")))
    assert kinds(problem) == (True, False, False)
    assert str(problem) == "apprise is not installed; pip install 'cxmon[apprise]'"


@of_apprise
def test_an_address_that_apprise_does_not_know_is_told_without_it(capfd):
    problem = refusal(Apprise(url=Secret("nonsense://hidden/secret")))
    assert str(problem) == "apprise does not know this nonsense:// address; see its page of it"
    assert "hidden" not in "".join(capfd.readouterr())
    with pytest.raises(ValueError, match="url: found something else"):
        Apprise(url=Secret("hidden"))
