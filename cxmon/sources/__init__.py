"""Where figures come from: one file and one line here per source type."""

from cxmon.sources.csv_file import Csv
from cxmon.sources.sql import Sql

TYPES = {"sql": Sql, "csv": Csv}

__all__ = ["TYPES", "Csv", "Sql"]
