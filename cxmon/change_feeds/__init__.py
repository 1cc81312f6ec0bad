"""Where decisions stand that nobody has declared yet: one file and one line here per type of feed."""

from cxmon.change_feeds.csv_list import CsvList
from cxmon.change_feeds.ical import Ical
from cxmon.change_feeds.jira import Jira

TYPES = {"csv": CsvList, "ical": Ical, "jira": Jira}

__all__ = ["TYPES", "CsvList", "Ical", "Jira"]
