"""A visitor without a browser: what a page says to whoever connects with these headers from this address."""

import base64
import socket
from contextlib import contextmanager
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

PATIENCE_S = 150


def said(url, headers=(), *, source="127.0.0.1", cookies=None):
    """All text of the page at `url`, over Streamlit's own websocket."""
    headers, protocols = list(headers), ["streamlit"]
    if cookies is not None:
        headers += [("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())), ("Origin", url)]
        # A page elsewhere cannot read this cookie, so it cannot say it again.
        protocols.append(cookies["_streamlit_xsrf"].strip('"'))
    with _line(url, headers, source, protocols) as line:
        return "\n".join(_words(_run(line))).replace("\\", "")


def signs_in(url, label):
    """Where a click on this button leads for signing in."""
    with _line(url) as line:
        buttons = [told.delta.new_element.button for told in _run(line) if _kind(told) == "button"]
        (button,) = [one for one in buttons if one.label == label]
        for told in _run(line, clicked=button.id):
            if told.WhichOneof("type") == "auth_redirect":
                return told.auth_redirect.url
    raise AssertionError(f"{label} led nowhere")


def status(url, *, host):
    """The HTTP status with which the websocket is opened or refused to a visitor who calls the board `host`."""
    found = urlsplit(url)
    key = base64.b64encode(bytes(16)).decode()
    lines = (
        "GET /_stcore/stream HTTP/1.1", f"Host: {host}:{found.port}", f"Origin: http://{host}:{found.port}",
        "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "",
    )  # fmt: skip
    with socket.create_connection((found.hostname, found.port), timeout=PATIENCE_S) as line:
        line.sendall("\r\n".join(lines).encode())
        return int(line.recv(200).split()[1])


@contextmanager
def _line(url, headers=(), source="127.0.0.1", protocols=("streamlit",)):
    place = url.replace("http", "ws") + "/_stcore/stream"
    with connect(
        place,
        max_size=None,
        additional_headers=headers,
        source_address=(source, 0),
        subprotocols=protocols,
        open_timeout=PATIENCE_S,
    ) as line:
        yield line


def _run(line, clicked=None):
    """Everything that one run of the page sends, after a click where one is named."""
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    if clicked is not None:
        widget = asked.rerun_script.widget_states.widgets.add()
        widget.id, widget.trigger_value = clicked, True
    line.send(asked.SerializeToString())
    found = []
    while not found or found[-1].WhichOneof("type") != "script_finished":
        told = ForwardMsg()
        told.ParseFromString(line.recv(timeout=PATIENCE_S))
        found.append(told)
    return found


def _kind(told):
    new = told.WhichOneof("type") == "delta" and told.delta.WhichOneof("type") == "new_element"
    return told.delta.new_element.WhichOneof("type") if new else None


def _words(found):
    for told in found:
        if _kind(told) in {"markdown", "heading", "alert"}:
            yield getattr(told.delta.new_element, _kind(told)).body
