"""What must never happen over HTTP: a certificate that nobody vouches for, a body without an end, a token elsewhere."""

import contextlib
import gzip
import re
import resource
import socket
import ssl
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import replace

import pytest
import trustme
from test_rest_source import STREAM, answers, asked, ids, rest
from vendor_stub import Desk, Reply, Vendor, serving

from cxmon import feeds
from cxmon.errors import SourceError
from cxmon.feeds.client import Client
from cxmon.feeds.exchange import asked_to_wait
from cxmon.model import Token
from cxmon.sources import Rest

REFUSED = (
    "desk: page 1 of GET answers: the certificate was not accepted: {} (`ca_file` names a company's own authority)"
)
LIMITS = feeds.Limits(first_wait_s=0.001, retries=1, timeout_s=0.4, most_bytes=1_000_000)


def pages(vendor, limits=LIMITS, base=None, **more):
    with Client("desk", base or vendor.url, None, limits=limits, **({"allow_private": True} | more)) as client:
        return list(feeds.read(client, STREAM.stream("answers"), asked()))


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@contextmanager
def behind(context):
    with serving(Desk(answers(2))) as vendor:
        vendor._server.socket = context.wrap_socket(vendor._server.socket, server_side=True)
        yield vendor


@pytest.fixture
def secured(authority):
    """A vendor behind TLS, with a certificate that the company's own authority signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with behind(context) as vendor:
        yield vendor


def secure(vendor, **more):
    return replace(rest(vendor), base_url=vendor.url.replace("http:", "https:"), **more)


def test_a_certificate_that_nobody_vouches_for_is_refused_with_one_clear_error(secured, tmp_path):
    with pytest.raises(SourceError) as told:
        list(secure(secured).fetch(asked()))
    assert str(told.value) == REFUSED.format("unable to get local issuer certificate")
    assert secured.seen == [], "nothing was sent, a token least of all"
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(SourceError, match="the certificate was not accepted"):
        list(secure(secured, ca_file=str(other)).fetch(asked()))


def test_a_certificate_that_signed_itself_is_refused(authority, tmp_path):
    file, context = tmp_path / "self.pem", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    context.load_cert_chain(file)
    with behind(context) as vendor, pytest.raises(SourceError) as told:
        list(secure(vendor).fetch(asked()))
    assert str(told.value) == REFUSED.format("self-signed certificate")
    assert vendor.seen == []


def test_a_company_s_own_authority_is_taken_where_it_is_named(secured, authority, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    assert ids(secure(secured, ca_file=str(file)).fetch(asked())) == ["0", "1"]
    elsewhere = secured.url.replace("http:", "https:").replace("127.0.0.1", "localhost")
    with pytest.raises(SourceError, match="the certificate was not accepted: Hostname mismatch"):
        pages(secured, base=elsewhere, ca_file=str(file))


def test_a_file_of_certificates_that_is_none_is_told_before_anything_is_sent(secured, tmp_path):
    words = tmp_path / "words.pem"
    words.write_text("these are words")
    with pytest.raises(SourceError, match=r"desk: ca_file .*words\.pem holds no certificate in PEM form"):
        list(secure(secured, ca_file=str(words)).fetch(asked()))
    with pytest.raises(SourceError, match=r"desk: ca_file .*none\.pem cannot be read: No such file"):
        list(secure(secured, ca_file=str(tmp_path / "none.pem")).fetch(asked()))
    assert secured.seen == []


class Endless(Reply):
    """Sends `piece` over and over, until nobody listens: `sent` says how much that was."""

    def __init__(self, piece, *, every_s=0.0, **headers):
        super().__init__(piece, **headers)
        self.every_s, self.sent, self.over = every_s, 0, threading.Event()

    def send(self, handler):
        handler.send_response(200)
        for name, value in self.headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        try:
            while self.sent < 10_000_000_000:
                handler.wfile.write(self.body)
                self.sent += len(self.body)
                time.sleep(self.every_s)
        except OSError:
            pass
        handler.close_connection = True
        self.over.set()


def zeros():
    """What unpacks to 10 MB of zeros, and may stand after itself as often as one likes."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)


