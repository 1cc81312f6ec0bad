"""Where a source may reach, and the client that reaches it, imported when it is needed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cxmon.feeds.auth import Auth
from cxmon.feeds.exchange import Limits

if TYPE_CHECKING:
    from cxmon.feeds.client import Client


def checked_base(base_url: str, *, allow_private: bool) -> None:
    """ValueError where `base_url` is no address that a token may be sent to."""
    expected = "an address such as https://api.example.com"
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"base_url: found an address that cannot be read, expected {expected}") from None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise ValueError(f"base_url: found something else, expected {expected}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("base_url: found credentials in it, expected them under auth")
    if parts.scheme == "http" and not allow_private:
        raise ValueError("base_url: found http, which shows the credentials to everybody, expected https")


def checked_ticket_url(ticket_url: str) -> None:
    """ValueError where `ticket_url` is no address of a record in the vendor's own system."""
    if ticket_url and (not ticket_url.startswith("https://") or "{id}" not in ticket_url):
        expected = "an https address with {id} in it, such as https://desk.example.com/tickets/{id}"
        raise ValueError(f"ticket_url: found {ticket_url[:60]!r}, expected {expected}")


def opened(
    name: str,
    base_url: str,
    auth: Auth | None,
    *,
    limits: Limits,
    allow_private: bool,
    headers: Mapping[str, str] | None = None,
    ca_file: str = "",
) -> "Client":
    """A client of one host; use it as a context manager. `ca_file`: only certificates that it vouches for are taken."""
    # `cxmon validate` reads sources without asking them, and requests takes a while to load.
    from cxmon.feeds.client import Client  # noqa: PLC0415

    return Client(name, base_url, auth, limits=limits, allow_private=allow_private, headers=headers, ca_file=ca_file)
