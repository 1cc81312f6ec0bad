"""The newest outlook on each target, replaced as a whole."""

from dataclasses import replace
from datetime import UTC, datetime

from cxmon.model import Course, Segment, Target, TargetOutlook
from cxmon.store import Store

NOW = datetime(2026, 9, 14, tzinfo=UTC)
TARGET = Target(id="t", metric="csat", value=0.88, by=NOW, owner="CX", segment=Segment.of(channel="phone"))


def test_outlooks_come_back_as_they_were_and_what_is_no_target_any_more_is_gone(tmp_path):
    one = TargetOutlook(target=TARGET, as_of=NOW, course=Course.CANNOT_SAY, reason="too little", notes=("a bot",))
    other = replace(one, target=replace(TARGET, id="s"), chance=0.4)
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.targets.put([one, other])
        found = store.targets.all()
        assert [o.target.id for o in found] == ["s", "t"]
        assert (found[1].target, found[1].notes, found[0].chance) == (TARGET, ("a bot",), 0.4)
        store.targets.put([one])
        assert [o.target.id for o in store.targets.all()] == ["t"]
