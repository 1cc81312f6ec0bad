"""Whether the buttons in Slack are heard, as `cxmon doctor` tells it: from the signs of life in the store."""

from datetime import datetime, timedelta

from cxmon.alerts import Slack
from cxmon.config.plan import Plan
from cxmon.store import Store
from cxmon.wording import clicking as words

# Four signs of life: one that is older is of a process that hangs or was killed.
FRESH = timedelta(seconds=60)


def buttons_heard(plan: Plan, store: Store, *, now: datetime) -> list[tuple[str, bool, str]]:
    """(what, whether it is well, what is known) of each Slack app whose messages have buttons."""
    found, told = [], set()
    known = store.heard.listeners()
    for name, channel in plan.channels.items():
        # Channels of one app are heard by one socket, in the name of the first of them.
        if not isinstance(channel, Slack) or not channel.listens or channel.app_token.reveal() in told:
            continue
        told.add(channel.app_token.reveal())
        fresh = [one for one in known if one.channel == name and now - one.seen_at <= FRESH]
        hearing = [one for one in fresh if one.hears]
        newest = (hearing or fresh)[:1]
        detail = f"{newest[0].detail} ({newest[0].holder})" if newest else words.unheard()
        more = f", {len(hearing)} processes" if len(hearing) > 1 else ""
        nobody = "" if plan.access.editors else f"; {words.nobody_may()}"
        found.append((words.buttons_of(name), bool(hearing) and bool(plan.access.editors), detail + more + nobody))
    return found
