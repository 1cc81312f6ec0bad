"""What a process keeps of the machine."""

import platform
import subprocess
import sys

import pytest

WORK = """
import resource
import numpy as np
{first}
def day():
    return sum(array[0] for array in [np.ones(size) for size in (3_000_000, 3_000_000, 3_000_000, 40_000) * 2])
day()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    day()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
KEPT = "from cxmon.processes import keep_memory; keep_memory()"


def faults(first):
    """How many pages the system had to clear for twenty days of large arrays."""
    done = subprocess.run(
        [sys.executable, "-c", WORK.format(first=first)], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep what was freed")
def test_what_arrays_leave_is_used_again_and_not_handed_back():
    plain, kept = faults(""), faults(KEPT)
    assert kept < 0.1 * plain, (kept, plain)
