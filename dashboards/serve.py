"""The board as one ASGI application: the pages behind a door that knows which proxy to believe.

`streamlit run` finds `app` here. Secrets come by environment and are handed to Streamlit in memory: no file holds them.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxmon.model import Access, taken
from dashboards import ready, shelf

LOGIN, CALLBACK = "/auth/login", "/oauth2callback"
BACK = "cxmon_back"


class Door:
    """Takes the header that names a visitor off every request that does not come from a trusted proxy itself.

    The address is the connection's own: what `X-Forwarded-For` says is never asked, since anybody may send it.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access
        self.header = access.proxy_header.lower().encode("latin-1")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and self.header and not self._trusted(scope):
            kept = [(name, value) for name, value in scope["headers"] if name.lower() != self.header]
            scope = {**scope, "headers": kept}
        await self.app(scope, receive, send)

    def _trusted(self, scope: Scope) -> bool:
        client = scope.get("client")
        return client is not None and self.access.trusts(client[0])


class WayBack:
    """After signing in the view that was asked for is shown: a link from Slack leads where it should.

    Streamlit itself leads to the first page. The view waits in a cookie while the provider asks.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.endswith((LOGIN, CALLBACK)):
            await self.app(scope, receive, send)
            return
        asked = Request(scope)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if path.endswith(LOGIN):
                    view = _view(asked.headers.get("referer", ""))
                    headers.append("set-cookie", f"{BACK}={view}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax")
                else:
                    view = unquote(asked.cookies.get(BACK, ""))
                    if view and "location" in headers:
                        headers["location"] = _local(view)
                    headers.append("set-cookie", f"{BACK}=; Path=/; Max-Age=0")
            await send(message)

        await self.app(scope, receive, sent)


def _view(referer: str) -> str:
    """The path and query of the board's page from which somebody came, as a cookie can hold it."""
    found = urlsplit(referer)
    return quote(f"{found.path}?{found.query}" if found.query else found.path, safe="")


def _local(view: str) -> str:
    """A path on this board and nowhere else: two slashes at its beginning would name another host."""
    return "/" + view.lstrip("/\\")


def secrets(access: Access, board_url: str) -> dict[str, Any]:
    """What `st.login` reads; nothing where nobody signs in at a provider."""
    if access.oidc is None:
        return {}
    return {
        "auth": {
            "redirect_uri": board_url.rstrip("/") + CALLBACK,
            "cookie_secret": access.oidc.cookie_secret.reveal(),
            "client_id": access.oidc.client_id,
            "client_secret": access.oidc.client_secret.reveal(),
            "server_metadata_url": access.oidc.metadata_url,
        }
    }


ready.get()
_access = taken(os.environ.get("CXMON_ACCESS", ""))
app = st.App(
    Path(__file__).with_name("app.py"),
    secrets=secrets(_access, os.environ.get("CXMON_BOARD_URL", "")),
    lifespan=ready.lifespan,
    middleware=[
        Middleware(Door, access=_access),
        *([Middleware(WayBack)] if _access.oidc else []),
        Middleware(shelf.Shelf, more=shelf.hints()),
    ],
)
