"""Who may see and change what, and how the board finds out who somebody is."""

from ipaddress import ip_network

from cxmon.config.frame import Frame
from cxmon.config.nodes import Node
from cxmon.config.reading import BAD, shown
from cxmon.config.scalars import SecretText, Text
from cxmon.config.shapes import Entry, Field, ListOf, MapOf, Record
from cxmon.model import Access, Oidc

_ADDRESS = r"[^@\s*,;<>]{1,100}@[^@\s*,;<>]{1,100}"
_EVERYBODY_AT = r"\*@[^@\s*,;<>]{1,100}"
_SLACK_ID = r"[UW][A-Z0-9]{5,20}"
_editor = Text("an address, a Slack user id, or *@example.com", f"{_ADDRESS}|{_EVERYBODY_AT}|{_SLACK_ID}", 201)
_viewer = Text(
    "an address, a Slack user id, *@example.com, or * for everybody who signs in",
    rf"{_ADDRESS}|{_EVERYBODY_AT}|{_SLACK_ID}|\*", 201,
)  # fmt: skip
_department = Text("a role or department, not a person", pattern=r"[^@]{1,200}")
_web = r"https://[^\s/?#]+\S*|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?/\S*"
NETWORK = "an address or a network such as 10.0.0.0/8, and not every address there is"

OIDC = Record(
    {
        "metadata_url": Field(
            Text("an https address such as https://login.example.com/.well-known/openid-configuration", _web),
            "where the provider describes itself",
            required=True,
        ),
        "client_id": Field(Text(longest=400), "the board's name at the provider", required=True),
        "client_secret": Field(
            SecretText("the secret that the provider gave", may_be_empty=False, from_environment=True),
            "the board's secret at the provider",
            required=True,
        ),
        "cookie_secret": Field(
            SecretText("at least 32 characters of chance", from_environment=True, least=32),
            "signs the cookie that remembers who is signed in",
            required=True,
        ),
    },
    "a mapping with metadata_url, client_id, client_secret and cookie_secret",
)

FIELDS = {
    "access": Field(
        Record(
            {
                "editors": Field(
                    ListOf(_editor, "a list such as [ana@example.com, U012AB3CD]", least=1),
                    "who may acknowledge, silence, answer decisions and put changes live",
                ),
                "viewers": Field(
                    ListOf(_viewer, 'a list such as ["*@example.com"]', least=1), "who may see, ask and propose"
                ),
                "departments": Field(
                    MapOf(_department, "a mapping of editors and viewers to departments", key=_viewer, least=1),
                    "for whom somebody decides: records carry this, never a person",
                ),
                "proxy_header": Field(
                    Text("the name of a header such as X-Forwarded-Email", r"[A-Za-z][A-Za-z0-9-]{0,60}"),
                    "the header in which a proxy in front of the board says who is signed in",
                ),
                "trusted_proxies": Field(
                    ListOf(Text(NETWORK), "a list of networks such as [10.0.0.0/8]", least=1),
                    "from where that header is believed",
                ),
                "oidc": Field(OIDC, "where people sign in"),
            },
            "a mapping such as {editors: [ana@example.com], viewers: ['*@example.com']}",
        ),
        "who may see and change what; without it only the person at this machine",
    ),
}


def build_access(frame: Frame) -> Access:
    entry = frame.root.get("access")
    if not isinstance(entry, Entry):
        return Access()
    told, node = frame.reading.wrong, entry.node
    if "editors" not in entry and "viewers" not in entry:
        told(node, "access for nobody", "editors or viewers, or both")
    if "proxy_header" in entry and "trusted_proxies" not in entry:
        told(entry.at("proxy_header"), "a header that anybody could send", "trusted_proxies beside it")
    if "trusted_proxies" in entry and "proxy_header" not in entry:
        told(entry.at("trusted_proxies"), "trusted_proxies without a proxy_header", "proxy_header beside it")
    if "proxy_header" in entry and "oidc" in entry:
        told(entry.at("oidc"), "oidc beside a proxy_header", "one of the two keys")
    named = {who.lower() for key in ("editors", "viewers") for who in entry.get(key) or () if who is not BAD}
    if entry.sound and not entry.get("proxy_header") and not entry.get("oidc") and any("@" in who for who in named):
        frame.reading.note(
            node, "names addresses, and nothing says how people sign in: on the board nobody has these roles"
        )
    departments = entry.get("departments") or {}
    for who in departments:
        if who.lower() not in named:
            at = entry.at("departments").entries[who]
            told(at, "a department for somebody without a role", "one of the editors and viewers, written alike")
    return Access(
        editors=tuple(entry.get("editors") or ()),
        viewers=tuple(entry.get("viewers") or ()),
        departments={who: name for who, name in departments.items() if name is not BAD},
        proxy_header=entry.get("proxy_header", ""),
        trusted_proxies=_networks(frame, entry),
        oidc=_oidc(entry.get("oidc")),
    )


def _networks(frame: Frame, entry: Entry) -> tuple[str, ...]:
    nodes = entry.at("trusted_proxies").items if "trusted_proxies" in entry else ()
    return tuple(network for node in nodes if (network := _network(frame, node)))


def _network(frame: Frame, node: Node) -> str:
    if node.kind != "text" or node.trapped or not node.text:
        return ""
    try:
        found = ip_network(node.text)
    except ValueError:
        found = None
    if found is None or found.prefixlen == 0:
        frame.reading.wrong(node, shown(node), NETWORK)
        return ""
    return str(found)


def _oidc(entry: object) -> Oidc | None:
    return Oidc(**entry.values) if isinstance(entry, Entry) and entry.sound else None
