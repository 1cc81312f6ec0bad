"""Who has which role, and who may do what."""

import pytest

from cxmon.config import load
from cxmon.model import Access, Act, Allowed, Refused, Role, may

CONFIG = """\
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat: {source: answers, kind: proportion, better: higher, matters: 2pt, read: {time: day, value: satisfied}}
access:
  editors: [Ana@Example.com, U012AB3CD, "*@cx.example.com"]
  viewers: ["*@example.com", "W09ZZ8YYX"]
  departments: {Ana@Example.com: CX team, "*@cx.example.com": CX agency}
  proxy_header: X-Forwarded-Email
  trusted_proxies: [10.0.0.0/8, "::1"]
"""


@pytest.fixture(scope="module")
def access(tmp_path_factory):
    path = tmp_path_factory.mktemp("access") / "cxmon.yaml"
    path.write_text(CONFIG)
    return load(path, environ={}).access


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("ana@example.com", Role.EDITOR),
        ("ANA@example.COM", Role.EDITOR),
        ("bo@cx.example.com", Role.EDITOR),
        ("bo@example.com", Role.VIEWER),
        ("U012AB3CD", Role.EDITOR),
        ("u012ab3cd", Role.NONE),
        ("W09ZZ8YYX", Role.VIEWER),
        ("U999", Role.NONE),
        ("@example.com", Role.NONE),
        ("bo@notexample.com", Role.NONE),
        ("bo@example.com.evil.net", Role.NONE),
        ("evil@evil.net@example.com", Role.NONE),
        ("evil@evil.net,bo@example.com", Role.NONE),
        ("*@cx.example.com", Role.NONE),
        ("", Role.NONE),
        ("  ", Role.NONE),
    ],
)
def test_a_role_belongs_to_exactly_those_who_are_named(access, who, role):
    assert access.role(who) is role


def test_a_star_is_everybody_who_signs_in_and_nobody_else():
    access = Access(viewers=("*",))
    assert access.role("bo@elsewhere.net") is Role.VIEWER
    assert access.role("") is Role.NONE
    assert Access().role("bo@elsewhere.net") is Role.NONE
    assert not Access()


def test_records_carry_a_department(access):
    assert access.department("ana@example.com") == "CX team"
    assert access.department("kim@cx.example.com") == "CX agency"
    assert access.department("bo@example.com") == ""


@pytest.mark.parametrize("act", list(Act))
def test_viewers_see_ask_and_propose_and_editors_do_the_rest(act):
    assert may(Role.EDITOR, act) == Allowed(role=Role.EDITOR, act=act)
    assert isinstance(may(Role.NONE, act), Refused)
    of_viewers = act in {Act.SEE, Act.ASK, Act.PLAN, Act.PROPOSE}
    assert isinstance(may(Role.VIEWER, act), Allowed if of_viewers else Refused)


def test_a_refusal_is_a_sentence():
    assert may(Role.VIEWER, Act.ACKNOWLEDGE).reason == "Only editors may acknowledge an incident; you are a viewer."
    assert may(Role.NONE, Act.SEE).reason == (
        "Only those whom the configuration names under access may see the figures; you are not among them."
    )


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("::1", True),
        ("11.1.2.3", False),
        ("127.0.0.1", False),
        ("10.1.2.3.4", False),
        ("", False),
    ],
)
def test_a_header_is_believed_from_the_named_networks_only(access, address, trusted):
    assert access.trusts(address) is trusted
