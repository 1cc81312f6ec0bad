"""`python -m dashboards`: start Streamlit on the board with the house's settings. The store comes by environment."""

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from cxmon.model import is_loopback, taken
from cxmon.wording.access import UNREACHABLE

HOME = Path(__file__).parent
LOCAL = ("127.0.0.1", "localhost", "::1")


def main() -> None:
    """Replace this process by Streamlit's, in the folder that holds the theme; it reads CXMON_STORE_URL."""
    options = argparse.ArgumentParser(prog="python -m dashboards")
    options.add_argument("--port", type=int, default=8501)
    options.add_argument("--address", default="127.0.0.1")
    chosen = options.parse_args()
    if not os.environ.get("CXMON_STORE_URL"):
        sys.exit("CXMON_STORE_URL is not set; expected the store's URL. `cxmon board` sets it.")
    signs_in = taken(os.environ.get("CXMON_ACCESS", "")).signs_in
    if not is_loopback(chosen.address) and not signs_in:
        sys.exit(UNREACHABLE.format(address=chosen.address))
    root = str(HOME.parent)
    path = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
    os.environ["PYTHONPATH"] = path
    # The address of a connection is the connection's own: nobody may say another one in a header.
    os.environ["FORWARDED_ALLOW_IPS"] = ""
    os.chdir(HOME)
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(HOME / "serve.py")),
        f"--server.port={chosen.port}",
        f"--server.address={chosen.address}",
        *([] if signs_in else _hosts(os.environ.get("CXMON_BOARD_URL", ""))),
    ]
    os.execv(sys.executable, command)  # noqa: S606 - our own module, no shell.


def _hosts(board_url: str) -> list[str]:
    """Without a sign-in only these names may lead here: a page elsewhere cannot point its own name at this machine."""
    named = urlsplit(board_url).hostname
    return [f"--server.allowedHosts={name}" for name in dict.fromkeys((*LOCAL, *([named] if named else [])))]


if __name__ == "__main__":
    main()
