"""Where figures come from: one file and one line here per source type."""

from cxmon.sources.files import Csv
from cxmon.sources.freshdesk import Freshdesk
from cxmon.sources.intercom import Intercom
from cxmon.sources.rest import Rest
from cxmon.sources.sql import Sql
from cxmon.sources.stripe import Stripe
from cxmon.sources.zendesk import Zendesk

TYPES = {
    "sql": Sql, "csv": Csv, "rest": Rest, "zendesk": Zendesk, "freshdesk": Freshdesk, "intercom": Intercom,
    "stripe": Stripe,
}  # fmt: skip

__all__ = ["TYPES", "Csv", "Freshdesk", "Intercom", "Rest", "Sql", "Stripe", "Zendesk"]
