"""A collection that is killed at any named place loses nothing and counts nothing twice."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from collect_desk import NOW, events, everything, metric, plan, write

import cxmon.pipeline.collect
from cxmon.model import Kind, Read
from cxmon.pipeline.collect import collect
from cxmon.store import Store

FAILPOINTS = re.findall(r'failpoint\("([a-z-]+)"\)', Path(cxmon.pipeline.collect.__file__).read_text(encoding="utf-8"))
WAIT = metric("wait", Kind.QUANTILE, source="desk", read=Read(table="ratings", time="at", value="value"))

VICTIM = """
import sys
from pathlib import Path
from collect_desk import NOW, plan
from test_collect_kill import WAIT
from cxmon.pipeline.collect import collect
from cxmon.store import Store

with Store.open(sys.argv[2]) as store:
    collect(plan(Path(sys.argv[1]), [WAIT]), store, now=NOW)
"""


def run(folder: Path, url: str, armed: str) -> int:
    here = Path(__file__).parent
    env = os.environ | {"PYTHONPATH": f"{here}{os.pathsep}{here.parents[1]}", "CXMON_FAILPOINT": armed}
    return subprocess.run([sys.executable, "-c", VICTIM, str(folder), url], env=env, check=False).returncode


@pytest.mark.parametrize("place", [*FAILPOINTS, "collect-before-commit", "collect-after-commit"])
def test_a_killed_collection_is_finished_by_the_next_one(tmp_path, store_url, place):
    write(tmp_path, events(days=100))
    nth = 1 if place == "collect-before-run" else 2
    assert run(tmp_path, store_url, f"{place}:{nth}") == -signal.SIGKILL
    with Store.open(store_url) as store:
        stored = everything(store, WAIT)
        watermark = store.observations.watermark(WAIT)
        assert watermark is None or watermark.timestamp() == max(start for _, start in stored)
        assert store.runs.latest() == {}, "a run that did not end is no run"
        (done,) = collect(plan(tmp_path, [WAIT]), store, now=NOW)
        assert done.ok
        after = everything(store, WAIT)
        assert stored.items() <= after.items()
        assert sum(n for n, _ in after.values()) == 600
