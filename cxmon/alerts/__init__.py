"""Channels: where messages go. One line here makes a plug-in known to the configuration."""

from cxmon.alerts.console import Console
from cxmon.alerts.mail import Email
from cxmon.alerts.services import Apprise
from cxmon.alerts.slack import Slack
from cxmon.alerts.webhook import Webhook

TYPES = {"slack": Slack, "console": Console, "email": Email, "webhook": Webhook, "apprise": Apprise}

__all__ = ["TYPES", "Apprise", "Console", "Email", "Slack", "Webhook"]
