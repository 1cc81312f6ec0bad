"""Where figures come from: one file and one line here per source type."""

from cxmon.sources.csv_file import Csv
from cxmon.sources.rest import Rest
from cxmon.sources.sql import Sql
from cxmon.sources.stripe import Stripe
from cxmon.sources.zendesk import Zendesk

TYPES = {"sql": Sql, "csv": Csv, "rest": Rest, "zendesk": Zendesk, "stripe": Stripe}

__all__ = ["TYPES", "Csv", "Rest", "Sql", "Stripe", "Zendesk"]
