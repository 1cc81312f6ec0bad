"""Channels: where messages go. One line here makes a plug-in known to the configuration."""

from cxmon.alerts.console import Console
from cxmon.alerts.slack import Slack

TYPES = {"slack": Slack, "console": Console}

__all__ = ["TYPES", "Console", "Slack"]
