"""Make the picture of the digest: `python docs/pictures/digest.py [CONFIG]`; without a judged configuration it builds
the desk demo. Needs Chromium and the test tools."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
WIDTH, HEIGHT = 1000, 1560


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "cxmon.yaml"
        if len(sys.argv) == 1:
            cxmon("demo", "desk", "--folder", folder, "--no-serve")
        page = Path(folder) / "digest.html"
        cxmon("digest", "--config", str(config), "--out", str(page))
        with sync_playwright() as playwright:
            chromium = os.environ.get("CXMON_CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            shown = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            shown.goto(page.as_uri())
            shown.screenshot(path=str(HERE / "digest.png"))
            browser.close()


def cxmon(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "cxmon", *arguments], check=True)


if __name__ == "__main__":
    main()
