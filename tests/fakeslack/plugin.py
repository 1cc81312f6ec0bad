"""The `fake_slack` fixture: `from fakeslack.plugin import fake_slack` in a conftest or a test file brings it in."""

from collections.abc import Iterator

import pytest
from fakeslack.server import FakeSlack
from fakeslack.sockets import ListeningSlack


@pytest.fixture
def fake_slack() -> Iterator[FakeSlack]:
    """A fresh workspace with `#cx-alerts` (C0ALERTS) and `#ops` (C0OPS), listening on loopback at `fake_slack.url`."""
    slack = FakeSlack().start()
    yield slack
    slack.stop()


@pytest.fixture
def listening_slack() -> Iterator[ListeningSlack]:
    """The same workspace with people who press buttons, and Socket Mode for the app token `xapp-good`."""
    slack = ListeningSlack().start()
    slack.pace_s = 0.0
    yield slack
    slack.stop()
