"""Make the docs' pictures from the desk demo: `python docs/pictures/make.py`; needs Chromium and the test tools."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

from cxmon.model import GRAVITY
from cxmon.pipeline.drawing import draw
from cxmon.store import Store

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
SHOTS = (
    ("board", "", 1440, "light"),
    ("board-dark", "", 1440, "dark"),
    ("board-phone", "", 400, "light"),
    ("board-metric", "/metric?metric=first_response&segment=%7B%22channel%22%3A+%22email%22%7D", 1280, "light"),
)


def main() -> None:
    """Build the desk, judge it, then photograph the board and draw the Slack picture."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "cxmon", "demo", "desk", "--folder", folder, "--no-serve"], check=True)
        url = f"sqlite:///{folder}/store.db"
        with Store.open(url, read_only=True) as store:
            slack(store)
        photograph(url)


def slack(store: Store) -> None:
    """The picture that goes with the gravest verdict's message."""
    catalogue, verdicts = store.catalogue.load(), store.verdicts.all_latest()
    rows = [r.message for r in store.outbox.rows() if r.message.picture and r.message.picture.change in verdicts]
    # A message of an earlier day would be drawn with today's figures under that day's date.
    told = [m for m in rows if m.at == max(row.at for row in rows)]
    gravest = min(told, key=lambda m: GRAVITY.index(verdicts[m.picture.change].code))
    png = draw(store, {m.id: m for m in catalogue.metrics}, gravest)
    (HERE / "slack.png").write_bytes(png)


def photograph(store_url: str) -> None:
    """The overview in light, in dark and on a phone, and the page of a metric."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "dashboards", "--port", str(port)]
    with subprocess.Popen(command, env=os.environ | {"CXMON_STORE_URL": store_url}) as process:
        try:
            _wait(f"{address}/_stcore/health")
            with sync_playwright() as playwright:
                chromium = os.environ.get("CXMON_CHROMIUM") or shutil.which("chromium")
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                for name, path, width, scheme in SHOTS:
                    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    page.goto(address + path)
                    page.locator("[data-testid=stVegaLiteChart] svg").first.wait_for(timeout=60_000)
                    # What stands below comes later than the first charts.
                    for _ in range(2):
                        time.sleep(3)
                        height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
                        page.set_viewport_size({"width": width, "height": height + 60})
                    time.sleep(3)
                    page.screenshot(path=str(HERE / f"{name}.png"))
        finally:
            process.terminate()


def _wait(address: str) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the board did not answer within 30 s")


if __name__ == "__main__":
    main()
