"""Connections that go where they may only: the address that was checked is the one that is connected to.

A name is looked up once for each connection, in this process, so that an answer that changes between the check and the
connection (DNS rebinding) changes nothing. Proxies of the environment are not used: they would look it up themselves.
"""

import ipaddress
import socket
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from cxmon.errors import SourceError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses of the other family that carry an IPv4 address in their last 32 bits (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether an address belongs to the internet: neither private, loopback, link-local nor otherwise reserved."""
    address: _Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            address = inside
    return address.is_global and not address.is_multicast


def adapter(*, name: str, allow_private: bool) -> HTTPAdapter:
    """What a `requests` session mounts for http and https."""
    return _Adapter(name=name, allow_private=allow_private)


class _Adapter(HTTPAdapter):
    def __init__(self, *, name: str, allow_private: bool) -> None:
        self._pools = _pools(name=name, allow_private=allow_private)
        # Repeating is the client's own: it knows which answers are worth it.
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        self.poolmanager = urllib3.PoolManager(num_pools=connections, maxsize=maxsize, block=block, **more)
        self.poolmanager.pool_classes_by_scheme = self._pools


def _pools(*, name: str, allow_private: bool) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, name=name, allow_private=allow_private)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, name=name, allow_private=allow_private)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connected(connection: HTTPConnection, *, name: str, allow_private: bool) -> socket.socket:
    """A socket to the first allowed address of the connection's host that answers."""
    host, port = connection.host.strip("[]"), connection.port or connection.default_port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        problem = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
        raise NameResolutionError(host, connection, problem) from None
    allowed = [entry for entry in found if allow_private or is_public(str(entry[4][0]))]
    if not allowed:
        raise SourceError(
            f"{name}: {host} is the address {found[0][4][0]}, which is not on the internet; "
            "`allow_private: true` of the source allows it"
        )
    failure: OSError | None = None
    for family, kind, protocol, _, address in allowed:
        sock = socket.socket(family, kind, protocol)
        try:
            for option in connection.socket_options or ():
                sock.setsockopt(*option)
            if isinstance(connection.timeout, int | float):
                sock.settimeout(connection.timeout)
            sock.connect(address)
        except OSError as error:
            failure = error
            sock.close()
        else:
            return sock
    raise NewConnectionError(connection, f"no connection: {failure}")
