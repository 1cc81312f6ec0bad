"""`python -m dashboards`: start Streamlit on the board with the house's settings. The store comes by environment."""

import argparse
import os
import sys
from pathlib import Path

HOME = Path(__file__).parent


def main() -> None:
    """Replace this process by Streamlit's, in the folder that holds the theme; it reads CXMON_STORE_URL."""
    options = argparse.ArgumentParser(prog="python -m dashboards")
    options.add_argument("--port", type=int, default=8501)
    options.add_argument("--address", default="127.0.0.1")
    chosen = options.parse_args()
    if not os.environ.get("CXMON_STORE_URL"):
        sys.exit("CXMON_STORE_URL is not set; expected the store's URL. `cxmon board` sets it.")
    root = str(HOME.parent)
    path = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
    os.environ["PYTHONPATH"] = path
    os.chdir(HOME)
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(HOME / "app.py")),
        f"--server.port={chosen.port}",
        f"--server.address={chosen.address}",
    ]
    os.execv(sys.executable, command)  # noqa: S606 - our own module, no shell.


if __name__ == "__main__":
    main()
