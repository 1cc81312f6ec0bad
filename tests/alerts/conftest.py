"""The strict Slack of ours, for every test of this room."""

from fakeslack.plugin import fake_slack

__all__ = ["fake_slack"]
