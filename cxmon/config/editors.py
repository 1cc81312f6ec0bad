"""The JSON schema for editors, from the tables that the loader reads with."""

from typing import Any

from cxmon.config.records import top


def schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a configuration, options of all plug-ins included."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cxmon configuration",
    } | top().schema()
