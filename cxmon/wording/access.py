"""What is said about who is signed in, and to those who may not."""

from cxmon.model import Act, Outcome, Role, Signed
from cxmon.wording.numbers import stamp

SIGN_IN = "Sign in to see the board."
SIGNED_IN = ""
ON_THIS_MACHINE = "No sign-in, since the board listens on this machine only."
BEHIND_A_PROXY = (
    "Nobody is signed in: the board is read through a proxy that names nobody, so nothing can be changed here."
)
NO_HEADER = "The proxy in front of the board names nobody. Whoever runs it can say why."
NO_ADDRESS = "The provider gave no e-mail address, by which the board knows people."
NO_ROLE = "This address has no role. Whoever keeps the configuration can give it one under access."

UNREACHABLE = (
    "address {address} is reachable by others and the configuration does not say how people sign in; "
    "expected 127.0.0.1, or access with oidc or a proxy_header"
)
NO_OIDC = "sign-in at a provider needs Authlib; install cxmon with the extra `oidc`"
TRAIL = ("When", "Who", "For", "What", "About", "Why", "From", "")


def not_verified(who: str) -> str:
    return f"The provider has not verified the address {who}, so it is not believed."


def refusal(who: str, note: str) -> str:
    return f"Signed in as {who}. {note}" if who else note


def signed_in(who: str, role: Role, department: str, note: str) -> str:
    """`Signed in: ana@example.com, editor, for CX team`."""
    if not who:
        return note
    whom = f", for {department}" if department else ""
    return f"{note} You are {who}, {role}." if note else f"Signed in: {who}, {role}{whom}"


def trail_row(signed: Signed, zone: str) -> list[str]:
    """One act of the audit trail, under `TRAIL`."""
    came = {Outcome.DONE: "", Outcome.BEGUN: "not finished", Outcome.FAILED: f"refused: {signed.reason}"}
    what = f"{signed.act} ({signed.content})" if signed.content else str(signed.act)
    cells = (signed.who, signed.by, what, signed.subject, signed.why, signed.origin, came[signed.outcome])
    return [stamp(signed.at, zone), *cells]


_SIGNED = {Act.PROPOSE: "Proposed", Act.REVIEW: "Reviewed", Act.SIGN: "Signed and put live"}


def signed(act: Act) -> str:
    return _SIGNED.get(act, str(act).capitalize())


def rights(role: Role, allowed: list[Act]) -> str:
    """`editor: may see the figures, propose a change`."""
    return f"{role}: may {', '.join(allowed)}" if allowed else f"{role}: sees nothing and may do nothing"
