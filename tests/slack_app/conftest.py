"""The workspace with Socket Mode, and a world with an app that listens to it."""

import pytest
from fakeslack.plugin import listening_slack
from slack_world import World

__all__ = ["listening_slack"]


@pytest.fixture
def world(listening_slack, sqlite_url, tmp_path):
    made = World(listening_slack, sqlite_url, tmp_path)
    yield made
    assert listening_slack.problems == []
