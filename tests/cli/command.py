"""The command line as its user runs it, in the folder of a configuration: its own entry point, its output and its end.

It runs in the tests' own process, because a new one takes longer to import the statistics than most commands take.
What only a process of its own shows (a kill, a signal, what is imported) is tested where processes are started.
"""

import io
import os
import subprocess
import sys
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from cxmon.cli import main


def cxmon(folder, *arguments, stdin=None):
    """What `cxmon ARGUMENTS -c cxmon.yaml` prints and how it ends."""
    return ended(*arguments, "-c", "cxmon.yaml", folder=folder, stdin=stdin)


def ended(*arguments, folder=None, stdin=None, env=None):
    """What `cxmon ARGUMENTS` prints in `folder`, with `env` beside the environment, and how it ends."""
    command = ["cxmon", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    given = io.TextIOWrapper(io.BytesIO((stdin or "").encode()), encoding="utf-8")
    code = 0
    with ExitStack() as stack:
        stack.enter_context(chdir(folder or Path.cwd()))
        stack.enter_context(mock.patch.dict(os.environ, {"COLUMNS": "80", **(env or {})}))
        stack.enter_context(mock.patch.multiple(sys, argv=command, stdin=given))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    said, complained = (stream.buffer.getvalue().decode() for stream in (out, err))
    return subprocess.CompletedProcess(command, int(code), said, complained)
