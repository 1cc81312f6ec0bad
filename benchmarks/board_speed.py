"""How fast the board answers a browser, against an empty Streamlit app of the same version in the same run.

    python benchmarks/board_speed.py [--rounds 12] [--sessions 20] [--store desk.db]

On a desk of 10,000 series over two years (`big_desk.py`, some minutes to make; `--store` keeps it for the next time),
in Chromium with an empty cache each time. Board and empty app take turns, so that what else the machine does meets
both:

- seconds until the sentence and six values can be read, and until every chart is drawn and the page rests, as ratios
  of the seconds until the empty app shows its title; also where the server has just started;
- processor time of the server for one switch of metric or segment, and of the empty app for its first run;
- memory of the server for each open session beyond the first;
- so many sessions at once, and what went wrong in any.
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, stdev

import psutil
from big_desk import build
from board_served import answers, serving
from conftest import BROWSERS
from pages import table
from playwright.sync_api import sync_playwright

from dashboards import __main__ as board

FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
LONG = 120_000
# The page itself notes when it first looked as it should, at each frame; asking from here would cost what is measured.
NOTES = """
window.noted = {};
const parts = (selector) => [...document.querySelectorAll(selector)];
const values = () => parts('[data-testid=stMetricValue]').filter((one) => one.innerText.trim()).length;
const charts = (selector) => parts(selector).filter((one) => one.querySelector('svg path, canvas')).length;
// The small lines of the cards, by whatever they are drawn.
const lines = () => charts('[data-testid=stMetricChart]')
  + parts('.spark').filter((one) => one.clientHeight > 0).length;
