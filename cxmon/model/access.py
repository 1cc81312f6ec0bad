"""Who may do what: people as a sign-in knows them, two roles, and the one rule that says yes or no."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from ipaddress import ip_address, ip_network

from cxmon.model.secret import Secret


class Role(StrEnum):
    NONE = "none"
    VIEWER = "viewer"
    EDITOR = "editor"


class Act(StrEnum):
    """What a person may want to do; the value completes "only editors may ..."."""

    SEE = "see the figures"
    ASK = "ask for a figure"
    PLAN = "ask what could be seen, and when"
    PROPOSE = "propose a change"
    NOTE = "add a note"
    ASSIGN = "assign an incident"
    ACKNOWLEDGE = "acknowledge an incident"
    SILENCE = "silence alerts"
    LEAVE_OUT = "leave out a one-off"
    ACCEPT = "accept a new level"
    NOT_REAL = "mark an alert as not real"
    RESPOND = "answer a decision"
    REVIEW = "review a proposed change"
    SIGN = "sign the limits of a change and put it live"


# What changes nothing that figures or verdicts rest on; a proposal is judged by nobody until an editor signs it.
_OF_VIEWERS = frozenset({Act.SEE, Act.ASK, Act.PLAN, Act.PROPOSE})


@dataclass(frozen=True, kw_only=True)
class Allowed:
    role: Role
    act: Act


@dataclass(frozen=True, kw_only=True)
class Refused:
    """`reason` is a sentence for the one who was refused."""

    role: Role
    act: Act
    reason: str


def may(role: Role, act: Act) -> Allowed | Refused:
    """Whether somebody in `role` may `act`: viewers see, ask and propose; everything else is for editors."""
    if role is Role.EDITOR or (role is Role.VIEWER and act in _OF_VIEWERS):
        return Allowed(role=role, act=act)
    if role is Role.VIEWER:
        return Refused(role=role, act=act, reason=f"Only editors may {act}; you are a viewer.")
    reason = f"Only those whom the configuration names under access may {act}; you are not among them."
    return Refused(role=role, act=act, reason=reason)


@dataclass(frozen=True, kw_only=True)
class Oidc:
    """A provider of OpenID Connect at which people sign in, and this board as it is registered there."""

    metadata_url: str
    client_id: str
    client_secret: Secret
    cookie_secret: Secret


@dataclass(frozen=True, kw_only=True)
class Access:
    """Editors and viewers: e-mail addresses, Slack user ids, `*@example.com` for a whole domain, `*` for every viewer
    who is signed in. Without either nobody has a role.

    `departments`: for whom somebody decides, since records carry a role or a department and never a person.
    `proxy_header` names who is signed in where a request comes from one of `trusted_proxies` (networks), `oidc` where
    people sign in themselves.
    """

    editors: tuple[str, ...] = ()
    viewers: tuple[str, ...] = ()
    departments: Mapping[str, str] = field(default_factory=dict)
    proxy_header: str = ""
    trusted_proxies: tuple[str, ...] = ()
    oidc: Oidc | None = None

    def __bool__(self) -> bool:
        """Whether anybody was given a role."""
        return bool(self.editors or self.viewers)

    @property
    def signs_in(self) -> bool:
        """Whether the board can find out who somebody is."""
        return bool(self.proxy_header or self.oidc)

    def role(self, who: str) -> Role:
        """The role of a signed-in person, by address or Slack user id; capitals do not matter in addresses."""
        if any(_matches(pattern, who) for pattern in self.editors):
            return Role.EDITOR
        return Role.VIEWER if any(_matches(pattern, who) for pattern in self.viewers) else Role.NONE

    def listed(self, pattern: str) -> Role:
        """The role under which a pattern stands in the configuration."""
        if pattern in self.editors:
            return Role.EDITOR
        return Role.VIEWER if pattern in self.viewers else Role.NONE

    def department(self, who: str) -> str:
        """The role or department for which somebody decides; empty where the configuration names none."""
        return next((name for known, name in self.departments.items() if _matches(known, who)), "")

    def trusts(self, address: str) -> bool:
        """Whether a request from this address comes from a trusted proxy."""
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        # A server that listens on both kinds of addresses sees IPv4 in IPv6.
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in ip_network(network) for network in self.trusted_proxies)


def handed_over(access: Access) -> str:
    """JSON for the board's process, its secrets included: for its environment and nothing else."""
    return json.dumps(asdict(access), default=lambda secret: secret.reveal())


def taken(text: str) -> Access:
    """What `handed_over` wrote; nobody where nothing was."""
    found = json.loads(text or "{}")
    oidc = found.get("oidc")
    if oidc:
        secrets = {name: Secret(oidc[name]) for name in ("client_secret", "cookie_secret")}
        found["oidc"] = Oidc(**{**oidc, **secrets})
    lists = {name: tuple(found.get(name, ())) for name in ("editors", "viewers", "trusted_proxies")}
    return Access(**{**found, **lists})


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address; a name other than `localhost` may be anything."""
    try:
        return address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        return False


def _matches(pattern: str, who: str) -> bool:
    who = who.strip()
    if not who or any(c.isspace() or c in "*,;<>" for c in who) or who.count("@") > 1:
        return False
    if pattern == "*":
        return True
    if pattern.startswith("*@"):
        name, _, domain = who.partition("@")
        return bool(name) and domain.lower() == pattern[2:].lower()
    # An address is one whatever its capitals; an id of Slack is written as it is.
    return who.lower() == pattern.lower() if "@" in pattern else who == pattern
