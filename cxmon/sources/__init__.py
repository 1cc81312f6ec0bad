"""Where figures come from: one file and one line here per source type."""

from cxmon.sources.csv_file import Csv
from cxmon.sources.intercom import Intercom
from cxmon.sources.rest import Rest
from cxmon.sources.sql import Sql
from cxmon.sources.zendesk import Zendesk

TYPES = {"sql": Sql, "csv": Csv, "rest": Rest, "zendesk": Zendesk, "intercom": Intercom}

__all__ = ["TYPES", "Csv", "Intercom", "Rest", "Sql", "Zendesk"]
