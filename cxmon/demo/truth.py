"""What was planted in the desk's data, and which verdicts are right: the generator reads it, the acceptance test too.

All days count from the anchor, the day of the first build. Effects are exact by construction: shares move by points,
durations, rates and volumes by a factor. Nobody but the generator and its tests may read this page.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from cxmon.model import AimCode, Code, Scope

EVERY_DAY = tuple(range(7))

# Days after the anchor on which the verdicts are held against this page.
LOOKS = (-55, -30, 0)


@dataclass(frozen=True)
class Shift:
    """A planted effect on one figure: `size` in shares for `points`, else a fraction (0.35 = 35 % longer).

    It begins `after` days past its start, grows over `ramp` days, and holds on the local `weekdays` only.
    """

    figure: str
    size: float
    points: bool = False
    after: int = 0
    ramp: int = 0
    weekdays: tuple[int, ...] = EVERY_DAY


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One event in the desk's life: where, from which day on, what it really does, and what may be said of it when.

    `right` holds, per look, the codes of the whole change that are right; `right_metrics` those of single metrics,
    `right_aims` those of what was promised. A look before the start allows WAITING only. An undeclared event has no
    right codes: it is no change. `stages` are the days on which it comes to `values` of `along`, one after the other.
    """

    id: str
    title: str
    start: int
    scope: Scope
    shifts: tuple[Shift, ...] = ()
    declared: bool = True
    right: dict[int, frozenset[Code]] = field(default_factory=dict)
    right_metrics: dict[tuple[str, int], frozenset[Code]] = field(default_factory=dict)
    right_aims: dict[tuple[str, int], frozenset[AimCode]] = field(default_factory=dict)
    stages: tuple[int, ...] = ()

    def started(self, look: int) -> bool:
        return look > self.start


def codes(*names: Code) -> frozenset[Code]:
    return frozenset(names)


SAFE_OR_OPEN = codes(Code.SAFE, Code.UNDECIDED)
EARLY = codes(Code.WAITING, Code.UNDECIDED)

# The cut. Callers of the weekend are called back on Monday, so every day of the week gets worse, and those who
# mainly call leave more often a month later. On day 40 any of "open", "worse" and "over the limit" is true and
# honest; "limit held" is wrong from the first day. From day 65 on there are answers enough to see it.
WEEKEND_PHONE = Planted(
    id="weekend-phone-desk",
    title="Weekend phone desk closed",
    start=-95,
    scope=Scope.of({"channel": "phone", "region": ["eu", "us"]}),
    shifts=(
        Shift("csat", -0.05, points=True),
        Shift("first_response", 0.35),
        Shift("churn", 0.30, after=30, ramp=10),
        Shift("volume", -0.60, weekdays=(5, 6)),
        Shift("volume", 0.25, weekdays=(0,)),
    ),
    right={
        -55: codes(Code.UNDECIDED, Code.WORSE, Code.HARMED),
        -30: codes(Code.HARMED),
        0: codes(Code.HARMED),
    },
    right_metrics={
        ("first_response", -30): codes(Code.HARMED),
        ("first_response", 0): codes(Code.HARMED),
        ("csat", 0): codes(Code.HARMED, Code.WORSE),
    },
)

# What was done about it. Callers wait no longer than before the cut, but are cut short: more of them have to call
# again, by more than was accepted, and fewer are satisfied, of which three weeks tell little. "Worse" is as right as
# "over the limit". What can be said of the cut itself ends here.
SHORT_CALLS = Planted(
    id="short-calls",
    title="Calls kept under five minutes",
    start=-24,
    scope=WEEKEND_PHONE.scope,
    shifts=(
        Shift("first_response", -0.26),
        Shift("reopened", 0.06, points=True),
        Shift("csat", -0.02, points=True),
    ),
    right={-55: codes(Code.WAITING), -30: codes(Code.WAITING), 0: codes(Code.WORSE, Code.HARMED)},
    right_metrics={
        ("first_response", 0): codes(Code.IMPROVED),
        ("reopened", 0): codes(Code.WORSE, Code.HARMED),
        ("csat", 0): codes(Code.WAITING, Code.UNDECIDED, Code.SAFE, Code.WORSE),
    },
    right_aims={("first_response", 0): frozenset({AimCode.SHOWN})},
)

# A policy that helps, on both figures that are watched. From day 80 on it has to be called better.
REFUNDS = Planted(
    id="refunds-auto-approved",
    title="Refunds under 50 approved automatically",
    start=-110,
    scope=Scope.of({"channel": "email", "region": ["eu", "us"]}),
    shifts=(Shift("csat", 0.06, points=True), Shift("reopened", -0.04, points=True)),
    right={
        -55: codes(Code.UNDECIDED, Code.SAFE, Code.IMPROVED),
        -30: codes(Code.IMPROVED),
        0: codes(Code.IMPROVED),
    },
    right_metrics={("csat", 0): codes(Code.IMPROVED)},
)

# The bot takes chats that would have been easy for anybody, alike in all tiers: no channel's satisfaction changes,
# yet everybody's falls by more than a point, because chats are the happiest contacts.
CHAT_BOT = Planted(
    id="chat-bot",
    title="Chat bot answers simple chats",
    start=-60,
    scope=Scope.of({"channel": "chat", "region": ["eu", "us"]}),
    shifts=(Shift("volume", -0.60),),
    right={-55: EARLY | SAFE_OR_OPEN, -30: SAFE_OR_OPEN, 0: SAFE_OR_OPEN},
)

