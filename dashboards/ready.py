"""What the first visitor would wait for, done while the server starts."""

import importlib
import threading

from dashboards import reading

# What the overview needs, with what these bring; pandas is Streamlit's own for the lines on the cards.
NEEDED = ("pandas", "dashboards.allowing", "dashboards.early", "dashboards.session", "dashboards.trending")


def get() -> None:
    """Imports before anybody is let in, and reads the store beside that: it may be far away."""
    for name in NEEDED:
        importlib.import_module(name)
    threading.Thread(target=reading.world, daemon=True).start()
