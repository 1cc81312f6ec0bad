"""The console: the same words, on any terminal."""

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alert_samples import messages

from cxmon.alerts import TYPES, Console
from cxmon.errors import DeliveryError

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_every_message_is_printed_whole(capsys):
    for message in messages().values():
        Console().deliver(message, None, None)
        shown = capsys.readouterr().out
        assert message.title.split(":")[0] in shown
        for fact in message.facts:
            assert fact.label in shown


def test_later_news_is_headed_by_what_is_new(capsys):
    first = Console().deliver(messages()["incident-watch"], None, None)
    capsys.readouterr()
    Console().deliver(messages()["incident-recovered"], first, None)
    assert capsys.readouterr().out.startswith("↳ CSAT in phone · eu has recovered\n↳ quiet for 3 days\n")


def test_a_terminal_without_unicode_gets_the_words():
    code = (
        "from alert_samples import messages; from cxmon.alerts import Console; "
        "Console().deliver(messages()['test'], None, None)"
    )
    env = os.environ | {
        "PYTHONIOENCODING": "ascii",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    assert b"Test message from Northwind Support" in done.stdout


def test_a_closed_output_is_an_error_to_try_again(monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    with pytest.raises(DeliveryError) as caught:
        Console().deliver(messages()["test"], None, None)
    assert not caught.value.permanent


def test_a_console_admits_that_it_cannot_know():
    with pytest.raises(DeliveryError) as caught:
        Console().find(messages()["test"], NOW)
    assert caught.value.permanent


def test_the_registry_names_each_plug_in_by_its_type():
    assert {name: kind.__dataclass_fields__["type"].default for name, kind in TYPES.items()} == {n: n for n in TYPES}
    assert list(TYPES) == ["slack", "console", "email", "webhook", "apprise"]
