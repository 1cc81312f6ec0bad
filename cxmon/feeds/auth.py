"""How a request says who asks. What is secret comes from the environment and is never printed."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Literal, Protocol

from cxmon.model import Token


class Auth(Protocol):
    """What goes with every request: headers, and query parameters."""

    def headers(self) -> dict[str, str]: ...

    def params(self) -> dict[str, str]: ...


def _given(name: str, value: Token | str) -> None:
    text = value if isinstance(value, str) else value.reveal()
    if not text or not text.isprintable():
        raise ValueError(
            f"{name}: found {'nothing' if not text else 'control characters'}, expected what the vendor gave"
        )


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """`Authorization: Bearer ...` with `token`."""

    type: Literal["bearer"] = "bearer"
    token: Token

    def __post_init__(self) -> None:
        _given("token", self.token)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token.reveal()}"}

    def params(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Basic:
    """HTTP basic authentication: `user` and `password`; many vendors take a key as `user` and any or no password."""

    type: Literal["basic"] = "basic"
    user: Token
    password: Token = field(default_factory=lambda: Token(""))

    def __post_init__(self) -> None:
        _given("user", self.user)

    def headers(self) -> dict[str, str]:
        pair = f"{self.user.reveal()}:{self.password.reveal()}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}

    def params(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header of its own: `name` is the header's, `value` what it holds."""

    type: Literal["header"] = "header"
    name: str
    value: Token

    def __post_init__(self) -> None:
        _given("value", self.value)
        if not self.name.replace("-", "").isalnum():
            raise ValueError(f"name: found {self.name!r}, expected the name of a header such as X-Api-Key")

    def headers(self) -> dict[str, str]:
        return {self.name: self.value.reveal()}

    def params(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query parameter: `name` is the parameter's, `value` what it holds."""

    type: Literal["query"] = "query"
    name: str
    value: Token

    def __post_init__(self) -> None:
        _given("value", self.value)
        _given("name", self.name)

    def headers(self) -> dict[str, str]:
        return {}

    def params(self) -> dict[str, str]:
        return {self.name: self.value.reveal()}


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749, 4.4): `client_id` and `client_secret` are exchanged at `token_url` for a
    token that goes with every request, and for another one when it has run out.

    `token_url` is a path below base_url, or an https address. `scope` is what the token is asked to allow.
    """

    type: Literal["client_credentials"] = "client_credentials"
    token_url: str
    client_id: Token
    client_secret: Token
    scope: str = ""

    def __post_init__(self) -> None:
        _given("client_id", self.client_id)
        _given("client_secret", self.client_secret)
        if not self.token_url or ("://" in self.token_url and not self.token_url.startswith("https://")):
            raise ValueError("token_url: found something else, expected a path below base_url or an https address")

    def headers(self) -> dict[str, str]:
        return {}

    def params(self) -> dict[str, str]:
        return {}

    @property
    def form(self) -> dict[str, str]:
        """What is sent to `token_url`."""
        asked = {
            "grant_type": "client_credentials",
            "client_id": self.client_id.reveal(),
            "client_secret": self.client_secret.reveal(),
        }
        return asked | ({"scope": self.scope} if self.scope else {})
