"""How fast a backfill is against a bare loop over the same pages of the same server, and what it holds.

    python benchmarks/feed_speed.py                                    pages of 50, 100 and 1,000 records, five sources
    python benchmarks/feed_speed.py --vendor zendesk --page 100 --rounds 8
    python benchmarks/feed_speed.py --made                             pages that are made when they are asked for
    python benchmarks/feed_speed.py --memory                           what backfills of two lengths hold

The server is a process of its own with pages in the vendor's shape: ready ones, so that a loop has nothing to wait for,
or (`--made`) such as a stub makes of its records when it is asked; ours takes four metrics of them (of
Stripe's three) into an SQLite file. Loop and backfill take turns, each in a process of its own, so that neither has the
other's objects beside it. The ratio is taken within each round.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, stdev

from feed_more_vendors import LOOPS
from feed_vendors import NOW, VENDORS, pages_of
from served import served

# By vendor: the bare loop, and the configuration of a backfill.
LOOPS = {name: found[3:] for name, found in VENDORS.items()} | LOOPS


def timed(work):
    """(seconds, seconds of CPU)."""
    begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def ours(vendor, url, folder):
    """(seconds, seconds of CPU) of a backfill."""
    # Not where the bare loop is alone.
    from cxmon.config import load
    from cxmon.pipeline.collect import collect
    from cxmon.store import Store

    path = Path(folder) / "cxmon.yaml"
    path.write_text(LOOPS[vendor][1].replace("URL", url))
    plan = load(path, environ={"KEY": "chance chance chance", "TOKEN": "x"})
    done = []
    with Store.open(plan.store_url) as store:
        spent = timed(lambda: done.extend(collect(plan, store, now=NOW)))
    assert all(c.ok for c in done), done
    return spent


def alone(what, vendor, url):
    """One run, in this process of its own; prints what it took."""
    if what == "loop":
        found = {"spent": timed(lambda: LOOPS[vendor][0](url))}
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = {"spent": ours(vendor, url, folder)}
        found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def run(what, vendor, url):
    command = [sys.executable, __file__, "--alone", what, vendor, url]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def speed(vendor, records, size, rounds, *, ready):
    server, url = served(pages_of, vendor, records, size, ready)
    found = [(run("loop", vendor, url)["spent"], run("backfill", vendor, url)["spent"]) for _ in range(rounds)]
    server.terminate()
    told = [f"{vendor:9} {size:>6,}"]
    for clock in (0, 1):
        loop, backfill = (mean(f[k][clock] for f in found) / records * 1e6 for k in (0, 1))
        ratios = [f[0][clock] / f[1][clock] for f in found]
        error = stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else float("nan")
        told.append(f"{loop:8.0f} {backfill:9.0f} {mean(ratios):7.2f} ({error:.2f})")
    print(" |".join(told), flush=True)


def memory(vendor, records, size):
    for count in (records, 10 * records):
        server, url = served(pages_of, vendor, count, size, False)
        peak = run("backfill", vendor, url)["peak"]
        print(f"{vendor}, pages of {size:,}: a backfill of {count:,} records held {peak:.0f} MB at most")
        server.terminate()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--vendor", nargs="+", default=list(LOOPS), choices=list(LOOPS))
    options.add_argument("--page", nargs="+", type=int, default=[50, 100, 1000])
    options.add_argument("--records", type=int, default=40_000)
    options.add_argument("--rounds", type=int, default=8)
    options.add_argument("--made", action="store_true")
    options.add_argument("--memory", action="store_true")
    chosen = options.parse_args()
    if chosen.memory:
        for vendor in chosen.vendor:
            for size in chosen.page:
                memory(vendor, chosen.records, size)
        return
    print(
        f"{chosen.records:,} records, {chosen.rounds} rounds; microseconds a record, and the share of the loop's speed"
    )
    print(f"{'':16} | {'elapsed: loop, backfill, ratio (SE)':^34} | {'CPU: loop, backfill, ratio (SE)':^34}")
    for vendor in chosen.vendor:
        for size in chosen.page:
            speed(vendor, chosen.records, size, chosen.rounds, ready=not chosen.made)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        alone(*sys.argv[2:])
    else:
        main()
