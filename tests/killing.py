"""A fork of this process that is killed where a test says so: SIGKILL, as a machine that is switched off does it."""

import importlib
import os
import signal
from collections.abc import Callable

import cxmon.failpoints


def dies(work: Callable[[], object], at: str) -> bool:
    """True where a fork of this process that does `work` is killed at the failpoint `at` (`name` or `name:nth`), False
    where it comes to its end. AssertionError where it fails."""
    pid = os.fork()
    if not pid:
        # The environment is read when the module is loaded, so the fork loads it again.
        os.environ["CXMON_FAILPOINT"] = at
        importlib.reload(cxmon.failpoints)
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a fork of the test run must never return into it.
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
