"""The `fake_slack` fixture: `from fakeslack.plugin import fake_slack` in a conftest or a test file brings it in."""

from collections.abc import Iterator

import pytest
from fakeslack.server import FakeSlack


@pytest.fixture
def fake_slack() -> Iterator[FakeSlack]:
    """A fresh workspace with `#cx-alerts` (C0ALERTS) and `#ops` (C0OPS), listening on loopback at `fake_slack.url`."""
    slack = FakeSlack().start()
    yield slack
    slack.stop()
