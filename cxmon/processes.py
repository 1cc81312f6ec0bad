"""What a process owes to the one that started it."""

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
