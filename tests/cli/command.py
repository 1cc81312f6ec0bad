"""The command line as its user runs it: a process of its own, in the folder of a configuration."""

import subprocess
import sys


def cxmon(folder, *arguments, stdin=None):
    """What `cxmon ARGUMENTS -c cxmon.yaml` prints and how it ends."""
    command = [sys.executable, "-m", "cxmon", *arguments, "-c", "cxmon.yaml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, input=stdin)
