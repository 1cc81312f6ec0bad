"""Who is signed in, in which role, and the one way in which a page changes anything.

The board's own connection reads. `run` opens one that writes, for an act that the rule allows, and closes it after.
"""

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cxmon import signing
from cxmon.errors import CxmonError
from cxmon.model import Access, Act, Allowed, Refused, Role, Signed, may, taken
from cxmon.store import Store
from cxmon.wording import access as wording
from cxmon.wording.proposing import FOR_WHOM
from dashboards.text import md

T = TypeVar("T")
ORIGIN = "board"
# What a proxy adds: then the request comes from somebody else than the person at this machine.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via")


@dataclass(frozen=True, kw_only=True)
class Person:
    """`who` as the sign-in knows them, empty where nobody is signed in; `note` says why, or how it is known."""

    who: str = ""
    role: Role = Role.NONE
    department: str = ""
    note: str = ""


def keep_news(said: str) -> None:
    """What was just done, for the page that is drawn next."""
    st.session_state["news"] = said


def news() -> None:
    """Says once what was just done."""
    if said := st.session_state.pop("news", ""):
        st.success(md(said), icon=":material/task_alt:")


@cache
def _access(handed: str) -> Access:
    return taken(handed)


def access() -> Access:
    """Who may do what, as `cxmon board` handed it over."""
    return _access(os.environ.get("CXMON_ACCESS", ""))


def person() -> Person:
    """Who looks at this page: by the provider, by the trusted proxy's header, or the person at this machine."""
    known = access()
    if known.oidc is not None:
        return _by_provider(known)
    if known.proxy_header:
        return _by_proxy(known)
    if any(name in st.context.headers for name in FORWARDED):
        # A proxy without a sign-in shows the board to whomever it serves, as it always did; it names nobody.
        return Person(role=Role.VIEWER, note=wording.BEHIND_A_PROXY)
    role = Role.VIEWER if os.environ.get("CXMON_BOARD_READ_ONLY") else Role.EDITOR
    return Person(who=f"{_user()} at this machine", role=role, note=wording.ON_THIS_MACHINE)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name.
        return f"user {os.getuid()}"


def _by_provider(known: Access) -> Person:
    if not st.user.is_logged_in:
        return Person(note=wording.SIGN_IN)
    who = str(st.user.get("email") or "").strip()
    if not who:
        return Person(note=wording.NO_ADDRESS)
    if st.user.get("email_verified") is False:
        return Person(note=wording.not_verified(who))
    return _named(known, who)


def _by_proxy(known: Access) -> Person:
    """`serve` has taken the header off requests that come from anywhere else than a trusted proxy."""
    said = [value.strip() for value in st.context.headers.get_all(known.proxy_header)]
    # A proxy that passes a visitor's own header on beside its own says two names: neither is believed.
    if len(said) != 1 or "@" not in said[0]:
        return Person(note=wording.NO_HEADER)
    return _named(known, said[0])


def _named(known: Access, who: str) -> Person:
    role = known.role(who)
    note = wording.NO_ROLE if role is Role.NONE else wording.SIGNED_IN
    return Person(who=who, role=role, department=known.department(who), note=note)


def allowed(act: Act) -> Allowed | Refused:
    """Whether who looks at this page may do this; a refusal says why in a sentence."""
    me = person()
    found = may(me.role, act)
    if isinstance(found, Allowed) and not me.who and act is not Act.SEE:
        return Refused(role=me.role, act=act, reason=me.note)
    return found


def run(act: Act, subject: str, do: Callable[[Store, datetime], T], *, by: str, why: str, content: str = "") -> T:
    """Does it now, signed by who looks at this page. Raises CxmonError with a sentence where it is refused."""
    me, now = person(), datetime.now(UTC)
    signed = Signed(
        subject=subject, act=act, who=me.who, role=me.role, by=by, why=why, at=now, origin=ORIGIN, content=content
    )
    return signing.sign(lambda: Store.open(os.environ["CXMON_STORE_URL"]), signed, lambda store: do(store, now))


def whom(place: DeltaGenerator, key: str) -> str:
    """For which role or department somebody decides: the configuration's word, or else what they type at `place`."""
    known = person().department
    typed = place.text_input(
        FOR_WHOM, known, key=key, max_chars=100, disabled=bool(known),
        help="It stands in the record and in messages; your name does not.",
    )  # fmt: skip
    return known or typed


def attempt(do: Callable[[], T]) -> T | None:
    """The result, or None after a refusal was shown as a sentence."""
    try:
        return do()
    except CxmonError as error:
        st.error(md(str(error)), icon=":material/block:")
        return None


def refused(act: Act) -> bool:
    """True after a sentence was drawn that says why this is not for who looks at this page."""
    found = allowed(act)
    if isinstance(found, Refused):
        st.caption(md(found.reason))
        return True
    return False


def admitted() -> bool:
    """Whether the pages may be shown; else what to do instead was drawn."""
    me = person()
    if me.role is not Role.NONE:
        return True
    st.title("Customer experience", anchor=False)
    with st.container(border=True, key="sign_in"):
        st.markdown(md(wording.refusal(me.who, me.note)))
        if access().oidc is not None:
            if me.note == wording.SIGN_IN:
                st.button("Sign in", on_click=st.login)
            else:
                st.button("Sign out", on_click=st.logout)
    return False


def signature() -> None:
    """Below each page: who is signed in, in which role, and the way out."""
    me = person()
    with st.container(horizontal=True, vertical_alignment="center", key="signature"):
        st.caption(md(wording.signed_in(me.who, me.role, me.department, me.note)))
        if access().oidc is not None:
            st.button("Sign out", type="tertiary", on_click=st.logout)
