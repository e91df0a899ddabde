#!/usr/bin/env python3
"""Print how many messages a second leave a Postfix queue.

    queue-rate.py QUEUE_DIRECTORY SECONDS

Waits until the first message has left, then until none is left.  Fails if that
takes longer than SECONDS, or if a message comes to lie in the deferred queue.
"""

import os
import sys
import time


def files(folder):
    """Count the files below a folder; queues may be hashed into subfolders."""
    count = 0
    for entry in os.scandir(folder):
        count += files(entry.path) if entry.is_dir() else 1
    return count


def main():
    queue, seconds = sys.argv[1], float(sys.argv[2])

    def left():
        return sum(files(os.path.join(queue, name)) for name in ("incoming", "active"))

    deadline = time.monotonic() + seconds
    total = left()
    while (begun := left()) == total:
        if time.monotonic() > deadline:
            sys.exit("queue-rate: nothing was delivered")
        time.sleep(0.005)
    start = time.monotonic()
    while left():
        if time.monotonic() > deadline:
            sys.exit("queue-rate: not done in time")
        time.sleep(0.02)
    elapsed = time.monotonic() - start
    if deferred := files(os.path.join(queue, "deferred")):
        sys.exit(f"queue-rate: {deferred} messages were deferred")
    print(f"{begun / elapsed:.2f}")


if __name__ == "__main__":
    main()
