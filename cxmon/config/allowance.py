"""The harm allowance of a year: per metric how much, and when its year begins."""

from datetime import date

from cxmon.config.frame import Frame
from cxmon.config.reading import shown
from cxmon.config.scalars import SizeText, Text
from cxmon.config.shapes import Field, MapOf
from cxmon.model import Allowances

MONTH_DAY = "a month and a day such as 04-01, one that every year has"
FIELDS = {
    "allowance": Field(
        MapOf(SizeText(), "a mapping of metrics to sizes such as {csat: 2pt, churn: 10%}", least=1),
        "the harm that all decisions of a year together may do to all customers, per metric",
    ),
    "allowance_year": Field(
        Text(MONTH_DAY, pattern="[0-9]{2}-[0-9]{2}"), "the day on which its year begins; without it 01-01"
    ),
}


def build_allowance(frame: Frame) -> Allowances:
    """The allowance of the file; without one nothing is allowed for, and nothing is counted."""
    root = frame.root
    amounts = frame.amounts(root, "allowance")
    if "allowance_year" in root and "allowance" not in root:
        frame.reading.wrong(root.at("allowance_year"), "allowance_year without an allowance", "allowance beside it")
    text = root.get("allowance_year", "01-01")
    month, day = (int(part) for part in text.split("-"))
    try:
        # 2001 is no leap year.
        date(2001, month, day)
    except ValueError:
        frame.reading.wrong(root.at("allowance_year"), shown(root.at("allowance_year")), MONTH_DAY)
        return Allowances(amounts=amounts)
    return Allowances(amounts=amounts, month=month, day=day)