HEAD = gzip.compress(b"")[:10]
ENDLESS = {
    "10 GB, announced": lambda: Endless(b"0," * 50_000, Content_Length="10000000000"),
    "without a length": lambda: Endless(b"0," * 50_000),
    "a bomb": lambda: Endless(zeros(), Content_Encoding="gzip"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_body_without_an_end_costs_neither_time_nor_memory(kind):
    reply = ENDLESS[kind]()
    if kind == "a bomb":
        # A gzip file begins with its header once.
        whole, reply.body = reply.body, HEAD + reply.body
        assert len(whole) * 1000 < 15_000_000, "10 GB in a few megabytes"
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with Vendor(answers=lambda _, __: reply) as vendor:
        with pytest.raises(SourceError, match=r"the answer was longer than 1,000,000 bytes; ask for smaller pages"):
            pages(vendor)
        assert reply.over.wait(5)
        assert len(vendor.seen) == 1, "what is too long once is not asked for again"
    assert reply.sent < 20_000_000
    assert time.monotonic() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_a_body_that_drips_is_given_up():
    drip = Endless(b" ", every_s=0.05)
    said = "an answer that does not come to its end; tried 2 times"
    with Vendor(answers=lambda _, __: drip) as vendor, pytest.raises(SourceError, match=said):
        pages(vendor, replace(LIMITS, timeout_s=0.1))
    assert drip.sent < 100


def test_a_token_goes_to_no_other_port_of_the_same_machine():
    with serving(Desk(answers())) as other, serving(Desk(answers())) as vendor:
        for reply in (
            Reply("", 307, Location=f"{other.url}/answers"),
            Reply("", 302, Location=f"//127.0.0.1:{other.url.rpartition(':')[2]}/answers"),
        ):
            vendor.faults = [reply]
            with pytest.raises(SourceError, match=r"desk: a link to http://127\.0\.0\.1:\d+ was not followed"):
                list(rest(vendor).fetch(asked()))
    assert other.seen == []


def test_a_redirect_to_an_inner_address_is_refused_by_its_host_whatever_is_allowed():
    with serving(Desk(answers())) as vendor:
        for inner in (
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://10.0.0.1/",
            "file:///etc/passwd",
        ):
            vendor.faults = [Reply("", 302, Location=inner)]
            with pytest.raises(SourceError, match="was not followed"):
                list(rest(vendor).fetch(asked()))


def test_redirects_without_an_end_are_given_up():
    with Vendor(answers=lambda _, __: Reply("", 302, Location="/answers")) as vendor:
        with pytest.raises(SourceError, match="more than 5 redirects"):
            pages(vendor)
        assert len(vendor.seen) == 6


@pytest.mark.parametrize("address", ["https://127.0.0.1:1", "https://[::1]:1", "https://10.0.0.1", "https://[fe80::1]"])
def test_addresses_inside_are_refused_before_a_connection_is_made(address):
    source = Rest(base_url=address, streams={"answers": STREAM})
    with pytest.raises(
        SourceError, match=r"which is not on the internet; `allow_private: true` of the source allows it"
    ):
        list(source.fetch(asked()))


@pytest.mark.parametrize("token_url", ["", "https://nobody.invalid/token"])
def test_a_host_without_an_address_is_given_up_at_the_second_attempt_and_named(token_url):
    """The names end in .invalid, which no resolver may know (RFC 6761)."""
    host, auth, began = "nowhere.invalid", None, time.monotonic()
    with contextlib.suppress(socket.gaierror):
        pytest.skip(f"somebody answers for names that cannot be: {socket.getaddrinfo(host, 443)}")
    if time.monotonic() - began > 2:
        pytest.skip("the resolver takes its time to find no name, which is an attempt less")
    if token_url:
        auth = feeds.ClientCredentials(client_id=Token("a"), client_secret=Token("b"), token_url=token_url)
        host = "nobody.invalid"
    limits = replace(LIMITS, retries=5)
    client = Client("desk", "https://nowhere.invalid/v1", auth, limits=limits)
    with client, pytest.raises(SourceError) as told:
        list(feeds.read(client, STREAM.stream("answers"), asked()))
    found = re.sub(r"\(.+\)", "(...)", str(told.value))
    said = f"no address was found for the host {host} (...): is the name right?; tried 2 times"
    assert found == f"desk: page 1 of GET answers: {said}"


def test_a_name_that_a_slow_resolver_does_not_know_is_not_looked_up_by_each_stream(monkeypatch):
    """Here every resolver is a slow one: two streams of a source, which each open a session of their own."""
    host, asked_for, look_up = "slow-to-be-unknown.invalid", [], socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, *more, **how: [asked_for.append(name), look_up(name, *more, **how)][1]
    )
    with contextlib.suppress(socket.gaierror):
        pytest.skip(f"somebody answers for names that cannot be: {look_up(host, 443)}")
    said = []
    for _ in range(2):
        client = Client("desk", f"https://{host}/v1", None, limits=replace(LIMITS, retries=5, slow_lookup_s=0.0))
        with client, pytest.raises(SourceError) as told:
            list(feeds.read(client, STREAM.stream("answers"), asked()))
        said.append(str(told.value))
    assert asked_for == [host]
    assert said[0] == said[1]
    assert said[0].endswith(": is the name right?; tried once")


STAMP = {"Date": "Mon, 01 Jun 2026 00:00:00 GMT"}


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "7"}, 7),
        (503, {"Retry-After": "Mon, 01 Jun 2026 00:00:07 GMT", **STAMP}, 7),
        (503, {"Retry-After": "Mon, 01 Jun 2026 00:00:07 GMT"}, None),
        (429, {"Retry-After": "nan", "X-RateLimit-Retry-After": "3"}, None),
        (429, {"X-RateLimit-Retry-After": "3"}, 3),
        (429, {"X-RateLimit-Reset": "1780272005", **STAMP}, 5),
        (429, {"X-RateLimit-Reset": "1780272005000", **STAMP}, 5),
        (429, {"X-RateLimit-Reset": "2026-06-01T00:00:05Z", **STAMP}, 5),
        (429, {"X-Rate-Limit-Reset": "5"}, 5),
        (429, {"RateLimit-Reset": "0"}, None),
        (429, {"X-RateLimit-Reset": "1780272000", **STAMP}, None),
        (500, {"X-RateLimit-Reset": "1780272005", **STAMP}, None),
        (429, {"X-RateLimit-Reset": "soon"}, None),
    ],
)
def test_a_wait_is_read_in_each_form_that_a_vendor_documents(status, headers, wait):
    assert asked_to_wait(status, headers) == wait


def test_a_list_that_is_null_has_no_entries_unless_something_went_wrong():
    swept = replace(STREAM, swept_by=("at",))
    with serving(Desk(answers(3))) as vendor, Client("desk", vendor.url, None, allow_private=True) as client:
        *_, last = feeds.read(client, swept.stream("answers"), asked())
        vendor.faults = [Reply({"data": None, "errors": None, "meta": {"next": None, "more": False}})]
        [page] = feeds.read(client, swept.stream("answers"), replace(asked(), cursor=last.cursor))
        assert (len(page.upserts), page.complete) == (0, True)
        assert page.sweep is None, "of what is not there nothing is taken away"
        for wrong in ({"data": None, "errors": [{"message": "no"}]}, {"data": None, "message": "no"}, {"meta": None}):
            vendor.faults = [Reply(wrong)]
            with pytest.raises(SourceError, match="nothing where the list of records belongs"):
                list(feeds.read(client, swept.stream("answers"), asked()))
