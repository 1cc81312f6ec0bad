"""Do people sign in as they should? A real provider, a real proxy and a real browser, all on loopback.

    python benchmarks/sign_in.py         # needs the extra oidc and a Chromium; some twenty seconds

First a small OpenID Connect provider signs in four people, of whom one has a role, over Streamlit's own sign-in. Then
Chromium comes through a proxy that names an editor, answers a decision and signs a proposal, comes as a viewer and is
told why not, and comes without the proxy with the header that the proxy would send. Each line says what was seen; the
command ends with 1 where anything else was.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.sync_api import sync_playwright
from pytest_httpserver import HTTPServer

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "board"))

import wire
import worlds
from conftest import BROWSERS, serving
from provider import Provider

from cxmon.model import Access, Oidc, Secret, handed_over
from cxmon.store import Store

EDITOR, VIEWER = "ana@example.com", "bo@example.com"
PROXY = "127.0.0.2"
ACCESS = Access(
    editors=(EDITOR,), viewers=("*@example.com",), departments={EDITOR: "CX team"},
    proxy_header="X-Forwarded-Email", trusted_proxies=(f"{PROXY}/32",),
)  # fmt: skip
failures = []


def seen(what, ok):
    print(f"{'ok    ' if ok else 'FAILED'} {what}", flush=True)
    if not ok:
        failures.append(what)


def at_a_provider(url):
    with HTTPServer() as server:
        provider = Provider(server, "board", "of the board")
        oidc = Oidc(
            metadata_url=f"{provider.issuer}/.well-known/openid-configuration", client_id="board",
            client_secret=Secret("of the board"), cookie_secret=Secret("c" * 40),
        )  # fmt: skip
        with serving(url, CXMON_ACCESS=handed_over(Access(editors=(EDITOR,), oidc=oidc))) as address:
            seen("nobody is let in without signing in", "Sign in to see the board." in wire.said(address))
            for claims, told in (
                ({"email": EDITOR, "email_verified": False}, f"has not verified the address {EDITOR}"),
                ({"email": "eve@example.net"}, "Signed in as eve@example.net. This address has no role."),
                ({}, "The provider gave no e-mail address"),
                ({"email": EDITOR.capitalize(), "email_verified": True}, f"Signed in: {EDITOR.capitalize()}, editor"),
            ):
                provider.claims = claims
                held = _signed_in(address)
                seen(f"{claims or 'no claims'}: {told}", told in wire.said(address, cookies=held))
            forged = held | {"_streamlit_user": "x" + held["_streamlit_user"]}
            seen("a forged cookie is nobody's", "Signed in: " not in wire.said(address, cookies=forged))


def _signed_in(address):
    with requests.Session() as visitor:
        view = f"{address}/decision?change=refunds"
        visitor.headers["Referer"] = view
        back = visitor.get(address + wire.signs_in(address, "Sign in"), timeout=30)
        seen("after signing in the view is the one that was asked for", back.url == view)
        visitor.get(f"{address}/_stcore/health", timeout=30)
        return visitor.cookies.get_dict()


@contextmanager
def proxy(target, header, source):
    """A proxy on loopback that adds a header line to what each connection asks first."""
    host, port = target.removeprefix("http://").split(":")
    loop = asyncio.new_event_loop()

    async def pipe(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def visit(reader, writer):
        there, back = await asyncio.open_connection(host, int(port), local_addr=(source, 0))
        first, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        rest = rest if b"upgrade" in rest.lower() else rest.replace(b"keep-alive", b"close")
        back.write(first + b"\r\n" + header.encode() + b"\r\n" + rest)
        await asyncio.gather(pipe(reader, back), pipe(there, writer))

    server = loop.run_until_complete(asyncio.start_server(visit, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def in_a_browser(url):
    found = os.environ.get("CXMON_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)))
    flags = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
    with (
        serving(url, CXMON_ACCESS=handed_over(ACCESS)) as address,
        proxy(address, f"X-Forwarded-Email: {EDITOR}", PROXY) as as_editor,
        proxy(address, f"X-Forwarded-Email: {VIEWER}", PROXY) as as_viewer,
        proxy(address, f"X-Forwarded-Email: {EDITOR}", "127.0.0.1") as pretended,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        page = _opened(browser, as_editor, "Record")
        page.get_by_role("textbox", name="Why").fill("customers are content")
        page.get_by_role("button", name="Record").click()
        page.get_by_text("Recorded: Keep, for CX team.").wait_for()
        seen("an editor answers a decision, for the department that the configuration names", True)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{as_viewer}/decision?change=refunds")
        page.get_by_text("Only editors may answer a decision; you are a viewer.").wait_for()
        seen("a viewer is told why not, and has no form", page.get_by_role("button", name="Record").count() == 0)
        page.goto(f"{pretended}/decision?change=refunds")
        page.get_by_text("The proxy in front of the board names nobody.").wait_for()
        seen("who only sends the proxy's header sees nothing", page.get_by_text("Refunds").count() == 0)
        browser.close()
    with Store.open(url, read_only=True) as store:
        (signed,) = store.audit.all("refunds")
        (said,) = store.changes.responses("refunds")
    seen(f"the trail has {signed.who}, the record {said.by}", (signed.who, said.by) == (EDITOR, "CX team"))


def _opened(browser, address, button):
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{address}/decision?change=refunds")
    page.get_by_role("button", name=button).wait_for()
    return page


def main():
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        worlds.seed(url)
        at_a_provider(url)
        in_a_browser(url)
    print(f"{len(failures)} of the expectations failed" if failures else "all as expected")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
