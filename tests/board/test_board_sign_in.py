"""Who is let in, as whom, and what nobody can pretend: over real HTTP, with addresses of their own on loopback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import wire
from board_served import serving

from cxmon.model import Access, Oidc, Secret, handed_over, taken
from cxmon.store import Store
from dashboards import serve

ROOT = Path(__file__).parents[2]
ANA = ("X-Forwarded-Email", "ana@example.com")
PROXY, ANYBODY = "127.0.0.2", "127.0.0.1"
SHOWN = "Nothing has been collected yet"
NOBODY = "The proxy in front of the board names nobody."
ACCESS = Access(
    editors=("ana@example.com",), viewers=("*@example.com",), departments={"ana@example.com": "CX team"},
    proxy_header="X-Forwarded-Email", trusted_proxies=(f"{PROXY}/32",),
)  # fmt: skip


@pytest.fixture(scope="module")
def bare_url(tmp_path_factory):
    """A store of which nothing has to be drawn: who is let in does not depend on it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('bare') / 'store.db'}"
    Store.open(url).close()
    return url


@pytest.fixture(scope="module")
def behind_proxy(bare_url):
    with serving(bare_url, CXMON_ACCESS=handed_over(ACCESS)) as address:
        yield address


def test_the_trusted_proxy_names_who_is_signed_in(behind_proxy):
    assert "Signed in: ana@example.com, editor, for CX team" in wire.said(behind_proxy, [ANA], source=PROXY)
    said = wire.said(behind_proxy, [("X-Forwarded-Email", "bo@example.com")], source=PROXY)
    assert "Signed in: bo@example.com, viewer" in said
    assert SHOWN in said


@pytest.mark.parametrize(
    ("headers", "source"),
    [
        ([ANA], ANYBODY),
        ([("x-forwarded-email", "ana@example.com")], ANYBODY),
        ([ANA, ("X-Forwarded-For", PROXY)], ANYBODY),
        ([ANA, ("Forwarded", f"for={PROXY}")], ANYBODY),
        ([ANA, ("X-Forwarded-Email", "eve@example.com")], PROXY),
        ([("X-Forwarded-Email", "ana@example.com,eve@example.com")], PROXY),
        ([("X-Forwarded-Email", "U012AB3CD")], PROXY),
        ([], PROXY),
    ],
)
def test_nobody_is_believed_who_only_says_so(behind_proxy, headers, source):
    said = wire.said(behind_proxy, headers, source=source)
    assert SHOWN not in said
    assert "Signed in: " not in said


def test_who_has_no_role_is_told_so_and_sees_nothing(behind_proxy):
    said = wire.said(behind_proxy, [("X-Forwarded-Email", "eve@evil.net")], source=PROXY)
    assert "Signed in as eve@evil.net. This address has no role." in said
    assert SHOWN not in said
    assert NOBODY in wire.said(behind_proxy, source=PROXY)


@pytest.fixture(scope="module")
def alone(bare_url):
    with serving(bare_url) as address:
        yield address


def test_on_loopback_the_person_at_this_machine_is_an_editor(alone):
    assert " at this machine, editor." in wire.said(alone)


def test_what_comes_through_a_proxy_without_a_sign_in_changes_nothing(alone):
    said = wire.said(alone, [("X-Forwarded-For", "203.0.113.9")])
    assert SHOWN in said
    assert "Nobody is signed in" in said


def test_a_page_elsewhere_cannot_point_its_name_at_this_machine(alone):
    assert wire.status(alone, host="evil.example") == 403
    assert wire.status(alone, host="localhost") == 101


def test_beyond_loopback_it_starts_only_with_a_sign_in(bare_url):
    command = [sys.executable, "-m", "dashboards", "--address", "0.0.0.0"]
    named = os.environ | {"CXMON_STORE_URL": bare_url}
    done = subprocess.run(command, env=named, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "0.0.0.0 is reachable by others and the configuration does not say how people sign in" in done.stderr


def test_no_view_leads_to_another_host():
    assert serve._local("//evil.example/x") == "/evil.example/x"
    assert serve._local("/\\evil.example") == "/evil.example"
    assert serve._local("https://evil.example") == "/https://evil.example"


def test_what_a_provider_needs_is_handed_over_without_a_file():
    oidc = Oidc(
        metadata_url="https://login.example.com/.well-known/openid-configuration", client_id="board",
        client_secret=Secret("of the board"), cookie_secret=Secret("c" * 40),
    )  # fmt: skip
    given = serve.secrets(
        taken(handed_over(Access(editors=("ana@example.com",), oidc=oidc))), "https://cx.example.com/"
    )
    assert given["auth"] == {
        "redirect_uri": "https://cx.example.com/oauth2callback",
        "cookie_secret": "c" * 40,
        "client_id": "board",
        "client_secret": "of the board",
        "server_metadata_url": "https://login.example.com/.well-known/openid-configuration",
    }
    assert serve.secrets(ACCESS, "https://cx.example.com") == {}
