"""What a survey metric says of itself: which metric counts those who were asked, and which answers there can be."""

from cxmon.config.calendar_keys import WEEKDAYS
from cxmon.config.frame import Frame
from cxmon.config.reading import BAD
from cxmon.config.shapes import Entry
from cxmon.model import Amount, Grain, Kind

# Kinds that are answers, and kinds whose figures count something.
SURVEYS = (Kind.PROPORTION, Kind.MEAN)


def check_survey(frame: Frame, name: str, entry: Entry) -> Amount | None:
    """Tell what is wrong with `response_of`, `scale` and `missing_differ` of a metric; the last as an amount."""
    _scale(frame, entry)
    differ = _differ(frame, name, entry)
    if "response_of" not in entry:
        return differ
    node, of, kind, wrong = entry.at("response_of"), entry.get("response_of"), entry.get("kind"), frame.reading.wrong
    if kind not in {None, *SURVEYS}:
        wrong(node, f"response_of on a {kind}", "kind: proportion or mean beside it, or no such key")
    if kind is Kind.MEAN and "scale" not in entry.values:
        wrong(node, "response_of on a mean without scale", "the key scale beside it, such as [1, 5]")
    if of == name:
        wrong(node, f"{name} as the count of those asked for it", "another metric")
    elif frame.known(node, of, frame.names("metrics"), "metric") and (asked := frame.metrics.get(of)) is not None:
        _counts(frame, name, entry, of, asked)
    return differ


def _differ(frame: Frame, name: str, entry: Entry) -> Amount | None:
    """How far missing answers are declared to lie from the given ones: an absolute size on the answers' own scale."""
    size, measure = entry.get("missing_differ"), frame.measures.get(name)
    if "missing_differ" not in entry or size is BAD or measure is None:
        return None
    node = entry.at("missing_differ")
    if "response_of" not in entry:
        frame.reading.wrong(node, "missing_differ without response_of", "the key response_of beside it")
    if size.suffix == "%":
        own = "points such as 20pt" if measure.kind is Kind.PROPORTION else "a difference between answers such as 1"
        frame.reading.wrong(node, f"'{size.text}', a part of the expected value", own)
        return None
    return frame.amount(node, size, measure, name)


def _counts(frame: Frame, name: str, entry: Entry, of: str, asked: Entry) -> None:
    """Whether the metric `of` can count those who were asked for the survey `name`."""
    node, wrong = entry.at("response_of"), frame.reading.wrong
    if asked.get("kind") is Kind.RATIO:
        wrong(node, f"{of}, a ratio", "a metric that counts those who were asked")
    if asked.get("additive") is False or entry.get("additive") is False:
        wrong(node, f"{of} for {name}, of which one is not additive", "two metrics that add up over segments")
    grid = {"grain": Grain.DAY, "zone": frame.root.get("zone", "UTC"), "week_start": WEEKDAYS[0]}
    for key, usual in grid.items():
        if entry.get(key, usual) != asked.get(key, usual):
            wrong(node, f"{of}, which has another {key}", f"a metric with the {key} of {name}")
    mine, theirs = frame.dimensions.get(name), frame.dimensions.get(of)
    missing = [] if mine is None or theirs is None else [one for one in mine if one not in theirs]
    if missing:
        known = f"a metric with all dimensions of {name}"
        wrong(node, f"{of}, which does not have the dimension {' and '.join(missing)}", known)


def _scale(frame: Frame, entry: Entry) -> None:
    ends = entry.get("scale")
    if "scale" not in entry or ends is None or ends is BAD:
        return
    node, kind = entry.at("scale"), entry.get("kind")
    read = entry.get("read")
    if kind not in {None, Kind.MEAN, Kind.QUANTILE} and not (isinstance(read, Entry) and "score" in read):
        frame.reading.wrong(node, f"scale on a {kind}", "kind: mean or quantile beside it, or no such key")
    if len(ends) == len(node.items) and (len(ends) != 2 or ends[0] >= ends[1]):
        given = ", ".join(f"{end:g}" for end in ends)
        frame.reading.wrong(node, f"[{given}]", "the lowest answer, then the highest, such as [1, 5]")
