"""`cxmon change plan` by the command line: what it answers, takes, refuses and leaves alone."""

import hashlib
import json
from datetime import date, timedelta

import numpy as np
import pytest
from command import cxmon

FIRST, DAYS = date(2026, 1, 1), 150
CONFIG = """\
version: 1
as_of: 2026-05-31
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat:
    label: CSAT
    source: answers
    kind: proportion
    better: higher
    matters: 2pt
    dimensions: [channel]
    matures_after: 2d
    read: {time: day, n: asked, total: satisfied}
  solved:
    label: Solved first time
    source: answers
    kind: proportion
    better: higher
    matters: 5pt
    dimensions: [channel]
    read: {time: day, n: asked, total: solved}
changes:
  - id: phone-cut
    title: Phone desk cut
    category: cost_cut
    starts: 2026-06-01
    owner: Operations
    scope: {channel: phone}
    limits: {csat: 5pt}
    guards: [solved]
    status: draft
    horizon: 60d
"""

MAIL = """\
id: mail
title: Mail desk
category: policy
starts: 2026-06-10
owner: Care
scope: {channel: email}
limits: {csat: 6pt}
"""


def words(done):
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    return " ".join(done.stdout.split())


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Four channels in which nothing happens."""
    folder = tmp_path_factory.mktemp("desk")
    rng = np.random.default_rng(3)
    rows = ["day,channel,asked,satisfied,solved"]
    for t in range(DAYS):
        for channel in ("phone", "chat", "email", "forum"):
            n = rng.poisson(140)
            rows.append(f"{FIRST + timedelta(days=t)},{channel},{n},{rng.binomial(n, 0.82)},{rng.binomial(n, 0.6)}")
    (folder / "answers.csv").write_text("\n".join(rows) + "\n")
    (folder / "cxmon.yaml").write_text(CONFIG)
    assert cxmon(folder, "collect").returncode == 0
    return folder


def test_a_draft_is_answered_in_sentences_and_a_table_and_nothing_is_written(desk):
    before = hashlib.sha256((desk / "cxmon.db").read_bytes()).hexdigest()
    said = words(cxmon(desk, "change", "plan", "phone-cut"))
    assert said.startswith("Phone desk cut: from 1 Jun, watched for 60 days, read every day.")
    assert "CSAT, phone: 14" in said
    assert "answers a day, lately 8" in said
    assert "compared with 3 untouched segments." in said
    assert "A fall of 5 points would be seen after about" in said
    assert "If nothing gets worse, it is ruled out after about" in said
    assert "If nothing gets worse, all limits are known to hold after about" in said
    assert "include the wait until a period's figures are complete (CSAT 2 days). From the figures up to" in said
    assert hashlib.sha256((desk / "cxmon.db").read_bytes()).hexdigest() == before


def test_json_has_every_number_and_agrees_with_the_words(desk):
    asked = ("change", "plan", "phone-cut", "--limit", "csat=4pt")
    document = json.loads(cxmon(desk, *asked, "--json").stdout)
    csat = next(o for o in document["outlooks"] if o["metric"] == "csat")
    assert (csat["limit"], csat["unit"], csat["scope"], csat["reason"]) == (0.04, "pt", "phone", "")
    assert csat["controls"] == ["chat", "email", "forum"]
    assert csat["n_pre"] == 148
    assert csat["seen"]["chance"] > 0.5 > csat["limit"] > csat["seen"]["smallest"]
    assert f"A fall of 4 points would be seen after about {csat['seen']['days']} days" in words(cxmon(desk, *asked))


def test_a_thought_that_is_written_down_nowhere_is_answered_too(desk):
    said = words(
        cxmon(desk, "change", "plan", "--scope", "channel=phone,chat", "--limit", "csat=1pt", "--horizon", "30d")
    )
    assert said.startswith("This change: from 31 May, watched for 30 days")
    assert "CSAT, chat/phone" in said
    assert "A fall of 1 point would probably not be seen within the 30 days watched (chance" in said
    assert "If nothing gets worse, it can probably not be ruled out within 30 days (chance" in said
    assert "watch of a year would" in said


def test_a_file_is_taken_as_change_add_takes_it(desk):
    said = words(cxmon(desk, "change", "plan", "--file", "-", stdin=MAIL))
    assert said.startswith("Mail desk: from 10 Jun, watched for 90 days")
    assert "CSAT, email" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "change 'nothing' is not in the registry; expected one of: phone-cut"),
        (["--limit", "csta=2pt"], "found the unknown metric 'csta', expected one of csat, solved (did you mean csat?)"),
        (["--limit", "csat"], "found 'csat', expected e.g. csat=2pt"),
        (["--limit", "csat=much"], "found 'much'"),
        (["--scope", "phone"], "found 'phone', expected e.g. channel=phone"),
        (["--horizon", "soon"], "found 'soon'"),
        (["phone-cut", "--file", "x.yaml"], "expected an id or --file, not both"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_error(desk, arguments, said):
    refused = cxmon(desk, "change", "plan", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert said in " ".join(refused.stderr.replace("│", " ").split())
    assert "Traceback" not in refused.stderr
    assert "the options" not in refused.stderr


def test_a_scope_that_is_not_there_says_which_are(desk):
    said = words(cxmon(desk, "change", "plan", "--scope", "channel=fax", "--limit", "csat=2pt"))
    assert "CSAT, fax: nothing can be said, no figures of CSAT for fax: no row has channel 'fax'" in said
    assert "Half of" not in said
