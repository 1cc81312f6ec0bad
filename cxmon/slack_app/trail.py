"""What is declared or decided from Slack goes the way of every signed-in person: allowed first, kept in the trail."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from cxmon.model import Act, Signed
from cxmon.signing import sign
from cxmon.slack_app.contract import Place, Request
from cxmon.store import Store

T = TypeVar("T")
ORIGIN = "slack"


def kept(
    request: Request, place: Place, act: Act, do: Callable[[Store], T], *, subject: str, why: str, now: datetime,
    content: str = "",
) -> T:  # fmt: skip
    """Runs `do` as `cxmon.signing.sign` does, for the Slack user who asked. Raises ActionError as that does."""
    signed = Signed(
        subject=subject, act=act, who=request.user, role=place.role, by=place.by, why=why, at=now, origin=ORIGIN,
        content=content,
    )  # fmt: skip
    return sign(lambda: Store.open(place.plan.store_url), signed, do)