const rests = () => document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]');
const looks = {
  title: () => parts('h1').some((one) => one.innerText.trim() === 'Empty'),
  answer: () => document.querySelector('.st-key-headline h2') && values() >= 6,
  drawn: () => rests() && values() >= 6
    && charts('[data-testid=stVegaLiteChart]') >= 2
    && charts('[data-testid=stVegaLiteChart]') === parts('[data-testid=stVegaLiteChart]').length
    && lines() === parts('[data-testid=stMetric]').length
    && parts('[data-testid=stSkeleton]').length === 0,
};
const look = () => {
  for (const [name, seen] of Object.entries(looks))
    if (!(name in window.noted) && seen()) window.noted[name] = performance.now() / 1000;
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=12)
    options.add_argument("--sessions", type=int, default=20)
    options.add_argument("--series", type=int, default=10_000)
    options.add_argument("--store", type=Path)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = asked.store or Path(folder) / "desk.db"
        if not store.exists():
            print("{} series, {} cells".format(*build(f"sqlite:///{store}", asked.series)), flush=True)
        found = os.environ.get("CXMON_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)))
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        url = f"sqlite:///{store.resolve()}"
        cold(browser, url, folder, max(2, asked.rounds // 4))
        with serving(url) as ours, empty(folder) as theirs:
            opened(browser, ours, theirs, asked.rounds)
            switched(browser, ours, asked.rounds)
        with serving(url) as ours:
            remembered(browser, ours, min(asked.sessions, 8))
            crowd(browser, ours, asked.sessions)
        browser.close()


@contextmanager
def empty(folder):
    """Address of an app that shows a title, served by the same Streamlit with the board's settings."""
    script = Path(folder) / "empty.py"
    script.write_text('import streamlit as st\n\nst.title("Empty")\n', encoding="utf-8")
    with _port() as port, (Path(folder) / "log").open("w") as log:
        command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
        command.append("--server.address=127.0.0.1")
        with subprocess.Popen(command, cwd=board.HOME, stdout=log, stderr=log) as process:
            try:
                if not answers(f"http://127.0.0.1:{port}/_stcore/health", process):
                    raise SystemExit("the empty app ended by itself")
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait(timeout=20)


@contextmanager
def _port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield port


def server(address):
    """The process that listens there."""
    port = int(address.rpartition(":")[2])
    for process in psutil.Process().children(recursive=True):
        if any(c.laddr and c.laddr.port == port and c.status == psutil.CONN_LISTEN for c in process.net_connections()):
            return process
    raise SystemExit(f"nothing of ours listens at {address}")


def spent(process):
    used = process.cpu_times()
    return used.user + used.system


def visit(browser, address, name, path="/"):
    """(seconds until the page looked as `name` says, all that it noted, the page, its context)."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(NOTES)
    page.goto(address + path, wait_until="commit")
    page.wait_for_function(f"window.noted && window.noted.{name}", timeout=LONG, polling=100)
    return page.evaluate("window.noted"), page, context


def ratio(ours, theirs):
    """`1.86 (SE 0.04)` of the mean of ours to the mean of theirs, pair by pair."""
    r = mean(ours) / mean(theirs)
    off = [a - r * b for a, b in zip(ours, theirs, strict=True)]
    return f"{r:.2f} (SE {stdev(off) / math.sqrt(len(off)) / mean(theirs):.2f})"


def spread(values, scale=1.0, form=".2f"):
    return f"{mean(values) * scale:{form}} (SE {stdev(values) * scale / math.sqrt(len(values)):{form}})"


def rows(ours, theirs):
    bare = [one["title"] for one in theirs]
    answer, drawn = [one["answer"] for one in ours], [one["drawn"] for one in ours]
    return [
        ["empty app", spread(bare), "1", ""],
        ["sentence and six values", spread(answer), ratio(answer, bare), "2.0"],
        ["all charts drawn", spread(drawn), ratio(drawn, bare), "3.0"],
    ]


def cold(browser, url, folder, rounds):
    """The first visitor of servers that have just started; the empty app's processor time for it."""
    ours, theirs, cost = [], [], []
    for _ in range(rounds):
        with empty(folder) as address:
            before = spent(server(address))
            noted, _page, context = visit(browser, address, "title")
            time.sleep(0.5)
            cost.append(spent(server(address)) - before)
            theirs.append(noted)
            context.close()
        with serving(url) as address:
            noted, _page, context = visit(browser, address, "drawn")
            ours.append(noted)
            context.close()
    told(f"First visitor after the start, {rounds} rounds", rows(ours, theirs))
    print(f"the empty app's first run: {spread(cost, 1000, '.0f')} ms of the server's processor time")


def opened(browser, ours, theirs, rounds):
    """Fresh browsers on servers that have been visited."""
    seen = {ours: [], theirs: []}
    cost = {ours: [], theirs: []}
    for turn in range(rounds + 1):
        for address, name in ((ours, "drawn"), (theirs, "title")):
            before = spent(server(address))
            noted, _page, context = visit(browser, address, name)
            time.sleep(0.5)
            if turn:
                seen[address].append(noted)
                cost[address].append(spent(server(address)) - before)
            context.close()
    told(f"Further visitors, {rounds} rounds", rows(seen[ours], seen[theirs]))
    for whose, address in (("board", ours), ("empty app", theirs)):
        print(f"a visit of the {whose}: {spread(cost[address], 1000, '.0f')} ms of the server's processor time")


def switched(browser, address, rounds):
    """What the server works for one switch of the trend's metric, and of its segment."""
    process = server(address)
    _noted, page, context = visit(browser, address, "drawn")
    page.wait_for_timeout(1000)
    labels = page.locator(".st-key-trend [data-testid=stButtonGroup]").first.get_by_role("radio").all_inner_texts()
    metric, segment = [], []
    for turn in range(rounds + 1):
        before = spent(process)
        name = labels[(turn + 1) % len(labels)]
        page.locator(".st-key-trend").get_by_role("radio", name=name, exact=True).click()
        page.locator(".st-key-trend").get_by_text(name, exact=True).nth(1).wait_for(timeout=LONG)
        time.sleep(1.0)
        metric.append(spent(process) - before)
        before = spent(process)
        page.locator(".st-key-trend [data-testid=stSelectbox] input").focus()
        for pressed in (*["ArrowDown"] * (1 + turn % 5), "Enter"):
            page.keyboard.press(pressed)
            time.sleep(0.1)
        time.sleep(1.5)
        segment.append(spent(process) - before)
    context.close()
    told(
        "A switch, in ms of the server's processor time",
        [[n, spread(v[1:], 1000, ".0f"), "", ""] for n, v in (("metric", metric), ("segment", segment))],
    )


def remembered(browser, address, sessions):
    """Memory that each open session beyond the first takes."""
    process, held, contexts = server(address), [], []
    for _ in range(sessions):
        _noted, _page, context = visit(browser, address, "drawn")
        contexts.append(context)
        time.sleep(1.0)
        held.append(process.memory_full_info().uss / 1e6)
    for context in contexts:
        context.close()
    print(
        f"\nMemory of the server: {held[0]:.0f} MB with one session, "
        f"{(held[-1] - held[0]) / (sessions - 1):.1f} MB for each of {sessions - 1} more (asked: below 60)"
    )


def crowd(browser, address, sessions):
    """So many browsers open the board at once, and each has to show all of it without an error."""
    wrong, pages, begun = [], [], time.perf_counter()
    for _ in range(sessions):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.add_init_script(NOTES)
        pages.append(page)
    for page in pages:
        page.evaluate(f"window.location.href = '{address}/'")
    for page in pages:
        page.wait_for_function("window.noted && window.noted.drawn", timeout=5 * LONG, polling=500)
        wrong += page.locator("[data-testid=stException], [data-testid=stAlertContentError]").all_inner_texts()
    took = time.perf_counter() - begun
    print(f"{sessions} sessions at once: {len(wrong)} errors, all drawn after {took:.0f} s {wrong[:3] or ''}")
    for page in pages:
        page.context.close()


def told(title, lines):
    print(f"\n{title}\n{table(['', 'measured', 'ratio', 'asked'], lines)}", flush=True)


if __name__ == "__main__":
    main()