# Nothing changes for customers. "Better" would be as wrong as "worse".
ROSTER = Planted(
    id="new-roster",
    title="New shift roster",
    start=-90,
    scope=Scope.of({"channel": "chat", "region": "apac"}),
    right={-55: SAFE_OR_OPEN, -30: SAFE_OR_OPEN, 0: SAFE_OR_OPEN},
)

# It does harm, but nobody can know after two weeks of which one has its answers.
REPLY_TEMPLATES = Planted(
    id="reply-templates",
    title="Email replies from templates",
    start=-14,
    scope=Scope.of({"channel": "email", "region": "latam"}),
    shifts=(Shift("csat", -0.02, points=True),),
    right={-55: codes(Code.WAITING), -30: codes(Code.WAITING), 0: EARLY},
)

# Nobody declared it: the first answer to emails from Asia takes longer and longer.
EMAIL_DRIFT = Planted(
    id="email-drift",
    title="First response to emails drifts up",
    start=-35,
    scope=Scope.of({"channel": "email", "region": "apac"}),
    shifts=(Shift("first_response", 0.45, ramp=10),),
    declared=False,
)

# Customers of the shop join the club in three waves. Who joins orders more than who does not, did so before, and orders
# more and more from the first wave on, alike in all waves: none of it is the club's doing (`cxmon.demo.shop`). A gain
# would be wrong, and by the last look the promised point is ruled out or still open.
CLUB = Planted(
    id="shop-club",
    title="Customer club of the shop",
    start=-63,
    stages=(-63, -42, -21),
    scope=Scope.of({"channel": "shop"}),
    right={-55: EARLY | SAFE_OR_OPEN, -30: SAFE_OR_OPEN, 0: SAFE_OR_OPEN},
    right_aims={("orders", look): frozenset({AimCode.NOT_SHOWN, AimCode.MISSED}) for look in (-30, 0)},
)

# Three hubs of the shop save a little each, and each stays within its limit of 2 points; together they cost the
# customers of all hubs more than a year's decisions may (`cxmon.demo.parcels`). Late scans make the third look better
# than before at the second look, on which "better" is what the figures of that day honestly say.
WITHIN = codes(Code.SAFE, Code.WORSE, Code.UNDECIDED)
EARLY_TRUCK = Planted(
    id="early-truck",
    title="Last truck from Lyon leaves at five",
    start=-88,
    scope=Scope.of({"channel": "parcel", "hub": "lyon"}),
    shifts=(Shift("on_time", -0.013, points=True),),
    right={-55: EARLY | WITHIN, -30: WITHIN, 0: WITHIN},
)
ONE_SHIFT = Planted(
    id="one-shift",
    title="Leipzig sorts in one shift",
    start=-76,
    scope=Scope.of({"channel": "parcel", "hub": "leipzig"}),
    shifts=(Shift("on_time", -0.013, points=True),),
    right={-55: EARLY | WITHIN, -30: WITHIN, 0: WITHIN},
)
FEWER_VANS = Planted(
    id="fewer-vans",
    title="Dallas delivers with fewer vans",
    start=-64,
    scope=Scope.of({"channel": "parcel", "hub": "dallas"}),
    shifts=(Shift("on_time", -0.013, points=True),),
    right={-55: EARLY | WITHIN | codes(Code.IMPROVED), -30: codes(Code.IMPROVED, Code.SAFE), 0: WITHIN},
)
PARCEL_CUTS = (EARLY_TRUCK, ONE_SHIFT, FEWER_VANS)

# Who fetches a parcel opens it later, and answers later; nobody is less satisfied. Anything but "open" or "limit held"
# would be the survey's doing.
PICK_UP = Planted(
    id="pick-up-points",
    title="Parcels from Reno wait at pick-up points",
    start=-48,
    scope=Scope.of({"channel": "parcel", "hub": "reno"}),
    right={-55: codes(Code.WAITING), -30: EARLY | SAFE_OR_OPEN, 0: EARLY | SAFE_OR_OPEN},
)

# The delivery survey asks otherwise from one day on, and fewer call that satisfied; what is delivered is the same.
# Nothing is compared across it.
NEW_FORM = Planted(
    id="delivery-form",
    title="Delivery survey asks with five stars",
    start=-105,
    scope=Scope.of({"channel": "parcel"}),
    right={look: codes(Code.NOT_COMPARABLE) for look in LOOKS},
)

PARCELS = (*PARCEL_CUTS, PICK_UP, NEW_FORM)

PLANTED = (WEEKEND_PHONE, SHORT_CALLS, REFUNDS, CHAT_BOT, ROSTER, REPLY_TEMPLATES, CLUB, *PARCELS, EMAIL_DRIFT)
CHANGES = tuple(event for event in PLANTED if event.declared)


def look_at(anchor: date, look: int) -> datetime:
    """The instant of one look: six in the morning (UTC), when the night's collection is done."""
    return datetime.combine(anchor + timedelta(days=look), time(6), UTC)


def is_right(event: Planted, look: int, code: Code | None) -> bool:
    """Whether `code` may be said of a change at a look; None is "nothing is said", right before it starts only."""
    if code is None:
        return not event.started(look)
    return code in event.right[look]
