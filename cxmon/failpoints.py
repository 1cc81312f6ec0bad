"""Named places where a test may kill the process; a no-op unless the environment arms one."""

import os
import signal

_ARMED, _, _NTH = os.environ.get("CXMON_FAILPOINT", "").partition(":")
_left = int(_NTH or "1")


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL at the nth passage of the armed name (`CXMON_FAILPOINT=name[:nth]`)."""
    global _left  # noqa: PLW0603 - the count of passages is the process's own.
    if name != _ARMED:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
