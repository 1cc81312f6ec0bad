"""Every vendor by its published reference: all requests of a scenario are legal, and any legal answer is taken."""

import re
from datetime import timedelta
from importlib.resources import files

import pytest
import yaml
from spec_answers import NOW, TEMPERS, TURNED_AWAY, VENDORS, secret
from vendor_rules import RULES, judged
from vendor_stub import Vendor

from cxmon.aggregate import Page
from cxmon.config import load
from cxmon.contracts import Request
from cxmon.model import EVERYONE, Kind, Window
from cxmon.pipeline.collect import collect
from cxmon.pipeline.probe import probe
from cxmon.pipeline.register import register
from cxmon.store import Store


def planned(name, vendor, folder):
    """The configuration that is shipped for the vendor, on this machine."""
    shipped, prefix, _ = VENDORS[name]
    text = files("cxmon.config").joinpath(shipped).read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    (source,) = config["sources"].values()
    source |= {"base_url": vendor.url + prefix, "allow_private": True}
    for account in ("subdomain", "domain"):
        source.pop(account, None)
    config["store"] = f"sqlite:///{folder}/store.db"
    (folder / "cxmon.yaml").write_text(yaml.safe_dump(config))
    return load(folder / "cxmon.yaml", environ={n: secret(n) for n in re.findall(r"\$\{(\w+)", text)})


def counted(plan, store):
    """How many records each metric counts; open ones and units too."""
    found = {}
    for name, metric in plan.metrics.items():
        panel = store.panel(metric, [EVERYONE])
        found[name] = round(float((panel.total if metric.kind is Kind.LEVEL else panel.n).sum()))
    return found


def read(plan, now=NOW):
    """The same without a store: what each metric makes of the pages of its stream."""
    pages = {}
    for metric in {m.read.stream: m for m in plan.metrics.values()}.values():
        request = Request(metric=metric, window=Window(now - timedelta(days=30), now), now=now, hash_key=plan.hash_key)
        came = list(plan.sources[metric.source].fetch(request))
        assert [page.complete for page in came][-1:] == [True]
        records = [p.upserts if p.pieces is None else p.pieces.records(p.pieces.onto({})) for p in came]
        pages[metric.read.stream] = [Page(records=one, now=now) for one in records]
    return {
        name: len({page.records.ids[i] for page in pages[m.read.stream] for i in page.counted(m).row.tolist()})
        for name, m in plan.metrics.items()
    }


@pytest.mark.parametrize("name", VENDORS)
def test_all_that_a_source_asks_is_legal(name, tmp_path):
    imitation = VENDORS[name][2]("least", 0)
    with Vendor(**imitation.routes) as vendor:
        plan = planned(name, vendor, tmp_path)
        (source,) = plan.sources
        looks = probe(plan, source, now=NOW)
        assert [look.error for look in looks] == [""] * len(looks)
        with Store.open(plan.store_url) as store:
            register(plan, store, now=NOW)
            for now in (NOW, NOW + timedelta(hours=3)):
                assert [c.error for c in collect(plan, store, now=now)] == [""] * len(plan.metrics)
                found = counted(plan, store)
                assert {m: n for m, n in found.items() if m in imitation.counts} == imitation.counts
        illegal, paths = judged(name, vendor.seen)
        assert illegal == []
        assert {rule.path for rule in RULES[name]} <= paths


@pytest.mark.parametrize("name", VENDORS)
def test_any_legal_answer_is_taken(name, tmp_path):
    """With all that may be missing missing, with words nobody knows yet, ended and turned away in every way."""
    away = list(TURNED_AWAY.values())
    for end in range(5):
        temper = TEMPERS[1 + end % 2]
        imitation = VENDORS[name][2](temper, end)
        with Vendor(**imitation.routes) as vendor:
            plan = planned(name, vendor, tmp_path)
            vendor.faults = [away[2 * end % len(away)], None, away[(2 * end + 1) % len(away)]]
            found = read(plan)
            told = {m: found[m] for m in imitation.counts}
            assert (temper, end, told) == (temper, end, dict(imitation.counts))
            assert judged(name, vendor.seen)[0] == []
