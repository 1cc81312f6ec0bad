"""What the demo's screen has no room for can be asked for, and what it says of its past lies in the past."""

import typer

from cxmon.cli.app import build
from cxmon.demo import past
from cxmon.demo.more import more
from cxmon.demo.truth import CHANGES


def test_every_command_that_tells_more_is_one_and_names_what_the_desk_has():
    known = {event.id for event in CHANGES}
    for command, told in more("desk"):
        family, words = typer.main.get_command(build()), command.split()
        while hasattr(family, "commands"):
            family = family.commands[words.pop(0)]
        asked = family.make_context(family.name, [*words, "--config", "cxmon.yaml"]).params
        assert told
        assert asked.get("change_id", asked.get("change")) in {*known, None}
    assert more("furlough") == ()


def test_one_answer_was_carried_out_and_another_is_overdue_on_the_day_of_the_first_build():
    starts = {event.id: event.start for event in CHANGES}
    due = {one.subject: starts[one.subject] + one.due_after for one in past.ANSWERS}
    assert all(starts[one.subject] + one.after < due[one.subject] for one in past.ANSWERS)
    fixes = {"weekend-phone-desk": "short-calls"}
    assert [subject for subject in due if subject not in fixes] == ["refunds-auto-approved"]
    assert due["weekend-phone-desk"] == starts["short-calls"]
    assert due["refunds-auto-approved"] <= -1
