"""What effects mean for a decision: the grammar of verdicts, shares of error, overlap, due days, mix. Pure."""

from cxmon.decisions.agreement import agreement, lowered, weakest
from cxmon.decisions.budget import Allowance, Story, allowances
from cxmon.decisions.contribution import Contribution, contribution
from cxmon.decisions.due import due_date, periods_needed
from cxmon.decisions.grammar import aim_result, code_of, day_of, gravest, judge
from cxmon.decisions.joining import RAW, by_choice
from cxmon.decisions.narrowing import narrowing, readings_of
from cxmon.decisions.news import (
    TELLING,
    Telling,
    aims_answer_of,
    answer_of,
    is_news,
    last_told,
    price_swings,
    swings,
    telling,
)
from cxmon.decisions.overlap import Neighbour, Placement, breaks, concerns, place, reaches, scope_of, touching
from cxmon.decisions.placebo import FEWEST_SEGMENTS, placebo, rank_among
from cxmon.decisions.price import Known, Reach, Volume, full_days, price
from cxmon.decisions.price_news import price_day
from cxmon.decisions.scale import NOTHING, Scale, expected_from, own_unit, scale, turned
from cxmon.decisions.shares import HARM_ERROR, NOW_PERIODS, SO_FAR, Share, shares, watched

__all__ = [
    "FEWEST_SEGMENTS",
    "HARM_ERROR",
    "NOTHING",
    "NOW_PERIODS",
    "RAW",
    "SO_FAR",
    "TELLING",
    "Allowance",
    "Contribution",
    "Known",
    "Neighbour",
    "Placement",
    "Reach",
    "Scale",
    "Share",
    "Story",
    "Telling",
    "Volume",
    "agreement",
    "aim_result",
    "aims_answer_of",
    "allowances",
    "answer_of",
    "breaks",
    "by_choice",
    "code_of",
    "concerns",
    "contribution",
    "day_of",
    "due_date",
    "expected_from",
    "full_days",
    "gravest",
    "is_news",
    "judge",
    "last_told",
    "lowered",
    "narrowing",
    "own_unit",
    "periods_needed",
    "place",
    "placebo",
    "price",
    "price_day",
    "price_swings",
    "rank_among",
    "reaches",
    "readings_of",
    "scale",
    "scope_of",
    "shares",
    "swings",
    "telling",
    "touching",
    "turned",
    "watched",
    "weakest",
]
