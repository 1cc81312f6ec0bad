"""The calendar of holidays: a country that is known, a subdivision it has, and extra days, each once."""

from cxmon.config.calendar_keys import COUNTRY
from cxmon.config.frame import Frame
from cxmon.config.reading import one_of, shown
from cxmon.config.shapes import Entry
from cxmon.model import Grain, Holidays
from cxmon.periods import countries


def build_holidays(frame: Frame) -> Holidays | None:
    """What `holidays:` says; None where it is absent or wrong, which is told."""
    entry = frame.root.get("holidays")
    if not isinstance(entry, Entry):
        return None
    found = holidays_of(frame, entry)
    if found and not any(m.get("grain", Grain.DAY) in {Grain.DAY, Grain.HOUR} for m in frame.metrics.values()):
        frame.reading.note(entry.node, "no metric is by day or hour; weeks and months hold no holidays of their own")
    return found


def holidays_of(frame: Frame, entry: Entry) -> Holidays | None:
    """The holidays of a country; None where something about them is wrong, which is told."""
    before = frame.reading.faults
    _where(frame, entry)
    extra = [day for day in entry.get("extra_days") or () if isinstance(day, Entry) and day.sound]
    seen = set()
    for day in extra:
        if day.values["date"] in seen:
            frame.reading.wrong(day.node, f"{day.values['date']} twice", "each day once")
        seen.add(day.values["date"])
    if not entry.sound or frame.reading.faults > before:
        return None
    return Holidays(
        country=entry.values["country"],
        subdivision=entry.get("subdivision", ""),
        extra_days=tuple((day.values["date"], day.get("name", "")) for day in extra),
    )


def _where(frame: Frame, entry: Entry) -> None:
    country, part = entry.get("country"), entry.get("subdivision")
    if country is None:
        return
    if country not in countries():
        frame.reading.wrong(entry.at("country"), f"the unknown country {shown(entry.at('country'))}", COUNTRY)
    elif part is not None and part not in countries()[country]:
        node = entry.at("subdivision")
        given = "" if node.variable else part
        found = f"the subdivision {shown(node)}, which {country} does not have"
        frame.reading.wrong(node, found, one_of(countries()[country], given))
