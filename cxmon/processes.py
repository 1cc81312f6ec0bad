"""What a process owes to the one that started it, and what it keeps of the machine."""

import ctypes
import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """From now on this process ends when the one that started it does, also where that was killed: it would wait for
    work for ever."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


# Options of the C library: how much it may keep, from which size on it asks the system each time, and how much at once.
_TRIM, _MAP, _PAD = -1, -3, -2
_MB = 2**20


def keep_memory() -> None:
    """From now on room that arrays leave is used again and not handed back to the system, which clears each page of it
    anew for the next array: up to a seventh of the time of work that makes large arrays all day. What is kept is hardly
    more than there was at the most. Where the C library is not glibc nothing changes."""
    try:
        option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for name, size in ((_MAP, 32 * _MB), (_TRIM, 1024 * _MB), (_PAD, 64 * _MB)):
        option(name, size)
